// Purpose: one behaviour type: an event_id occurs once, and events are found by it.
// Access: schema
// Parameters: none
// Returns: nothing
// Index: none
CREATE CONSTRAINT event_id_BEHAVIOUR IF NOT EXISTS FOR ()-[r:BEHAVIOUR]-() REQUIRE r.event_id IS UNIQUE;
