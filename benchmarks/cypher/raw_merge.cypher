// Purpose: the batched MERGE loop that anybody would write first, to measure collect against. Nothing is checked.
// Parameters: rows LIST<MAP>
UNWIND $rows AS row
MERGE (u:User {user_id: row.user_id})
MERGE (i:Item {item_id: row.item_id})
MERGE (u)-[r:RATED {event_id: row.event_id}]->(i)
SET r.at = datetime({epochMillis: row.at}), r.value = row.value
