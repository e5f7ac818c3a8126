// Purpose: the latest behaviour of seed users, newest first, as columns: one row a block of users, with a position in
// the block for each event. An event without a time is older than any other. NaN stands for an unknown time or value,
// because collect() leaves nulls out.
// Access: read
// Parameters: blocks LIST<LIST<STRING>>, fan_out INTEGER
// Returns: positions LIST<INTEGER>, items LIST<STRING>, types LIST<STRING>, seconds LIST<FLOAT>, values LIST<FLOAT>
// Index: user_id (constraint)
UNWIND range(0, size($blocks) - 1) AS number
CALL (number) {
  UNWIND range(0, size($blocks[number]) - 1) AS position
  MATCH (u:User {user_id: $blocks[number][position]})
  CALL (u) {
    MATCH (u)-[b]->(i:Item)
    RETURN b, i
    ORDER BY b.at IS NULL, b.at DESC, b.event_id
    LIMIT $fan_out
  }
  RETURN collect(position) AS positions, collect(i.item_id) AS items, collect(type(b)) AS types,
         collect(coalesce(toFloat(b.at.epochSeconds), 0.0 / 0.0)) AS seconds,
         collect(coalesce(toFloat(b.value), 0.0 / 0.0)) AS values
}
RETURN positions, items, types, seconds, values
ORDER BY number
