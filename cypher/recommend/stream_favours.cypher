// Purpose: the items that users with an attribute favour (FAVOURS), one row for each attribute.
// Access: read
// Parameters: none
// Returns: attribute STRING, item_ids LIST<STRING>, scores LIST<FLOAT>
// Index: attribute_key (constraint)
MATCH (a:Attribute)
WHERE a.kind >= ''
MATCH (a)-[f:FAVOURS]->(i:Item)
RETURN a.kind + '=' + a.value AS attribute, collect(i.item_id) AS item_ids, collect(f.score) AS scores
