// Purpose: the vector index of interests, as wide as the encoder's vectors.
// options: as Neo4j has them, {indexConfig: {`vector.dimensions`: ..., `vector.similarity_function`: 'cosine'}}.
// Access: schema
// Parameters: options MAP
// Returns: nothing
// Index: none
CREATE VECTOR INDEX interest_embedding IF NOT EXISTS FOR (n:Interest) ON (n.embedding) OPTIONS $options
