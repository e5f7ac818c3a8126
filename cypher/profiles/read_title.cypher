// Purpose: the display name of a node: an item's title, an interest's label, otherwise the key.
// Access: read
// Parameters: label STRING, key STRING
// Returns: title STRING
// Index: user_id, item_id, interest_name, attribute_key (constraints)
CALL () {
  MATCH (u:User {user_id: $key}) WHERE $label = 'User' RETURN u.user_id AS title
  UNION ALL
  MATCH (i:Item {item_id: $key}) WHERE $label = 'Item' RETURN coalesce(i.title, i.item_id) AS title
  UNION ALL
  MATCH (n:Interest {name: $key}) WHERE $label = 'Interest' RETURN coalesce(n.label, n.name) AS title
  UNION ALL
  MATCH (a:Attribute {kind: split($key, '=')[0], value: substring($key, size(split($key, '=')[0]) + 1)})
  WHERE $label = 'Attribute' AND $key CONTAINS '='
  RETURN a.value AS title
}
RETURN title
LIMIT 1
