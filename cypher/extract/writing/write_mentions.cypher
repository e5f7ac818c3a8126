// Purpose: replace what the texts of users mention, and note the state of the texts that were read. What is the same
// stays as it is. `texts_against` holds the events whose text speaks against the item as a whole. The users are locked by an earlier statement of the transaction.
// rows: maps of user_id, state, against (event ids) and mentions: maps of event_id, type, at, name (of the interest), weight, extracted_by.
// Access: write
// Parameters: rows LIST<MAP>
// Returns: nothing
// Index: user_id (constraint), interest_name (constraint)
UNWIND $rows AS row
MATCH (u:User {user_id: row.user_id})
SET u.texts_read = row.state, u.texts_against = CASE WHEN size(row.against) > 0 THEN row.against END
WITH u, [m IN row.mentions | m {.*, key: m.event_id + ' ' + m.name}] AS mentions
CALL (u, mentions) {
  MATCH (u)-[old:MENTIONED]->(n:Interest)
  WITH mentions, old, old.event_id + ' ' + n.name AS key
  WHERE NOT any(m IN mentions WHERE m.key = key AND m.weight = old.weight)
  DELETE old
}
WITH u, mentions, COLLECT { MATCH (u)-[m:MENTIONED]->(n:Interest) RETURN m.event_id + ' ' + n.name } AS kept
UNWIND mentions AS m
WITH u, m WHERE NOT m.key IN kept
MATCH (n:Interest {name: m.name})
CREATE (u)-[:MENTIONED {
  event_id: m.event_id, type: m.type, at: CASE WHEN m.at IS NOT NULL THEN datetime({epochMillis: m.at.epochMillis}) END,
  weight: m.weight, extracted_by: m.extracted_by}]->(n)
