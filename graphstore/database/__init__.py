"""Access to Neo4j: the client, statements by name, the schema, and the record of runs."""
