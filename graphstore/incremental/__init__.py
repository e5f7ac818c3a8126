"""Incremental build: the same derived relationships, for one item or one user at a time."""
