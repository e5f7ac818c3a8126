// Purpose: remove what the floor of one event left.
MATCH (u:BenchmarkUser) CALL (u) { DETACH DELETE u } IN TRANSACTIONS OF 500 ROWS;
DROP CONSTRAINT benchmark_user IF EXISTS;
DROP CONSTRAINT benchmark_event IF EXISTS;
