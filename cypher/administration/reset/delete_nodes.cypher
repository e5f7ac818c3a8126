// Purpose: delete the nodes of this program that carry no other label, with the relationships that are left. In batches,
// so that a large graph fits in memory: run it outside a managed transaction.  keys: whether API keys go.
// Access: write
// Parameters: keys BOOLEAN
// Returns: nothing
// Index: none
// Scan: everything goes, so everything has to be read.
MATCH (n:User|Item|Attribute|Interest|Query|Alias|Model|Run|ApiKey|Session)
WHERE size(labels(n)) = 1 AND ((n:User AND n.user_id IS NOT NULL) OR (n:Item AND n.item_id IS NOT NULL)
   OR (n:Attribute AND n.kind IS NOT NULL AND n.value IS NOT NULL) OR (n:Interest AND n.name IS NOT NULL)
   OR (n:Alias AND n.name IS NOT NULL) OR (n:Query AND n.text IS NOT NULL) OR (n:Model AND n.version IS NOT NULL) OR (n:Run AND n.run_id IS NOT NULL)
   OR ($keys AND n:ApiKey AND n.key_hash IS NOT NULL) OR ($keys AND n:Session AND n.session_hash IS NOT NULL))
CALL (n) {
  DETACH DELETE n
} IN TRANSACTIONS OF 10000 ROWS
