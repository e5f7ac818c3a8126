// Purpose: what the floor of one event needs: a unique key for its users, and for its events.
CREATE CONSTRAINT benchmark_user IF NOT EXISTS FOR (n:BenchmarkUser) REQUIRE n.user_id IS UNIQUE;
CREATE CONSTRAINT benchmark_event IF NOT EXISTS FOR ()-[b:BENCHMARK]-() REQUIRE b.event_id IS UNIQUE;
