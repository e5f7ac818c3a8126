// Purpose: the vector index of items' contents, as wide as the encoder's vectors.
// options: as Neo4j has them, {indexConfig: {`vector.dimensions`: ..., `vector.similarity_function`: 'cosine'}}.
// Access: schema
// Parameters: options MAP
// Returns: nothing
// Index: none
CREATE VECTOR INDEX item_content IF NOT EXISTS FOR (n:Item) ON (n.content_embedding) OPTIONS $options
