// Purpose: store events of one type of behaviour, unless an event of this type has the event_id. Missing users and
// items are created. BEHAVIOUR stands for the relationship type. Every event_id is in rows once. If another writer
// stores the same event at the same time, the constraint makes this fail.
// Access: write
// Parameters: rows LIST<MAP>
// Returns: event_ids LIST<STRING>
// Index: user_id (constraint), item_id (constraint), event_id (constraint of the type)
UNWIND $rows AS row
WITH row
WHERE NOT EXISTS {
  MATCH ()-[r:BEHAVIOUR {event_id: row.event_id}]->()
  USING INDEX SEEK r:BEHAVIOUR(event_id)
}
MERGE (u:User {user_id: row.user_id})
MERGE (i:Item {item_id: row.item_id})
ON CREATE SET i.described = false
CREATE (u)-[:BEHAVIOUR {event_id: row.event_id, value: row.value, session_id: row.session_id, text: row.text,
                        at: CASE WHEN row.at IS NULL THEN null ELSE datetime({epochMillis: row.at}) END}]->(i)
RETURN collect(row.event_id) AS event_ids
