"""The managed Neo4j: fetched, configured, started and stopped by this program."""
