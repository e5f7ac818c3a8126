"""Collect: users, items, events and ties from files or HTTP, stored in the graph."""
