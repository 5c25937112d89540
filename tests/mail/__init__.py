"""Mail, from a published comment to a real mail server's inbox."""
