"""The judge: turns a comment into a calibrated spam probability. Knows no web framework and no database."""
