"""Answers that are given again: by the user's version, with an entity tag, computed anew when asked for."""

from __future__ import annotations

import pytest

from graphstore.profiles.erasure import delete_item, erase_user
from graphstore.recommend.lru import Latest
from web.response_cache import ResponseCache

PATH = "/v1/users/ann/recommendations?k=5&explain=true"


def shown(answer):
    return [row["item_id"] for row in answer.json["recommendations"]]


def test_an_answer_says_the_version_of_its_user_and_whether_something_waits(api, client, films):
    first = api("GET", PATH).json
    assert first["version"] > 0 and first["pending"] is True
    client.run_text("MATCH (u:User {user_id: 'ann'}) REMOVE u.due")
    second = api("GET", PATH).json
    assert (second["version"], second["pending"]) == (first["version"], False)


def test_an_unchanged_answer_is_not_sent_twice(api, films):
    first = api("GET", PATH)
    assert first.status_code == 200 and first.headers["Cache-Control"] == "private, no-cache"
    tag = first.headers["ETag"]
    again = api("GET", PATH, headers={"If-None-Match": tag})
    assert (again.status_code, again.get_data(), again.headers["ETag"]) == (304, b"", tag)
    computed = api("GET", PATH, headers={"If-None-Match": tag, "Cache-Control": "no-cache"})
    assert computed.status_code == 304, "computed anew, and found to be the same"
    other = api("GET", PATH.replace("true", "false"), headers={"If-None-Match": tag})
    assert other.status_code == 200 and other.headers["ETag"] != tag
    assert api("GET", PATH, headers={"If-None-Match": '"another"'}).status_code == 200


def test_an_event_makes_a_new_answer(api, films):
    first = api("GET", PATH)
    assert "f3" in shown(first)
    event = {"user_id": "ann", "item_id": "f3", "kind": "rate", "value": 5, "timestamp": 883600010}
    assert api("POST", "/v1/events", "write", json=event).json["accepted"] == 1
    second = api("GET", PATH, headers={"If-None-Match": first.headers["ETag"]})
    assert second.status_code == 200 and "f3" not in shown(second)
    assert second.json["version"] > first.json["version"]


def test_what_drifts_without_a_version_is_computed_when_asked_for_or_when_the_answer_is_old(api, app, client, films):
    api("GET", PATH)
    client.run_text("MATCH (i:Item {item_id: 'f3'}) SET i.title = 'Renamed', i.version = i.version + 1,"
                    " i.touched_at = datetime.realtime()")  # fmt: skip
    titles = [row["title"] for row in api("GET", PATH).json["recommendations"]]
    assert titles == ["Alien"]
    live = api("GET", PATH, headers={"Cache-Control": "no-cache"}).json["recommendations"]
    assert [row["title"] for row in live] == ["Renamed"]
    assert live[0]["path"][-1]["title"] == "Renamed"


@pytest.mark.parametrize("erase", [lambda client: delete_item(client, "f3"), lambda client: erase_user(client, "bob")])
def test_what_is_erased_is_in_no_answer_that_was_kept(api, client, films, erase):
    client.run_text("MATCH (i:Item {item_id: 'f3'}) SET i.described = false")
    assert "f3" in shown(api("GET", PATH))
    erase(client)
    assert "f3" not in shown(api("GET", PATH))


def test_a_user_who_is_erased_is_unknown_at_once(api, client, films):
    assert api("GET", PATH).status_code == 200
    erase_user(client, "ann")
    assert api("GET", PATH).status_code == 404


def test_an_old_answer_is_not_given_again():
    answers = ResponseCache(seconds=0.0)
    kept = answers.keep("key", b"body", (1,))
    assert len(kept.etag) == 32 and answers.find("key", (1,)) is None
    answers = ResponseCache(seconds=60.0)
    answers.keep("key", b"body", (1,))
    assert answers.find("key", (1,)).body == b"body"
    assert answers.find("key", (2,)) is None and answers.find("other", (1,)) is None


def test_answers_take_no_more_memory_than_they_may():
    answers = ResponseCache(most_bytes=10_000)
    for number in range(100):
        answers.keep(number, b"x" * 500, (1,))
    assert len(answers) == 10 and answers.find(99, (1,)) and not answers.find(89, (1,))
    answers.keep("too large", b"x" * 20_000, (1,))
    assert len(answers) == 0


def test_what_was_used_last_is_kept():
    held = Latest(2)
    held.put("a", 1)
    held.put("b", 2)
    assert held.get("a") == 1
    held.put("c", 3)
    assert held.get("b") is None and held.get_all(["a", "b", "c"]) == {"a": 1, "b": None, "c": 3}
    held.put("c", 4)
    held.drop(["a", "x"])
    assert len(held) == 1 and held.get("c") == 4
