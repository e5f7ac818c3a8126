// Everything a graph knows: every node with its labels, every relationship with its type and the keys of its two ends, and
// all their properties.
MATCH (n)
RETURN labels(n)[0] AS what, null AS start, null AS end, properties(n) AS properties
UNION ALL
MATCH (a)-[r]->(b)
RETURN type(r) AS what, coalesce(a.user_id, a.item_id, a.name, a.value, a.text) AS start,
       coalesce(b.user_id, b.item_id, b.name, b.value, b.text) AS end, properties(r) AS properties
