// Purpose: the interests of all items: one row an item, ordered by id.
// Access: read
// Parameters: none
// Returns: item_id STRING, names LIST<STRING>, weights LIST<FLOAT>
// Index: item_id (constraint)
MATCH (i:Item)
WHERE i.item_id >= ''
MATCH (i)-[a:ABOUT]->(n:Interest)
WITH i.item_id AS item_id, n.name AS name, toFloat(a.weight) AS weight ORDER BY item_id, name
RETURN item_id, collect(name) AS names, collect(weight) AS weights
ORDER BY item_id
