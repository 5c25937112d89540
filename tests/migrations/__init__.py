"""The migrations: each one up and down, with data, on both databases."""
