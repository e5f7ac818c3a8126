// The id of every event, once for each relationship that has it.
MATCH (:User)-[b]->(:Item)
WHERE b.event_id IS NOT NULL
RETURN b.event_id AS event_id
