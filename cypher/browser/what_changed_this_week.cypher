// What changed this week
// Purpose: the seven days up to the latest event: items with more and fewer events than in the week before, interests
// that users gained and lost by what they did, users and items that are new; and of corrections by users, which have the
// times of the real world, the seven days up to the latest one.
// Access: read
// Parameters: none
// Returns: change STRING, subject NODE, name STRING, this_week INTEGER, week_before INTEGER, until DATETIME
// Index: none
// Scan: all events are read for the latest one and the counts of two weeks; their times have no index.
CALL () {
  CALL () {
    MATCH (:User)-[b]->(:Item)
    RETURN max(b.at) AS until
  }
  WITH until, until - duration({days: 7}) AS since, until - duration({days: 14}) AS before
  CALL (until, since, before) {
    CALL (since, before) {
      MATCH (:User)-[b]->(i:Item)
      WHERE b.at > before
      WITH i, sum(CASE WHEN b.at > since THEN 1 ELSE 0 END) AS now, sum(CASE WHEN b.at > since THEN 0 ELSE 1 END) AS past
      RETURN i, now, past
    }
    WITH i, now, past
    ORDER BY now - past DESC, i.item_id
    WITH collect({subject: i, now: now, past: past}) AS counted
    UNWIND [row IN counted[..10] WHERE row.now > row.past | row {.*, change: 'item rises'}]
         + [row IN reverse(counted)[..10] WHERE row.now < row.past | row {.*, change: 'item falls'}] AS row
    RETURN row.change AS change, row.subject AS subject, coalesce(row.subject.title, row.subject.item_id) AS name,
           row.now AS this_week, row.past AS week_before
  UNION ALL
    MATCH (:User)-[r:INTERESTED_IN]->(n:Interest)
    WHERE before < r.valid_from <= until AND coalesce(r.extracted_by, '') <> 'user'
    WITH n, sum(CASE WHEN r.valid_from > since THEN 1 ELSE 0 END) AS now,
         sum(CASE WHEN r.valid_from > since THEN 0 ELSE 1 END) AS past
    WHERE now > 0
    RETURN 'interest taken up' AS change, n AS subject, coalesce(n.label, n.name) AS name, now AS this_week,
           past AS week_before
    ORDER BY this_week DESC, n.name
    LIMIT 10
  UNION ALL
    MATCH (:User)-[r:INTERESTED_IN]->(n:Interest)
    WHERE before < r.valid_to <= until AND coalesce(r.extracted_by, '') <> 'user'
    WITH n, sum(CASE WHEN r.valid_to > since THEN 1 ELSE 0 END) AS now,
         sum(CASE WHEN r.valid_to > since THEN 0 ELSE 1 END) AS past
    WHERE now > 0
    RETURN 'interest let go' AS change, n AS subject, coalesce(n.label, n.name) AS name, now AS this_week,
           past AS week_before
    ORDER BY this_week DESC, n.name
    LIMIT 10
  UNION ALL
    MATCH (u:User)-[b]->(:Item)
    WITH u, min(b.at) AS first
    WHERE first > before
    RETURN 'users seen first' AS change, null AS subject, 'all users' AS name,
           sum(CASE WHEN first > since THEN 1 ELSE 0 END) AS this_week,
           sum(CASE WHEN first > since THEN 0 ELSE 1 END) AS week_before
  UNION ALL
    MATCH (:User)-[b]->(i:Item)
    WITH i, min(b.at) AS first
    WHERE first > before
    RETURN 'items seen first' AS change, null AS subject, 'all items' AS name,
           sum(CASE WHEN first > since THEN 1 ELSE 0 END) AS this_week,
           sum(CASE WHEN first > since THEN 0 ELSE 1 END) AS week_before
  }
  RETURN change, subject, name, this_week, week_before, until
UNION ALL
  CALL () {
    MATCH (:User)-[c:CORRECTED]->(:Interest)
    RETURN max(c.at) AS until
  }
  MATCH (:User)-[c:CORRECTED]->(n:Interest)
  WHERE c.at > until - duration({days: 14})
  WITH n, until, sum(CASE WHEN c.at > until - duration({days: 7}) THEN 1 ELSE 0 END) AS this_week, count(*) AS all
  WHERE this_week > 0
  RETURN 'interest corrected by users' AS change, n AS subject, coalesce(n.label, n.name) AS name, this_week,
         all - this_week AS week_before, until
}
RETURN change, subject, name, this_week, week_before, until
ORDER BY change, abs(this_week - week_before) DESC, name
