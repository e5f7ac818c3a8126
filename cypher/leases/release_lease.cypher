// Purpose: give a lease up.
// Access: write
// Parameters: holder STRING
// Returns: nothing
// Index: lease_holder (constraint)
MATCH (l:Lease {holder: $holder})
DETACH DELETE l
