// Purpose: replace the properties of items that the program only keeps; their names begin with own_. They take no part
// in recommending, so a change marks nothing. An item whose properties are the same is not changed.
// Access: write
// Parameters: rows LIST<MAP>
// Returns: item_ids LIST<STRING>
// Index: item_id (constraint)
UNWIND $rows AS row
MATCH (i:Item {item_id: row.item_id})
WITH i, row, [key IN keys(i) WHERE key STARTS WITH 'own_'] AS held
WHERE size(held) <> size(keys(row.properties))
   OR any(key IN keys(row.properties) WHERE i[key] IS NULL OR i[key] <> row.properties[key])
FOREACH (key IN held | SET i[key] = null)
SET i += row.properties
RETURN collect(i.item_id) AS item_ids
