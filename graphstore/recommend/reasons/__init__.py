"""Reasons: what explains a recommended item, and how many people chose it."""
