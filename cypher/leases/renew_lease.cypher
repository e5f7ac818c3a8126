// Purpose: renew a lease; no row where it was taken over.
// Access: write
// Parameters: holder STRING, millis INTEGER
// Returns: holder STRING
// Index: lease_holder (constraint)
MATCH (l:Lease {holder: $holder})
SET l.seen = timestamp(), l.until = timestamp() + $millis
RETURN l.holder AS holder
