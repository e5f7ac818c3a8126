"""The connection to Neo4j: statements by name, the driver, the schema, and the record of runs."""
