// Purpose: the leases: who is at work on the graph, and which followers ended without saying so. Times in milliseconds
// since 1970.
// Access: read
// Parameters: none
// Returns: holder STRING, work STRING, host STRING, machine STRING, pid INTEGER, born FLOAT, since INTEGER, seen INTEGER, now INTEGER, ended BOOLEAN
// Index: none
// Scan: there is one lease a program at work.
MATCH (l:Lease)
RETURN l.holder AS holder, l.work AS work, l.host AS host, l.machine AS machine, l.pid AS pid, l.born AS born,
       l.since AS since, l.seen AS seen, timestamp() AS now, l.until < timestamp() AS ended
ORDER BY since, holder
