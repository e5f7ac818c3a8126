// Purpose: begin a new epoch and generation of the feed, so that every program that holds parts of the graph in memory
// drops them. Numbers of changes go on from where they were. What the last build and the workers noted is forgotten.
// Access: write
// Parameters: none
// Returns: nothing
// Index: feed_name (constraint)
// Scan: there are two Feed nodes
MERGE (f:Feed {name: 'changes'})
SET f = {name: 'changes', seq: f.seq, epoch: coalesce(f.epoch, 0) + 1, generation: coalesce(f.generation, 0) + 1}
WITH f
MATCH (o:Feed)
WHERE o <> f
DETACH DELETE o
