"""What people do with comments: the queue, decisions and undo, and the history of both."""
