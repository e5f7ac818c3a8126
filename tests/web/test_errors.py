"""Every error is a problem document with a detail a person can act on."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace
from typing import Any

import pytest

from graphstore.database.disk import DiskSpace
from graphstore.errors import ChangesTooFast, DiskFull, NeedsRestart, TookTooLong
from web import create_app

PROBLEM = "application/problem+json"


def assert_problem(response: Any, status: int, *words: str) -> None:
    assert (response.status_code, response.content_type) == (status, PROBLEM), response.get_data(as_text=True)
    document = response.json
    assert document["status"] == status and document["title"] and document["instance"].startswith("urn:request:")
    assert status != 422 or document["title"] == "Unprocessable Content"
    assert not [word for word in words if word not in document["detail"]], document["detail"]


def test_an_unknown_path_and_a_wrong_method_are_problems(api):
    assert_problem(api("GET", "/v1/nothing"), 404)
    response = api("PATCH", "/v1/events", "write")
    assert_problem(response, 405)
    assert "POST" in response.headers["Allow"]


@pytest.mark.parametrize("path", ["", "/recommendations", "/interests", "/similar", "/friends/suggested", "/graph"])
def test_an_unknown_user_is_not_found(api, path):
    assert_problem(api("GET", f"/v1/users/nobody{path}"), 404, "nobody")


def test_an_unknown_user_has_no_export_and_nothing_to_erase(api):
    assert_problem(api("GET", "/v1/users/nobody/export", "admin"), 404, "nobody")
    assert_problem(api("DELETE", "/v1/users/nobody", "admin"), 404, "nobody")


@pytest.mark.parametrize("k", ["0", "-1", "1000000000", "ten", "1.5", ""])
def test_k_outside_1_to_1000_is_refused_by_name(api, films, k):
    assert_problem(api("GET", f"/v1/users/ann/recommendations?k={k}"), 422, "k: must be ")


def test_an_unknown_query_name_is_refused(api, films):
    assert_problem(api("GET", "/v1/users/ann/recommendations?kk=5"), 422, "kk")


def test_an_unknown_channel_is_refused(api, films):
    assert_problem(api("GET", "/v1/users/ann/recommendations?channel=telepathy"), 422, "telepathy")


def test_a_moment_that_is_none_is_refused(api, films):
    assert_problem(api("GET", "/v1/users/ann/interests?at=yesterday"), 422, "at")


def test_an_id_of_10000_characters_is_refused_with_the_limit(api):
    assert_problem(api("GET", "/v1/users/" + "x" * 10_000), 400, "512", "10,000")
    assert_problem(api("PUT", "/v1/items/" + "x" * 10_000, "write", json={}), 400, "512")
    rejected = api("POST", "/v1/events", "write", json={"user_id": "x" * 10_000, "item_id": "i", "kind": "view"}).json
    assert rejected["accepted"] == 0 and "512" in rejected["rejected"][0]["reason"]


ITEM = {"item_id": "i"}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (ITEM | {"kind": "review", "text": "x" * 1_000_000}, "text: must have at most 200,000 characters"),
        ({"kind": "search", "text": "x" * 10_000}, "text: must have at most 1,000 characters for search, not 10,000"),
        (ITEM | {"kind": "search", "text": "robots"}, "item_id: search has none"),
        ({"kind": "rate", "value": 5}, "item_id: must be given; rate is on an item"),
        (ITEM | {"kind": "view", "text": "good"}, "text: view has none"),
    ],
)
def test_an_event_that_says_too_much_or_too_little_is_rejected_with_the_reason_and_others_are_stored(api, row, reason):
    good = ITEM | {"user_id": "u", "kind": "review", "text": "好 😀 <b>x</b> me@x.org"}
    answer = api("POST", "/v1/events", "write", json=[{"user_id": "u"} | row, good]).json
    (rejected,) = answer["rejected"]
    assert answer["accepted"] == 1 and rejected["reason"].startswith(reason)


def test_bytes_that_are_not_utf8_are_refused(api):
    assert_problem(api("GET", "/v1/users/%ff%fe"), 400, "UTF-8")
    response = api("POST", "/v1/events", "write", data=b'{"user_id": "\xff"}', content_type="application/json")
    assert_problem(response, 400)


def test_a_body_that_is_not_json_is_refused(api):
    assert_problem(api("POST", "/v1/events", "write", data="{", content_type="application/json"), 400)
    assert_problem(api("POST", "/v1/events", "write", data="a=b", content_type="text/plain"), 415, "JSON")
    assert_problem(api("PUT", "/v1/users/ann", "write"), 415)
    deep = "[" * 100_000 + "]" * 100_000
    assert_problem(api("POST", "/v1/events", "write", data=deep, content_type="application/json"), 400)


def test_a_body_of_the_wrong_shape_is_refused_with_where(api):
    response = api("PUT", "/v1/items/i", "write", json={"title": ["a"], "colour": "red"})
    assert_problem(response, 422, "title", "colour")
    assert {error["where"] for error in response.json["errors"]} == {"title", "colour"}
    assert_problem(api("POST", "/v1/events", "write", json="view"), 422)


def test_a_body_of_50_mb_is_refused(api):
    body = b'{"title": "' + b"x" * 50_000_000 + b'"}'
    assert_problem(api("PUT", "/v1/items/i", "write", data=body, content_type="application/json"), 413, "8,388,608")


def test_more_than_1000_events_are_refused_and_none_is_stored(api):
    rows = [{"user_id": "u", "item_id": str(n), "kind": "view"} for n in range(1001)]
    assert_problem(api("POST", "/v1/events", "write", json=rows), 422, "1,001", "1,000")
    assert_problem(api("GET", "/v1/users/u"), 404)


def test_a_bug_answers_500_without_telling_its_text(app, api, films, monkeypatch):
    def broken(*arguments: object) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr("graphstore.profiles.users_and_items.read_user", broken)
    response = api("GET", "/v1/users/ann")
    assert_problem(response, 500)
    assert "secret" not in response.get_data(as_text=True)


def test_a_full_disk_refuses_writes_and_answers_reads(app, api, films, client, tmp_path, monkeypatch):
    monkeypatch.setattr(client, "disk", DiskSpace(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=1000))
    event = {"user_id": "ann", "item_id": "f3", "kind": "view"}
    for method, path, scope, body in (
        ("POST", "/v1/events", "write", event),
        ("PUT", "/v1/users/ann", "write", {}),
        ("PUT", "/v1/items/f1", "write", {}),
        ("DELETE", "/v1/users/ann", "admin", None),
    ):
        response = api(method, path, scope, json=body)
        assert_problem(response, 507, "too little room")
        assert response.headers["Retry-After"]
    assert api("GET", "/v1/users/ann").json["events"] == 2
    assert api("GET", "/v1/users/ann/recommendations").status_code == 200


@pytest.mark.parametrize(
    ("error", "status"),
    [(NeedsRestart("x"), 503), (TookTooLong("x"), 503), (ChangesTooFast("x"), 503), (DiskFull("x"), 507)],
)
def test_what_passes_is_not_a_fault_of_the_server(app, api, films, monkeypatch, error, status):
    def broken(*arguments: object) -> None:
        raise error

    monkeypatch.setattr("graphstore.profiles.users_and_items.read_user", broken)
    response = api("GET", "/v1/users/ann")
    assert_problem(response, status)
    assert response.headers["Retry-After"]


def test_free_space_is_a_metric_where_it_can_be_seen(config, client, tmp_path, monkeypatch):
    assert b"disk_free" not in create_app(config).test_client().get("/metrics").data
    monkeypatch.setattr(client, "disk", DiskSpace(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=1000))
    assert b"interestgraph_disk_free_bytes 1000.0" in create_app(config).test_client().get("/metrics").data


def test_more_attributes_than_one_transaction_should_write_are_refused(api):
    body = {"attributes": {"t": [str(n) for n in range(5_001)]}}
    assert_problem(api("PUT", "/v1/users/ann", "write", json=body), 422, "5,001 values; at most 5,000")
    assert_problem(api("PUT", "/v1/items/f1", "write", json=body), 422, "5,001 values; at most 5,000")


def test_a_person_gets_a_page_and_a_program_a_problem(api):
    page = api("GET", "/nowhere", headers={"Accept": "text/html"})
    assert page.status_code == 404 and page.content_type.startswith("text/html")
    assert json.loads(api("GET", "/nowhere").data)["status"] == 404
