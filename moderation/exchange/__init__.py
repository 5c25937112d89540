"""What goes out of the service and comes into it in bulk: exports, imports, replays, forgetting a person, retention."""
