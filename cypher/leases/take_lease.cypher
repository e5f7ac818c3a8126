// Purpose: take a lease, or change or renew one's own, unless another lease excludes it. One program asks at a time (see collect/lock_nodes).
// Every lease is locked before it is read, so that the transactions of its holder under way (see check_lease) end first.
// Leases that ended, and those in `dead`, whose holders are known to be gone, hold nothing more, and are deleted; those
// of followers only after `kept`, or when another of the same work comes, so that everybody sees that one is missing.
// writes: names of what the holder alone may write.  reads: of what nobody else may write meanwhile.
// yields: of what nobody else may write now; whoever wants to write it later may, and the holder stops for them.
// Access: write
// Parameters: holder STRING, work STRING, writes LIST<STRING>, reads LIST<STRING>, yields LIST<STRING>, host STRING, machine STRING, pid INTEGER, born FLOAT, millis INTEGER, dead LIST<STRING>, kept INTEGER
// Returns: holder STRING, work STRING, host STRING, machine STRING, pid INTEGER, born FLOAT, since INTEGER
// Index: lock_key (constraint), lease_holder (constraint)
// Scan: there is one lease a program at work.
CREATE (turn:Lock {key: 'leases'})
DELETE turn
WITH true AS turn
CALL (turn) {
  MATCH (l:Lease)
  WITH l ORDER BY l.holder
  SET l.asked_at = timestamp()
  RETURN count(*) AS held
}
CALL (held) {
  MATCH (l:Lease)
  WHERE (l.until < timestamp() AND l.holder <> $holder) OR l.holder IN $dead
  SET l.writes = [], l.reads = [], l.until = CASE WHEN l.until < timestamp() THEN l.until ELSE timestamp() - 1 END
  WITH l WHERE NOT l.work STARTS WITH 'follow ' OR l.work = $work OR l.until < timestamp() - $kept
  DETACH DELETE l
  RETURN count(*) AS ended
}
CALL (ended) {
  MATCH (l:Lease)
  WHERE l.holder <> $holder
    AND (any(name IN $writes WHERE name IN l.writes OR name IN l.reads)
         OR any(name IN $reads + $yields WHERE name IN l.writes))
  RETURN collect(l) AS busy
}
CALL (busy) {
  WITH busy WHERE size(busy) = 0
  MERGE (l:Lease {holder: $holder})
  ON CREATE SET l.since = timestamp()
  SET l.work = $work, l.writes = $writes, l.reads = $reads, l.host = $host, l.machine = $machine, l.pid = $pid,
      l.born = $born, l.seen = timestamp(), l.until = timestamp() + $millis
  RETURN count(*) AS taken
}
UNWIND busy AS l
RETURN l.holder AS holder, l.work AS work, l.host AS host, l.machine AS machine, l.pid AS pid, l.born AS born,
       l.since AS since
ORDER BY since, holder
