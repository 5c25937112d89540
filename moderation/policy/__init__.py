"""What a site wants: statuses and their legal moves, rules and lists, and the first status they give a comment."""
