from datetime import UTC, datetime

import pytest

from graphstore.database.runs import last_run, run
from graphstore.errors import Neo4jUnavailable

RUNS = "MATCH (r:Run {stage: $stage}) RETURN r.error AS error, r.ended_at AS ended_at, r.counts AS counts"


def test_a_run_that_failed_says_why_and_is_not_the_last(client):
    with run(client, "build") as current:
        current.counts["done"] = 1
    with pytest.raises(ValueError, match="too odd"), run(client, "build") as current:
        current.counts["done"] = 2
        raise ValueError("too odd")
    rows = client.run_text(RUNS, {"stage": "build"})
    assert sorted(row["error"] or "" for row in rows) == ["", "ValueError: too odd"]
    assert all(row["ended_at"] for row in rows)
    assert last_run(client, "build")["counts"] == {"done": 1}


class Gone:
    """A client whose Neo4j is killed after a run was entered."""

    fence = None

    def __init__(self):
        self.asked = []

    def under(self, fence):
        return self

    def write(self, statement, **parameters):
        self.asked.append(("retried", statement))
        if len(self.asked) > 1:
            raise Neo4jUnavailable("gone")
        return [{"started_at": self}]

    def autocommit(self, statement, **parameters):
        self.asked.append(("once", statement))
        raise Neo4jUnavailable("still gone")

    def to_native(self):
        return datetime.now(UTC)


def test_a_stage_whose_neo4j_went_away_waits_for_it_once_only():
    client = Gone()
    with pytest.raises(Neo4jUnavailable, match=r"^gone$"), run(client, "collect"):
        client.write("update/embeddings/write_item_embeddings")
    assert client.asked[-1] == ("once", "runs/end_run")
    assert [how for how, _ in client.asked] == ["retried", "retried", "once"]
