"""Candidate generation and ranking on numpy arrays; nothing here reads the database."""
