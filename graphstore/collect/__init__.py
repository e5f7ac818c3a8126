"""Collect: users, items, events and ties from files or HTTP into the graph, each event once."""
