// Purpose: what each item is about.
MATCH (i:Item)-[a:ABOUT]->(n:Interest)
RETURN i.item_id AS item_id, n.name AS name, a.weight AS weight
ORDER BY item_id, name
