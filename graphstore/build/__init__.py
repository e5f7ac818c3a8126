"""Build: relationships derived from all behaviour, which can be dropped and rebuilt."""
