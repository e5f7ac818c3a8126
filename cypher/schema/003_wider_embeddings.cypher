// Purpose: the vector index of item embeddings with 128 dimensions; replaces one with 64 of an earlier version.
// Access: schema
// Parameters: none
// Returns: nothing
// Index: none
DROP INDEX item_embedding IF EXISTS;
CREATE VECTOR INDEX item_embedding IF NOT EXISTS FOR (n:Item) ON (n.embedding)
OPTIONS {indexConfig: {`vector.dimensions`: 128, `vector.similarity_function`: 'cosine'}};
