// Purpose: the embeddings of all users and items.
MATCH (u:User) WHERE u.embedding IS NOT NULL
RETURN 'user' AS kind, u.user_id AS id, u.embedding AS embedding
UNION ALL
MATCH (i:Item) WHERE i.embedding IS NOT NULL
RETURN 'item' AS kind, i.item_id AS id, i.embedding AS embedding
