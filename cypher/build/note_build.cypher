// Purpose: record the data of the last build that new events need: the half-lives of popularity, the time of the latest
// event, which never decreases, and the graph's clock in days since 1970 (null where no event has a time): `clock` is
// its time, `pause` days after `paused_after` are left out, and an event moves it by at most `pace` days. Also the
// highest rating (null where there is none), from which it is told what is a good one.
// Access: write
// Parameters: popularity_half_life FLOAT, popularity_windows LIST<FLOAT>, latest DATETIME, highest_rating FLOAT, clock FLOAT, paused_after FLOAT, pause FLOAT, pace FLOAT
// Returns: nothing
// Index: feed_name (constraint)
MERGE (f:Feed {name: 'changes'})
SET f.popularity_half_life = $popularity_half_life, f.popularity_windows = $popularity_windows, f.clock = $clock, f.paused_after = $paused_after, f.pause = $pause,
    f.pace = $pace, f.highest_rating = $highest_rating,
    f.latest = CASE WHEN f.latest IS NULL OR f.latest < $latest THEN $latest ELSE f.latest END
