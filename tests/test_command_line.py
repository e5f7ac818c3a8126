"""The commands as a user types them, in processes of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def run(client, neo4j_settings, tmp_path):
    """Run `interestgraph …` on the test server; returns (exit code, standard output, standard error)."""

    def command(*arguments, stdin=b"", **environment):
        full = {
            **os.environ,
            "INTERESTGRAPH_HOME": str(tmp_path / "home"),
            "NEO4J_URI": neo4j_settings.neo4j_uri,
            "NEO4J_USERNAME": neo4j_settings.neo4j_username,
            "NEO4J_PASSWORD": neo4j_settings.neo4j_password,
            **environment,
        }
        done = subprocess.run(
            [sys.executable, "-m", "interestgraph", *map(str, arguments)], input=stdin, capture_output=True, env=full
        )
        error = done.stderr.decode()
        assert "Traceback" not in error
        return done.returncode, done.stdout.decode(), error

    return command


ROW = b'{"user_id": "u1", "item_id": "i1", "kind": "view", "timestamp": 5}\n'


def test_collect_reads_standard_input_and_answers_one_json_document(run):
    code, out, _ = run("collect", "--events", "-", "--json", stdin=ROW + b"broken\n" + ROW)
    counts = json.loads(out)["events"]
    assert code == 0
    assert (counts["created"], counts["duplicate"], counts["rejected"]) == (1, 1, 1)
    assert counts["reasons"][0]["line"] == 2


def test_collect_tells_people_the_lines_the_reasons_and_the_file(run, tmp_path):
    code, out, _ = run("collect", "--events", "-", stdin=ROW + b"broken\n")
    assert code == 0
    assert "events line 2: not JSON" in out
    path = out.split("Rejected events are in ")[1].split(": mend")[0]
    assert Path(path).read_bytes() == b"broken\n"


def test_a_file_of_which_nothing_can_be_stored_is_a_failure_that_names_its_cause(run, tmp_path):
    renamed = tmp_path / "reviews.jsonl"
    renamed.write_text('{"reviewerID": "u", "asin": "i", "overall": 5}\n' * 40)
    code, out, error = run("collect", "--events", str(renamed))
    assert code == 2
    assert "events line 1 and 39 more: user_id: must be given" in out
    assert "none of its 40 rows could be stored" in error and "Rename reviewerID to user_id, asin to item_id" in error
    code, out, _ = run("collect", "--events", str(renamed), "--json")
    counts = json.loads(out)["events"]
    assert code == 2 and "Rename" in counts["failed"] and counts["rejected_file"] is None
    assert not list(tmp_path.glob("**/*.rejected.*"))
    code, out, _ = run("collect", "--events", "-", stdin=b'{"user_id": 1}\n')  # nobody else has it
    assert code == 2 and "Rejected events are in " in out


def test_other_columns_of_a_file_and_its_encoding_are_told_once(run, tmp_path):
    items = tmp_path / "items.csv"
    items.write_bytes("item_id;title;price;brand\n1;Amélie;9.5;A|B\n2;Alien;8;C\n".encode("cp1252"))
    code, out, _ = run("collect", "--items", str(items), "--attribute", "brand")
    assert code == 0
    assert out.count("Other columns (rows): price (1)") == 1 and out.count("--encoding cp1252") == 1
    code, out, _ = run("collect", "--items", str(items), "--attribute", "brand", "--encoding", "cp1252", "--json")
    assert (code, json.loads(out)["items"]["created"], json.loads(out)["items"]["duplicate"]) == (0, 1, 1)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["collect"], "at least one of"),
        (["collect", "--items", "none.csv", "--attribute", "title"], "none.csv"),
        (["erase", " nobody "], "There is no user 'nobody'"),
        (["collect", "--events", "none.jsonl"], "none.jsonl"),
        (["collect", "--events", "-", "--items", "-"], "only one of the files"),
        (["recommend"], "USER_ID or --all"),
        (["recommend", "--all"], "--output"),
        (["recommend", "nobody"], "nobody"),
        (["recommend", "nobody", "-k", "ten"], "ten"),
        (["recommend", "nobody", "--diversity", "2"], "diversity"),
        (["recommend", "nobody", "--explore", "nan"], "explore"),
        (["recommend", "nobody", "--at", "someday"], "someday"),
        (["recommend", "nobody", "--at", "2018-01-01T00:00:00Z"], "There is no user 'nobody'"),
        (["recommend", "--all", "--output", "x", "--at", "2026-01-01"], "--at"),
        (["update", "--full", "--follow"], "--follow"),
        (["update", "--follow", "--workers", "0"], "workers"),
        (["exposure"], "no items"),
        (["exposure", "--lists", "recs.jsonl", "--explore", "0.1"], "recommend --all"),
        (["erase", "nobody"], "nobody"),
        (["erase", "nobody", "--yes"], "nobody"),
        (["keys", "revoke", "shop"], "--yes"),
        (["reading", "nobody"], "nobody"),
        (["merges", "undo", "nothing"], "merges list"),
        (["extract", "--llm", "http://127.0.0.1:9/v1"], "--llm-model"),
        (["extract", "--llm", "ftp://x", "--llm-model", "m"], "ftp://x"),
        (["extract", "--llm", "http://127.0.0.1:9/v1", "--llm-model", "m", "--llm-run-cost", "1"], "--llm-prices"),
        (["extract", "--llm", "http://127.0.0.1:9/v1", "--llm-model", "m", "--llm-prices", "cheap"], "0.15,0.60"),
        (["import", "netflix", "."], "netflix"),
        (["server", "start"], "NEO4J_URI"),
        (["keys", "create", "x", "--scopes", "everything"], "everything"),
    ],
)
def test_wrong_input_has_a_message_and_exit_code_2(run, arguments, expected):
    code, _, error = run(*arguments)
    assert code == 2
    assert expected in error


def test_erase_and_reset_change_nothing_without_yes_where_nobody_can_be_asked(run):
    run("collect", "--events", "-", stdin=ROW)
    for command in (["erase", "u1"], ["reset"]):
        code, out, error = run(*command)
        assert (
            code == 2 and out == "" and "--yes" in error and "1 events" in error.replace("1 relationships", "1 events")
        )
    assert len(json.loads(run("export", "u1", "--json")[1])["events"]) == 1
    code, out, _ = run("erase", "u1", "--yes")
    assert code == 0 and out == "Erased user u1: 1 events, 1 items.\n"
    run("collect", "--events", "-", stdin=ROW)
    code, out, _ = run("reset", "--yes", "--json")
    deleted = json.loads(out)["deleted"]
    assert code == 0 and (deleted["users"], deleted["items"], deleted["relationships"]) == (1, 1, 1)
    assert run("reset")[:2] == (0, "The graph is empty: nothing to delete.\n")


@pytest.mark.parametrize("k", ["0", "-1", "1000000000"])
def test_k_out_of_range_is_refused(run, k):
    run("collect", "--events", "-", stdin=ROW)
    code, _, error = run("recommend", "u1", "-k", k)
    assert code == 2
    assert "k" in error


def test_exposure_reads_lists_and_shows_titles_and_values_as_they_are(run, tmp_path):
    items = [{"item_id": f"i{n}", "title": "[/b]", "attributes": {"[/kind]": ["[/red]"]}} for n in range(3)]
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in items))
    (tmp_path / "recs.jsonl").write_text('{"user_id": "u1", "items": ["i0", "i1"], "scores": [2, 1]}\n')
    run("collect", "--items", tmp_path / "items.jsonl", "--events", "-", stdin=ROW)
    code, out, error = run("exposure", "--lists", tmp_path / "recs.jsonl")
    assert code == 0, error
    assert "[/red]" in out and "[/kind]" in out and "show 2 of 3 items" in out
    code, out, _ = run("exposure", "--lists", tmp_path / "recs.jsonl", "--json")
    assert code == 0 and json.loads(out)["never_shown"]["items"] == 1


def test_server_fetch_says_where_neo4j_is_even_beside_another_server(run, neo4j_version):
    code, out, error = run("server", "fetch", "--json")
    folder = Path(json.loads(out)["folder"])
    assert code == 0, error
    assert folder.name == f"neo4j-{neo4j_version}" and list(folder.glob("neo4j-server-*.jar"))


def test_neo4j_that_is_not_there_or_refuses_is_named(run):
    code, out, _ = run("build", "--json", NEO4J_URI="bolt://127.0.0.1:9")
    assert code == 1
    assert "can't be reached" in json.loads(out)["error"]
    code, _, error = run("build", NEO4J_PASSWORD="wrong")
    assert code == 1
    assert "refused the user name or password" in error
    code, _, error = run("build", NEO4J_URI="http://127.0.0.1:7474")
    assert code == 2
    assert "NEO4J_URI" in error


def test_the_stages_lead_from_events_to_a_recommendation_with_its_path(run, tmp_path):
    items = [{"item_id": f"i{n}", "title": f"Film {n}", "attributes": {"genre": ["AB"[n % 2]]}} for n in range(12)]
    events = [
        {"user_id": f"u{u}", "item_id": f"i{n}", "kind": "like", "timestamp": 1_000_000 + 1000 * u + n}
        for u in range(8)
        for n in range(12)
        if n % 2 == u % 2 and (u + n) % 5
    ]
    for name, rows in (("items", items), ("events", events)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    files = ["--items", tmp_path / "items.jsonl", "--events", tmp_path / "events.jsonl"]
    for stage in (["collect", *files], ["extract"], ["build"], ["update"]):
        code, _, error = run(*stage)
        assert code == 0, error
    code, out, _ = run("recommend", "u0", "-k", "3", "--json")
    answer = json.loads(out)
    assert code == 0, out
    best = answer["recommendations"][0]
    assert set(best) >= {"item_id", "title", "score", "channels", "because", "path"}
    assert best["path"][0]["key"] == "u0"
    assert best["path"][-1]["key"] == best["item_id"]
    code, out, _ = run("recommend", "u0", "--explain")
    assert code == 0 and best["because"] in out
    code, _, _ = run("recommend", "--all", "-k", "3", "--output", tmp_path / "recs.jsonl")
    lists = [json.loads(line) for line in (tmp_path / "recs.jsonl").read_text().splitlines()]
    assert code == 0 and len(lists) == 8
    first = next(row for row in lists if row["user_id"] == "u0")
    assert first["items"][0] == best["item_id"] and "because" not in first
    code, _, _ = run("recommend", "--all", "--explain", "-k", "3", "--output", tmp_path / "recs.jsonl")
    explained = [json.loads(line) for line in (tmp_path / "recs.jsonl").read_text().splitlines()]
    first = next(row for row in explained if row["user_id"] == "u0")
    assert code == 0 and first["because"][0] == best["because"] and len(first["because"]) == len(first["items"])
    code, out, _ = run("build", "--json")
    assert json.loads(out)["as_of"] == "1970-01-12T15:43:31+00:00"


FILM = b'{"item_id": "i1", "title": "Alien", "attributes": {"genre": ["Horror"]}}\n'
LIKES = b"".join(
    b'{"user_id": "u1", "item_id": "i%d", "kind": "like", "timestamp": "2026-01-0%d"}\n' % (n, n) for n in range(1, 7)
)


def test_reading_shows_what_was_read_and_what_was_concluded_from_which_events(run):
    run("collect", "--items", "-", stdin=FILM)
    run("collect", "--events", "-", stdin=LIKES)
    assert run("extract")[0] == 0
    code, out, _ = run("reading", "u1", "--events", "6")
    lines = [line.strip() for line in out.splitlines()]
    assert code == 0
    assert lines[1] == "1 2026-01-06 liked: i6" and lines[2] == "nothing is known of it"
    assert lines[11:13] == ["6 2026-01-01 liked: Alien", "horror 1.00 (attribute)"]
    assert "likes Horror, long, 1.00 (behaviour): from 6" in lines
    wrote = [
        {"user_id": "u1", "kind": "search", "text": "Horror films", "timestamp": "2026-01-08"},
        {"user_id": "u1", "kind": "review", "item_id": "i1", "text": "I hate horror", "timestamp": "2026-01-09"},
    ]
    run("collect", "--events", "-", stdin="".join(json.dumps(row) + "\n" for row in wrote).encode())
    assert run("extract")[0] == 0
    lines = [line.strip() for line in run("reading", "u1", "--events", "2")[1].splitlines()]
    assert lines[1] == "1 2026-01-09 reviewed: Alien, “I hate horror”"
    assert lines[3] == "its text mentions horror -0.40 (phrase)"
    assert lines[4:6] == ["2 2026-01-08 searched: “Horror films”", "horror 1.00 (words)"]
    document = json.loads(run("reading", "u1", "--json", "--events", "8")[1])
    assert document["read"][0]["mentioned"][0]["name"] == "horror" and document["read"][1]["item_id"] is None
    assert [row["number"] for row in document["read"]] == list(range(1, 9))
    assert {1, 2, 8} >= {number for row in document["concluded"] for number in row["numbers"]} > {8}


def test_a_model_that_can_t_be_reached_costs_freshness_and_nothing_else(run):
    run("collect", "--items", "-", stdin=FILM)
    run("collect", "--events", "-", stdin=LIKES)
    reach = ("--llm", "http://127.0.0.1:9/v1", "--llm-model", "m", "--llm-timeout", "1")
    code, out, _ = run("extract", *reach, "--json", INTERESTGRAPH_LLM_KEY="secret")
    counts = json.loads(out)
    assert code == 0 and counts["opened"] > 0 and counts["generated_users"] == 0
    assert counts["llm_failed"] > 0 and counts["llm_reasons"]
    assert "secret" not in out
    assert json.loads(run("merges", "list", "--json")[1]) == []
