// Purpose: the constraint of one type of behaviour: event ids are unique, and events are found by them.
// Access: schema
// Parameters: none
// Returns: nothing
// Index: none
CREATE CONSTRAINT event_id_BEHAVIOUR IF NOT EXISTS FOR ()-[r:BEHAVIOUR]-() REQUIRE r.event_id IS UNIQUE;
