"""What a user says of an interest holds, whatever reads their behaviour later."""

from __future__ import annotations

import pytest

from gnn.extract.stage import extract
from gnn.update.follow_events import EventWorker
from graphstore.collect.store import collect_events
from graphstore.profiles.erasure import delete_item, export_user
from tests.fixtures.films import CountingEncoder, club, event
from tests.fixtures.storing import store

PATH = "/v1/users/c1/interests"


@pytest.fixture
def read(client, settings, tmp_path):
    store(client, tmp_path, **club())
    extract(client, settings, encoder=CountingEncoder())
    return lambda: extract(client, settings, encoder=CountingEncoder(), full=True)


def interests(api):
    """Open interests: (name, polarity, horizon, by): weight."""
    rows = api("GET", PATH).json["interests"]
    return {(row["name"], row["polarity"], row["horizon"], row["extracted_by"]): row["weight"] for row in rows}


def correct(api, name, how):
    answer = api("PUT", f"{PATH}/{name}", "write", json={"correction": how})
    assert answer.status_code == 200, answer.json
    assert answer.json == {"user_id": "c1", "name": name, "correction": how}, "a key that may not read reads nothing"


def test_a_deleted_interest_is_gone_at_once_and_stays_away(api, client, settings, read):
    before = interests(api)
    assert ("comedy", "likes", "long", "behaviour") in before
    said = api("PUT", f"{PATH}/comedy", "admin", json={"correction": "delete"}).json
    assert [row["correction"] for row in said["corrections"]] == ["delete"]
    kept = {key: weight for key, weight in before.items() if key[0] != "comedy"}
    assert interests(api) == kept
    assert not any(row["name"] == "comedy" for row in said["interests"])
    read()
    assert interests(api) == kept
    collect_events(client, [event("c1", "C5", -1, kind="like")])
    EventWorker(client, settings).drain()
    assert not any(key[0] == "comedy" for key in interests(api))
    correct(api, "Comedy", "none")  # as its label has it
    EventWorker(client, settings).drain()
    assert any(key[0] == "comedy" for key in interests(api)) and api("GET", PATH).json["corrections"] == []


def test_a_weakened_interest_counts_a_quarter_once_and_after_every_reading(api, client, read):
    before = interests(api)
    expected = {key: weight * (0.25 if key[0] == "comedy" else 1) for key, weight in before.items()}
    for _ in range(2):
        correct(api, "comedy", "weaken")
        assert interests(api) == pytest.approx(expected)
    read()
    assert interests(api) == pytest.approx(expected)
    correct(api, "comedy", "none")
    assert interests(api) == pytest.approx(before)


def test_a_pinned_interest_is_there_whatever_behaviour_says(api, client, read):
    assert not any(key[0] == "horror" for key in interests(api))
    correct(api, "horror", "pin")
    pinned = ("horror", "likes", "long", "user")
    assert interests(api)[pinned] == 1.0
    collect_events(client, [event("c1", f"H{n}", -1 - n, value=1.0) for n in range(6)])
    read()
    assert [key for key in interests(api) if key[0] == "horror"] == [pinned]
    correct(api, "horror", "pin")
    assert interests(api)[pinned] == 1.0
    client.run_text(
        "MATCH (u:User {user_id: 'c1'}), (n:Interest {name: 'horror'}) CREATE (u)-[:INTERESTED_IN {weight: 0.5,"
        " polarity: 'likes', horizon: 'long', extracted_by: 'behaviour', evidence: [], valid_from: datetime()}]->(n)"
    )  # as an earlier version left it
    read()
    assert [key for key in interests(api) if key[0] == "horror"] == [pinned]
    correct(api, "horror", "none")
    read()
    assert {key[1] for key in interests(api) if key[0] == "horror"} == {"dislikes"}


