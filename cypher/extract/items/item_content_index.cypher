// Purpose: create the vector index of content vectors, with the dimension of the encoder.
// options: of Neo4j, {indexConfig: {`vector.dimensions`: ..., `vector.similarity_function`: 'cosine'}}.
// Access: schema
// Parameters: options MAP
// Returns: nothing
// Index: none
CREATE VECTOR INDEX item_content IF NOT EXISTS FOR (n:Item) ON (n.content_embedding) OPTIONS $options
