"""What is measured, and how: scripts that anyone can run."""
