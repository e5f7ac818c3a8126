// Purpose: range, full-text and vector indexes that the stages and recommendations use.
// Access: schema
// Parameters: none
// Returns: nothing
// Index: none
CREATE INDEX user_touched_at IF NOT EXISTS FOR (n:User) ON (n.touched_at);
CREATE INDEX item_touched_at IF NOT EXISTS FOR (n:Item) ON (n.touched_at);
CREATE INDEX item_popularity IF NOT EXISTS FOR (n:Item) ON (n.popularity);
CREATE INDEX item_kind IF NOT EXISTS FOR (n:Item) ON (n.kind);
CREATE INDEX item_described IF NOT EXISTS FOR (n:Item) ON (n.described);
CREATE INDEX run_stage IF NOT EXISTS FOR (n:Run) ON (n.stage);
CREATE FULLTEXT INDEX item_text IF NOT EXISTS FOR (n:Item) ON EACH [n.title, n.description];
CREATE VECTOR INDEX item_content IF NOT EXISTS FOR (n:Item) ON (n.content_embedding)
OPTIONS {indexConfig: {`vector.dimensions`: 384, `vector.similarity_function`: 'cosine'}};
CREATE VECTOR INDEX interest_embedding IF NOT EXISTS FOR (n:Interest) ON (n.embedding)
OPTIONS {indexConfig: {`vector.dimensions`: 384, `vector.similarity_function`: 'cosine'}};
