// Purpose: store events of one type of behaviour that are known to be new; users and items appear as needed.
// BEHAVIOUR stands for the relationship type. A concurrent writer of the same event makes this fail on the constraint.
// Access: write
// Parameters: rows LIST<MAP>
// Returns: nothing
// Index: user_id (constraint), item_id (constraint)
UNWIND $rows AS row
MERGE (u:User {user_id: row.user_id})
MERGE (i:Item {item_id: row.item_id})
ON CREATE SET i.described = false
CREATE (u)-[r:BEHAVIOUR {event_id: row.event_id}]->(i)
SET r.at = CASE WHEN row.at IS NULL THEN null ELSE datetime({epochMillis: row.at}) END,
    r.value = row.value, r.session_id = row.session_id
