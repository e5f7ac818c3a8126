// Purpose: the vector index of item embeddings, which are 128 numbers wide now; narrower ones are trained anew.
// Access: schema
// Parameters: none
// Returns: nothing
// Index: none
DROP INDEX item_embedding IF EXISTS;
CREATE VECTOR INDEX item_embedding IF NOT EXISTS FOR (n:Item) ON (n.embedding)
OPTIONS {indexConfig: {`vector.dimensions`: 128, `vector.similarity_function`: 'cosine'}};
