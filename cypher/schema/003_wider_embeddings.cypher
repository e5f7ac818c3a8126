// Purpose: the vector index of item embeddings, which are 128 numbers wide; one of 64, from an earlier version, goes.
// Access: schema
// Parameters: none
// Returns: nothing
// Index: none
DROP INDEX item_embedding IF EXISTS;
CREATE VECTOR INDEX item_embedding IF NOT EXISTS FOR (n:Item) ON (n.embedding)
OPTIONS {indexConfig: {`vector.dimensions`: 128, `vector.similarity_function`: 'cosine'}};