EVERY = """
MATCH (:User {user_id: 'c1'})-[r:INTERESTED_IN]->(n:Interest {name: $name})
WHERE coalesce(r.extracted_by, '') <> 'user'
RETURN r.polarity AS polarity, r.horizon AS horizon, r.valid_from AS since, r.valid_to AS until,
  round(r.weight, 6) AS weight
ORDER BY polarity, horizon, since
"""


@pytest.mark.parametrize(
    "steps", [["delete"], ["delete"] * 2, ["pin", "delete"], ["weaken", "delete", "pin"], ["weaken"]]
)
def test_an_interest_is_as_before_once_its_corrections_are_withdrawn(api, client, read, steps):
    before = client.run_text(EVERY, {"name": "comedy"})
    assert before
    for how in steps:
        correct(api, "comedy", how)
        read()
    correct(api, "comedy", "none")
    assert client.run_text(EVERY, {"name": "comedy"}) == before
    read()
    assert client.run_text(EVERY, {"name": "comedy"}) == before


def test_dislikes_that_a_pin_closed_open_again_and_what_behaviour_ended_does_not(api, client, read):
    collect_events(client, [event("c1", f"H{n}", -1 - n, value=1.0) for n in range(6)])
    read()
    before = client.run_text(EVERY, {"name": "horror"})
    assert {row["polarity"] for row in before if row["until"] is None} == {"dislikes"}
    for how in ("pin", "delete", "weaken"):
        correct(api, "horror", how)
        read()
    correct(api, "horror", "none")
    assert client.run_text(EVERY, {"name": "horror"}) == before


def test_what_is_said_is_part_of_the_export_and_is_erased_with_the_user(api, client, read):
    correct(api, "comedy", "delete")
    assert [row["correction"] for row in export_user(client, "c1")["corrections"]] == ["delete"]
    assert api("DELETE", "/v1/users/c1", "admin").status_code == 200
    assert client.run_text("MATCH ()-[c:CORRECTED]->() RETURN count(c) AS n") == [{"n": 0}]


def test_what_can_t_be_meant_is_refused(api, read):
    assert api("PUT", f"{PATH}/comedy", "write", json={"correction": "love"}).status_code == 422
    assert api("PUT", f"{PATH}/comedy", "read", json={"correction": "pin"}).status_code == 403
    missing = api("PUT", f"{PATH}/no%20such%20thing", "write", json={"correction": "pin"})
    assert missing.status_code == 404 and "no such thing" in missing.json["detail"]
    assert api("PUT", "/v1/users/nobody/interests/comedy", "write", json={"correction": "pin"}).status_code == 404


def test_a_pinned_interest_has_one_long_interval_whatever_behaviour_says(api, client, read):
    """Comedy is liked already and horror is not."""
    before = interests(api)
    for name in ("comedy", "horror"):
        correct(api, name, "pin")
        correct(api, name, "pin")
    opened = ("horror", "likes", "long", "user")
    assert interests(api) == {**before, opened: 1.0}
    collect_events(client, [event("c1", f"H{n}", -1 - n, kind="like") for n in range(6)])
    read()
    by_behaviour = ("comedy", "likes", "long", "behaviour")
    found = {key for key in interests(api) if key[0] in ("comedy", "horror") and key[2] == "long"}
    assert found == {by_behaviour, opened} and interests(api)[opened] == 1.0
    rows = api("GET", f"{PATH}/horror").json
    assert [one["evidence"] for one in rows["periods"] if one["extracted_by"] == "user"] == [6]
    collect_events(client, [event("c1", f"C{n}", -10 - n, kind="dislike") for n in range(10)])
    read()
    assert by_behaviour in interests(api)
    for n in range(6):
        delete_item(client, f"H{n}")
    assert opened in interests(api)
    for name in ("comedy", "horror"):
        correct(api, name, "none")
    read()
    assert {key[1] for key in interests(api) if key[0] == "comedy"} == {"dislikes"}
    assert not any(key[0] == "horror" for key in interests(api))
