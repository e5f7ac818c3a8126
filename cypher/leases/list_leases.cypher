// Purpose: the leases that have not ended: who is at work on the graph. Times in milliseconds since 1970.
// Access: read
// Parameters: none
// Returns: holder STRING, work STRING, host STRING, machine STRING, pid INTEGER, born FLOAT, since INTEGER, seen INTEGER, now INTEGER, leads BOOLEAN
// Index: none
// Scan: there is one lease a program at work.
MATCH (l:Lease)
WHERE l.until >= timestamp()
RETURN l.holder AS holder, l.work AS work, l.host AS host, l.machine AS machine, l.pid AS pid, l.born AS born,
       l.since AS since, l.seen AS seen, timestamp() AS now, size(l.writes) > 0 AS leads
ORDER BY since, holder
