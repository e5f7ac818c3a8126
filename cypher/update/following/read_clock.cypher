// Purpose: the server's clock, in milliseconds since 1970, which all marks use.
// Access: read
// Parameters: none
// Returns: now INTEGER
// Index: none
RETURN timestamp() AS now
