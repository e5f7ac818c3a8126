"""Nothing that happened after the cut is known to the graph that is evaluated, or to what it recommends.

Secrets are planted in events after the cut: an item that everybody chooses then and nobody before, a pair of items that
only then are chosen by the same people, an item about a word that nobody cared about before, and odd ids and times.
"""

import json
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gnn import evaluate
from graphstore.build.stage import build
from graphstore.collect.stage import collect

DUMP = (Path(__file__).parents[2] / "cypher" / "dump_graph.cypher").read_text(encoding="utf-8")
DAY = 86_400
CUT = 1_600_000_000
LATER = CUT + 3 * DAY
SECRET = "zyzzogeton"
SIDES, USERS, FILMS = "ab", 6, 9
DERIVED = ("SIMILAR_TO", "FOLLOWED_BY")

pytestmark = pytest.mark.slow


def view(user, item, at, **more):
    return {"user_id": user, "item_id": item, "timestamp": at, "kind": "view", **more}


def people():
    return [f"{side}-user{n}" for side in SIDES for n in range(USERS)]


def before():
    """Two circles of users who share no film; nobody has met the film with their own number."""
    return [
        view(f"{side}-user{user}", f"{side}-film{film}", CUT - (user * FILMS + film) * DAY // 4)
        for side in SIDES
        for user in range(USERS)
        for film in range(FILMS)
        if film != user
    ]


def after():
    """What everybody does after the cut."""
    events = []
    for n, user in enumerate(people()):
        side = user[0]
        mark = {"event_id": f"{SECRET}-{n}", "session_id": f"{SECRET}-evening"}
        events.append(view(user, f"{SECRET}-film", LATER + n, **mark))
        events.append(view(user, "about-it", LATER + 100 + n))
        events.append(view(user, f"{side}-film{user[-1]}", LATER + 200 + n))
        events += [view(user, film, LATER + 300 + n) for film in ("a-film7", "b-film8") if film[0] != side]
    return events


def described():
    """The films that are known of, with two that nobody met before the cut; one of them will be met after it."""
    words = {"a": "Rivers", "b": "Machines"}
    films = [
        {"item_id": f"{side}-film{n}", "title": f"{words[side]} number {n}", "attributes": {"genre": [words[side]]}}
        for side in SIDES
        for n in range(FILMS)
    ]
    films.append({"item_id": "about-it", "title": f"All about {SECRET}", "attributes": {"genre": [SECRET]}})
    films.append({"item_id": "nobody", "title": "All about nobody", "attributes": {"genre": ["nobody"]}})
    return films


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The report, the lists, the graph as it was evaluated, and the graph after it was told the secrets."""
    folder = tmp_path_factory.mktemp("leakage")
    files = {name: write(folder / f"{name}.jsonl", rows) for name, rows in (("train", before()), ("test", after()))}
    items = write(folder / "items.jsonl", described())
    found = {"started": datetime.now(UTC)}
    scratch_graph = evaluate.scratch_graph

    @contextmanager
    def watched(*arguments, **options):
        with scratch_graph(*arguments, **options) as (client, stages):
            yield client, stages
            found["graph"] = client.run_text(DUMP)
            collect(client, events=files["test"])
            build(client)
            found["told"] = client.run_text(DUMP)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluate, "scratch_graph", watched)
        found["report"] = evaluate.evaluate(*files.values(), items, baselines=(), lists_folder=folder / "lists")
    lines = (folder / "lists" / "interestgraph.jsonl").read_text(encoding="utf-8").splitlines()
    found["lists"] = {row["user_id"]: row["items"] for row in map(json.loads, lines)}
    return found


def knowing(graph, word):
    """What in a dump knows a word, other than the description of the film that is about it."""
    return [
        row
        for row in graph
        if word in json.dumps(row, default=str)
        and not (row["what"] == "Item" and row["properties"]["item_id"] == "about-it")
    ]


def between(graph, one, other):
    return [row for row in graph if row["what"] in DERIVED and {row["start"], row["end"]} == {one, other}]


def times(value):
    """Every time in a dump, also inside text."""
    if isinstance(value, dict):
        return [time for part in value.values() for time in times(part)]
    if isinstance(value, list):
        return [time for part in value for time in times(part)]
    return [value.to_native()] if hasattr(value, "to_native") else []


def test_only_training_events_are_in_the_graph(found):
    assert found["report"]["stages"]["collect"]["events"]["created"] == len(before())
    assert len([row for row in found["graph"] if row["what"] == "VIEWED"]) == len(before())


def test_no_property_of_any_node_or_relationship_knows_the_secret_item_events_or_sessions(found):
    for secret in (f"{SECRET}-film", f"{SECRET}-evening", *(f"{SECRET}-{n}" for n in range(len(people())))):
        assert knowing(found["graph"], secret) == []
    assert knowing(found["told"], f"{SECRET}-film") and knowing(found["told"], f"{SECRET}-evening")


def test_no_time_after_the_cut_is_known_but_that_of_the_run_itself(found):
    cut = datetime.fromtimestamp(CUT, UTC)
    known = times(found["graph"])
    assert [time for time in known if cut < time < found["started"]] == []
    assert [time for time in times(found["told"]) if cut < time < found["started"]]
    text = json.dumps([row for row in found["graph"] if row["what"] == "Run"], default=str)
    late = {str(event["timestamp"]) for event in after()}
    assert not [second for second in late if second in text]  # in seconds, and so in milliseconds too


def test_items_that_only_later_meet_are_not_related(found):
    assert between(found["graph"], "a-film7", "b-film8") == []
    assert between(found["told"], "a-film7", "b-film8")


def test_nobody_is_interested_in_what_they_only_cared_about_later(found):
    names = {row["end"] for row in found["graph"] if row["what"] == "INTERESTED_IN"}
    assert names and SECRET not in names
    evidence = {e for row in found["graph"] if row["what"] == "INTERESTED_IN" for e in row["properties"]["evidence"]}
    assert evidence <= {row["properties"]["event_id"] for row in found["graph"] if row["what"] == "VIEWED"}


def test_an_item_met_only_later_stands_as_one_that_nobody_ever_meets(found):
    nodes = {row["properties"]["item_id"]: row["properties"] for row in found["graph"] if row["what"] == "Item"}
    met, never = nodes["about-it"], nodes["nobody"]
    assert met.keys() == never.keys()
    assert met.get("popularity") == never.get("popularity")
    ends = {
        name: sorted(
            row["what"] for row in found["graph"] if name in (row["start"], row["end"]) and row["what"] != "ABOUT"
        )
        for name in ("about-it", "nobody")
    }
    assert ends["about-it"] == ends["nobody"]


def test_no_recommendation_knows_the_secrets(found):
    lists = found["lists"]
    assert lists.keys() == set(people())
    assert not any(f"{SECRET}-film" in items for items in lists.values())
    for user, items in lists.items():
        assert items[0] == f"{user[0]}-film{user[-1]}"  # their circle's film that they have not met
    places = {film: [(items + [film]).index(film) for items in lists.values()] for film in ("about-it", "nobody")}
    assert sum(places["about-it"]) >= sum(places["nobody"]) - len(lists)  # no better than the one nobody ever meets
