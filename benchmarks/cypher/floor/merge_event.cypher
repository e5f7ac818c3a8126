// Purpose: the floor of one event, first: merge it. Its user has a label of its own, so that nothing else sees it.
// Parameters: user_id STRING, item_id STRING, event_id STRING
MERGE (u:BenchmarkUser {user_id: $user_id})
WITH u
MATCH (i:Item {item_id: $item_id})
MERGE (u)-[b:BENCHMARK {event_id: $event_id}]->(i)
ON CREATE SET b.at = datetime()
