// Purpose: create the vector index of interests, with the dimension of the encoder.
// options: of Neo4j, {indexConfig: {`vector.dimensions`: ..., `vector.similarity_function`: 'cosine'}}.
// Access: schema
// Parameters: options MAP
// Returns: nothing
// Index: none
CREATE VECTOR INDEX interest_embedding IF NOT EXISTS FOR (n:Interest) ON (n.embedding) OPTIONS $options
