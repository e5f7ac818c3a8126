"""The response cache: answers reused by validator, their entity tags, and answers computed on demand."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from graphstore.database.leases import present
from graphstore.profiles.erasure import delete_item, erase_user
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


def test_an_answer_says_whether_anybody_does_what_is_pending(api, client, films):
    assert api("GET", PATH).json["followers"] == 0
    with present(client, "follow events"), present(client, "follow neighbourhoods"):
        assert api("GET", PATH).json["followers"] == 1
        client.run_text("MATCH (l:Lease) SET l.until = 0")
        assert api("GET", PATH).json["followers"] == 0


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
    cache = ResponseCache(seconds=0.0)
    kept = cache.keep("key", b"body", (1,))
    assert len(kept.etag) == 32 and cache.find("key", (1,)) is None
    cache = ResponseCache(seconds=60.0)
    cache.keep("key", b"body", (1,))
    assert cache.find("key", (1,)).body == b"body"
    assert cache.find("key", (2,)) is None and cache.find("other", (1,)) is None


def test_answers_take_no_more_memory_than_they_may():
    cache = ResponseCache(most_bytes=10_000)
    for number in range(100):
        cache.keep(number, b"x" * 500, (1,))
    assert len(cache) == 10 and cache.find(99, (1,)) and not cache.find(89, (1,))


def test_an_answer_larger_than_the_cache_is_returned_and_not_kept():
    cache = ResponseCache(most_bytes=10_000)
    cache.keep("small", b"small", (1,))
    cache.keep("grows", b"before", (1,))
    assert len(cache.keep("grows", b"x" * 20_000, (1,)).body) == 20_000
    assert cache.find("grows", (1,)) is None and cache.find("small", (1,)).body == b"small"


def test_the_answer_used_last_is_kept():
    cache = ResponseCache(most_bytes=1_100)
    cache.keep("a", b"1", (1,))
    cache.keep("b", b"2", (1,))
    assert cache.find("a", (1,)).body == b"1"
    cache.keep("c", b"3", (1,))
    assert cache.find("b", (1,)) is None and cache.find("a", (1,)) and cache.find("c", (1,))


def test_threads_share_the_cache():
    cache = ResponseCache(most_bytes=20_000)
    with ThreadPoolExecutor(4) as pool:
        kept = list(pool.map(lambda n: cache.keep(n % 60, b"x" * (n % 700), (1,)), range(4_000)))
    assert len(kept) == 4_000 and all(cache.find(n % 60, (1,)) for n in range(3_990, 4_000))
