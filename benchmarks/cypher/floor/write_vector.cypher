// Purpose: the floor of one event, third: write the user's vector.
// Parameters: user_id STRING, vector LIST<FLOAT>
MATCH (u:BenchmarkUser {user_id: $user_id})
CALL db.create.setNodeVectorProperty(u, 'embedding', $vector)
