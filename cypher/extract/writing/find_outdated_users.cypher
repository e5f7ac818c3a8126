// Purpose: users whose texts were read by another reader or vocabulary than the one named by `by`.
// Access: read
// Parameters: by STRING
// Returns: user_id STRING
// Index: none
// Scan: every user has to be compared.
MATCH (u:User)
WHERE NOT u.texts_read STARTS WITH $by
RETURN u.user_id AS user_id
ORDER BY user_id
