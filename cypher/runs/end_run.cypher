// Purpose: record the end of a run; error: null for success. A stage that replaces the data of many nodes begins a new
// generation of the feed: what was read before it has to be read again.
// Access: write
// Parameters: run_id STRING, counts STRING, watermark DATETIME, error STRING
// Returns: nothing
// Index: run_id (constraint), feed_name (constraint)
MATCH (r:Run {run_id: $run_id})
SET r.ended_at = datetime(), r.counts = $counts, r.watermark = $watermark, r.error = $error
WITH r WHERE r.stage IN ['extract', 'merges', 'build', 'update']
MERGE (f:Feed {name: 'changes'})
SET f.generation = coalesce(f.generation, 0) + 1
