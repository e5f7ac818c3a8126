"""Every script of docs/admin.md runs on the test server as a user would run it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from graphstore.administration.doctor import expected_indexes
from graphstore.ranking.history import DIMENSION

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "docs" / "admin"
PLANTED = (ROOT / "tests" / "cypher" / "plant_graph.cypher").read_text(encoding="utf-8")


@pytest.fixture
def script(client, neo4j_settings):
    """Run docs/admin/<name>.py on a planted graph; returns (exit code, standard output)."""
    client.run_text(PLANTED)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "NEO4J_URI": neo4j_settings.neo4j_uri,
        "NEO4J_USERNAME": neo4j_settings.neo4j_username,
        "NEO4J_PASSWORD": neo4j_settings.neo4j_password,
    }

    def run(name, *arguments):
        command = [sys.executable, str(SCRIPTS / f"{name}.py"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout

    return run


@pytest.mark.parametrize("name", [path.stem for path in sorted(SCRIPTS.glob("*.py"))])
@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"NEO4J_URI": "bolt://127.0.0.1:9", "NEO4J_PASSWORD": "x"}, "can't be reached|[Cc]onnect"),
        ({"NEO4J_URI": "bolt://127.0.0.1:9"}, "NEO4J_PASSWORD"),
    ],
    ids=["not there", "no password"],
)
def test_a_connection_that_can_t_be_made_ends_a_script_with_a_message(name, environment, expected):
    if name.startswith("py2neo"):
        pytest.importorskip("py2neo", reason="the extra py2neo is not installed")
        expected = "NEO4J_PASSWORD|[Cc]annot"
    others = {key: value for key, value in os.environ.items() if not key.startswith("NEO4J_")}
    arguments = [sys.executable, str(SCRIPTS / f"{name}.py"), *(["7"] if name == "erase_user" else [])]
    done = subprocess.run(
        arguments, capture_output=True, text=True, env={**others, "PYTHONPATH": str(ROOT), **environment}
    )
    assert done.returncode in (1, 2) and done.stdout == ""
    assert done.stderr.startswith("Error: ") and re.search(expected, done.stderr)


def test_what_is_no_number_is_refused(script):
    assert script("top_interests", "many") == (2, "")
    assert script("stale_embeddings", "many") == (2, "")


def test_every_script_stands_in_the_guide_and_every_script_there_exists():
    guide = (ROOT / "docs" / "admin.md").read_text(encoding="utf-8")
    for path in SCRIPTS.glob("*.py"):
        assert f"(admin/{path.name})" in guide


def test_top_interests_prints_them_with_examples(script):
    assert script("top_interests", "3") == (0, "      2 like,     0 dislike  Noir  (Film 0, Film 2)\n")


def test_the_py2neo_script_prints_the_same(script):
    pytest.importorskip("py2neo", reason="the extra py2neo is not installed")
    assert script("py2neo_top_interests", "3") == script("top_interests", "3")


def test_stale_embeddings_ends_with_1_and_names_them(script):
    code, out = script("stale_embeddings", "10")
    assert code == 1
    assert "users: 43 in all, 2 without embedding, 1 stale" in out and "ann: older than the last change" in out


def test_reindex_leaves_every_index_online(script, client, neo4j_settings):
    code, out = script("reindex")
    assert code == 0 and out.count("ONLINE") == 4
    online = {row["name"] for row in client.read("administration/read_indexes") if row["state"] == "ONLINE"}
    assert expected_indexes(neo4j_settings) <= online
    nearest = "CALL db.index.vector.queryNodes('item_embedding', 1, $vector) YIELD node RETURN node"
    client.run_text(nearest, {"vector": [1.0] * DIMENSION})


def test_reindex_refuses_a_key(script):
    assert script("reindex", "user_id")[0] == 1


def test_erase_user_says_what_went_and_who_is_unknown(script, client):
    code, out = script("erase_user", "bob", "nobody")
    assert code == 1 and "bob: 2 events" in out and "nobody: no such user" in out
    assert client.read("browser/my_interests", user_id="bob") == []
