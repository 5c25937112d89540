"""Histories of other systems: one reader for each format, all speaking ``vocabulary``, and one writer."""
