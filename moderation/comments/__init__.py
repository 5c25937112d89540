"""Taking in a comment: what it must be, who sends it, what it is judged to be, and how it is read again."""
