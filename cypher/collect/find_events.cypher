// Purpose: the events, of some, that are stored with one type of behaviour, and those of them with other content.
// BEHAVIOUR stands for the relationship type.
// Access: read
// Parameters: rows LIST<MAP>
// Returns: known LIST<STRING>, different LIST<STRING>
// Index: event_id (constraint of the type)
UNWIND $rows AS row
MATCH (u:User)-[r:BEHAVIOUR {event_id: row.event_id}]->(i:Item)
USING INDEX SEEK r:BEHAVIOUR(event_id)
WITH row.event_id AS event_id,
     u.user_id = row.user_id AND i.item_id = row.item_id
     AND coalesce(r.at.epochMillis, 'none') = coalesce(row.at, 'none')
     AND coalesce(r.value, 'none') = coalesce(row.value, 'none')
     AND coalesce(r.session_id, '') = coalesce(row.session_id, '')
     AND coalesce(r.text, '') = coalesce(row.text, '') AS same
RETURN collect(event_id) AS known, collect(CASE WHEN NOT same THEN event_id END) AS different
