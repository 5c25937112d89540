"""A labelled history, sent again to a running service, to see what it makes of it."""
