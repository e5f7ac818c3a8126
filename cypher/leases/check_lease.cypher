// Purpose: check at the start of a transaction that its holder still has a lease, and hold the lease until the end: it
// is taken over before the transaction or after it, and never during it. No row where it was taken over.
// writes: names that the lease has to hold.  yields: names for which the holder stops; busy: who writes one of them.
// Access: write
// Parameters: holder STRING, writes LIST<STRING>, yields LIST<STRING>
// Returns: busy LIST<STRING>
// Index: lease_holder (constraint)
// Scan: there is one lease a program at work.
MATCH (l:Lease {holder: $holder})
SET l.checked_at = timestamp()
WITH l WHERE all(name IN $writes WHERE name IN l.writes)
CALL (l) {
  OPTIONAL MATCH (other:Lease)
  WHERE other.holder <> $holder AND any(name IN $yields WHERE name IN other.writes)
  RETURN collect(other.work) AS busy
}
RETURN busy
