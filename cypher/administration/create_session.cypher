// Purpose: store a new session of a key by its hash; of the key's sessions only the newest are kept.
// Access: write
// Parameters: session_hash STRING, key_hash STRING, seconds INTEGER, kept INTEGER
// Returns: session_hash STRING
// Index: session_hash (constraint), session_key_hash
MERGE (s:Session {session_hash: $session_hash})
SET s.key_hash = $key_hash, s.expires_at = datetime() + duration({seconds: $seconds})
WITH s
CALL {
  MATCH (old:Session {key_hash: $key_hash})
  WITH old
  ORDER BY old.expires_at DESC, old.session_hash
  WITH collect(old) AS sessions
  UNWIND sessions[$kept..] AS surplus
  DETACH DELETE surplus
}
RETURN $session_hash AS session_hash
