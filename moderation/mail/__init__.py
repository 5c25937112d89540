"""Mail: whom it may go to, what it says, and how it is sent. Commenters are written to only once they are published."""
