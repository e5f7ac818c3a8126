// Purpose: which of these event ids are stored already with one type of behaviour, and with what content.
// BEHAVIOUR stands for the relationship type.
// Access: read
// Parameters: event_ids LIST<STRING>
// Returns: event_id STRING, user_id STRING, item_id STRING, at INTEGER, value FLOAT, session_id STRING
// Index: event_id (constraint of the type)
UNWIND $event_ids AS event_id
MATCH (u:User)-[r:BEHAVIOUR {event_id: event_id}]->(i:Item)
RETURN event_id, u.user_id AS user_id, i.item_id AS item_id, r.at.epochMillis AS at, r.value AS value,
       r.session_id AS session_id
