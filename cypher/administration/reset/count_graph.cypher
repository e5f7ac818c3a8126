// Purpose: what a reset deletes, by label: nodes of this program that carry no other label, and their relationships.
// shared: nodes that others gave a label as well, which stay.  outside: relationships with nodes that are not this
// program's.  keys: whether API keys count.
// Access: read
// Parameters: keys BOOLEAN
// Returns: label STRING, nodes INTEGER, shared INTEGER, relationships INTEGER, outside INTEGER
// Index: none
// Scan: everything goes, so everything is counted.
MATCH (n:User|Item|Attribute|Interest|Query|Alias|Model|Run|ApiKey|Session)
WHERE (n:User AND n.user_id IS NOT NULL) OR (n:Item AND n.item_id IS NOT NULL)
   OR (n:Attribute AND n.kind IS NOT NULL AND n.value IS NOT NULL) OR (n:Interest AND n.name IS NOT NULL)
   OR (n:Alias AND n.name IS NOT NULL) OR (n:Query AND n.text IS NOT NULL) OR (n:Model AND n.version IS NOT NULL) OR (n:Run AND n.run_id IS NOT NULL)
   OR ($keys AND n:ApiKey AND n.key_hash IS NOT NULL) OR ($keys AND n:Session AND n.session_hash IS NOT NULL)
WITH head([l IN labels(n) WHERE l IN ['User', 'Item', 'Attribute', 'Interest', 'Query', 'Alias', 'Model', 'Run', 'ApiKey', 'Session']]) AS label,
     size(labels(n)) > 1 AS shared, COUNT { (n)-->() } AS relationships,
     COUNT { (n)--(o) WHERE NOT o:User|Item|Attribute|Interest|Query|Alias|Model|Run|ApiKey|Session } AS outside
RETURN label, sum(CASE WHEN shared THEN 0 ELSE 1 END) AS nodes, sum(CASE WHEN shared THEN 1 ELSE 0 END) AS shared,
       sum(CASE WHEN shared THEN 0 ELSE relationships END) AS relationships,
       sum(CASE WHEN shared THEN 0 ELSE outside END) AS outside
ORDER BY label
