// Purpose: the event ids, of some, that are stored with one type of behaviour. BEHAVIOUR stands for the relationship
// type; the statement is run for many types at once (see Statement.for_types). A type without events costs nothing.
// Access: read
// Parameters: event_ids LIST<STRING>
// Returns: event_id STRING, type STRING
// Index: event_id (constraint of the type)
// Scan: the number of events of a type comes from the count store.
MATCH ()-[any:BEHAVIOUR]->()
WITH count(any) AS events
WHERE events > 0
UNWIND $event_ids AS event_id
MATCH ()-[r:BEHAVIOUR {event_id: event_id}]->()
USING INDEX SEEK r:BEHAVIOUR(event_id)
RETURN r.event_id AS event_id, type(r) AS type
