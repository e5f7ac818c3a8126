"""Adapting the text encoder to behaviour, and the check that accepts or rejects the adapted encoder."""
