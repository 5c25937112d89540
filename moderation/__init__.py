"""The service: takes in comments, judges them, publishes or holds them, and lets people decide."""
