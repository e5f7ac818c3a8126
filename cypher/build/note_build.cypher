// Purpose: record the data of the last build that new events need: the half-life of popularity, and the time of the
// latest event, which never decreases.
// Access: write
// Parameters: popularity_half_life FLOAT, latest DATETIME
// Returns: nothing
// Index: feed_name (constraint)
MERGE (f:Feed {name: 'changes'})
SET f.popularity_half_life = $popularity_half_life,
    f.latest = CASE WHEN f.latest IS NULL OR f.latest < $latest THEN $latest ELSE f.latest END
