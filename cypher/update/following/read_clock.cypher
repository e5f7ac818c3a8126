// Purpose: the time on the server, by which marks are made, in milliseconds since 1970.
// Access: read
// Parameters: none
// Returns: now INTEGER
// Index: none
RETURN timestamp() AS now
