"""The endpoints, each through HTTP on a real graph."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from graphstore.collect.store import collect_events
from graphstore.database.leases import present

STRANGE = [
    "a/b",
    "a%2Fb",
    'it\'s "quoted"',
    "🎬🍿",
    "电影 一",
    "a b+c&d=e?f#g",
    "..%2f..",
    "recommendations",
    "a/recommendations",
    "e\u0301",
    "x" * 512,
    "a b",
]


def test_events_are_stored_once_and_bad_ones_alone_are_rejected(api):
    rows = [
        {"event_id": "1", "user_id": "ann", "item_id": "f1", "kind": "view", "timestamp": "2026-01-01T00:00:00Z"},
        {"event_id": "2", "user_id": "ann", "item_id": "f1", "kind": "teleport"},
        "not an event",
        {"event_id": "3", "user_id": "ann", "item_id": "f1", "kind": "view", "timestamp": "2999-01-01"},
        {"event_id": "4", "user_id": " ann ", "item_id": "f2", "kind": "rate", "value": 4},
        {"event_id": "5", "user_id": "ann", "item_id": "f1", "kind": "view", "timestamp": "0001-01-01T00:00:00+23:59"},
        {"event_id": "6", "user_id": "ann", "item_id": "f1", "kind": "view", "timestamp": 10**400},
        {"event_id": "7", "user_id": "ann", "item_id": "f1", "kind": "rate", "value": 1e308},
        {"event_id": "8", "user_id": "ann", "item_id": "f1", "kind": "view", "colour": "blue"},
        {"event_id": None, "user_id": "ann", "item_id": "f1", "kind": "view", "value": None, "session_id": None},
    ]
    answer = api("POST", "/v1/events", "write", json=rows)
    assert answer.status_code == 202
    assert (answer.json["accepted"], answer.json["duplicates"]) == (3, 0)
    assert [rejected["index"] for rejected in answer.json["rejected"]] == [1, 2, 3, 5, 6, 7, 8]
    assert "teleport" in answer.json["rejected"][0]["reason"] and "future" in answer.json["rejected"][2]["reason"]
    again = api("POST", "/v1/events", "write", json=[rows[0], rows[4]]).json
    assert (again["accepted"], again["duplicates"]) == (0, 2)
    one = api("POST", "/v1/events", "write", json={"user_id": "ann", "item_id": "f3", "kind": "like"}).json
    assert one == {"accepted": 1, "duplicates": 0, "rejected": []}
    assert api("GET", "/v1/users/ann").json["events"] == api("GET", "/v1/users/%20ann%20").json["events"] == 4
    assert api("GET", "/v1/items/f1").json["described"] is False
    assert api("POST", "/v1/events", "write", json=[]).json["accepted"] == 0


def test_searches_and_texts_go_in_and_come_back(api):
    rows = [
        {"event_id": "s", "user_id": "ann", "kind": "search", "text": "Space 🚀 <b>Opera</b>", "timestamp": 2000},
        {"event_id": "r", "user_id": "ann", "item_id": "f1", "kind": "review", "text": "Dull.", "timestamp": 1000},
        {"event_id": "x", "user_id": "ann", "item_id": "f1", "kind": "search", "text": "a"},
        {"event_id": "y", "user_id": "ann", "kind": "rate", "value": 3},
        {"event_id": "z", "user_id": "ann", "item_id": "f1", "kind": "click", "text": "a"},
    ]
    answer = api("POST", "/v1/events", "write", json=rows).json
    assert (answer["accepted"], [row["index"] for row in answer["rejected"]]) == (2, [2, 3, 4])
    assert api("POST", "/v1/events", "write", json=rows[:2]).json["duplicates"] == 2
    found = api("GET", "/v1/users/ann/events").json
    assert found["user_id"] == "ann" and [event["event_id"] for event in found["events"]] == ["s", "r"]
    assert [(e["item_id"], e["text"]) for e in found["events"]] == [(None, "Space 🚀 <b>Opera</b>"), ("f1", "Dull.")]
    assert len(api("GET", "/v1/users/ann/events?count=1").json["events"]) == 1
    assert api("GET", "/v1/users/nobody/events").status_code == 404
    assert api("GET", "/v1/users/ann/events?count=0").status_code == 422
    user = api("GET", "/v1/users/ann").json
    assert (user["events"], user["searches"]) == (1, 1)
    page = api("GET", "/users/ann").text
    assert "Space 🚀 &lt;b&gt;Opera&lt;/b&gt;" in page and "“Dull.”" in page and "1 event, 1 search," in page
    event, several = api("GET", "/openapi.json").json["components"]["schemas"]["EventsBody"]["oneOf"]
    assert event["required"] == ["user_id", "kind"] and several["items"] == event and "A search" in str(event)


@pytest.mark.parametrize("strange", STRANGE)
def test_any_id_goes_round_as_it_is(api, strange):
    path = quote(strange, safe="")
    assert api("PUT", f"/v1/users/{path}", "write", json={"attributes": {"age": ["30"]}}).status_code == 201
    assert api("PUT", f"/v1/items/{path}", "write", json={"title": strange}).status_code == 201
    assert api("POST", "/v1/events", "write", json={"user_id": strange, "item_id": strange, "kind": "like"}).json[
        "accepted"
    ]
    assert api("GET", f"/v1/users/{path}").json["user_id"] == strange
    assert api("GET", f"/v1/items/{path}").json["item_id"] == strange
    assert api("GET", f"/v1/users/{path}/recommendations").json["user_id"] == strange
    assert api("GET", f"/v1/users/{path}/graph").json["centre"] == f"User:{strange}"
    assert api("GET", f"/users/{path}").status_code == 200
    assert api("DELETE", f"/v1/users/{path}", "admin").json["removed"]["events"] == 1


def test_an_item_is_created_replaced_read_and_removed(api, client):
    body = {"title": "Alien", "description": "In space", "kind": "film", "published_at": "1979-05-25",
            "attributes": {"genre": ["Horror", "Sci-Fi"], "year": ["1979"]}}  # fmt: skip
    created = api("PUT", "/v1/items/f9", "admin", json=body)
    assert created.status_code == 201 and created.json["published_at"].startswith("1979-05-25")
    assert created.json["attributes"] == {"genre": ["Horror", "Sci-Fi"], "year": ["1979"]}
    assert api("PUT", "/v1/items/f9", "write", json=body).status_code == 200
    sold = {"attributes": {"price": 9.5, "new": True, "pages": [320]}, "properties": {"price": 9.5, "in stock": [1, 2]}}
    answer = api("PUT", "/v1/items/f9", "admin", json=body | sold).json
    assert answer["attributes"] == {"price": ["9.5"], "new": ["true"], "pages": ["320"]}
    assert answer["properties"] == {"price": 9.5, "in stock": [1, 2]}
    assert api("PUT", "/v1/items/f9", "write", json=body | sold).json == {"item_id": "f9"}
    replaced = api("PUT", "/v1/items/f9", "admin", json={"title": "Alien", "attributes": {"genre": ["Horror"]}}).json
    assert replaced["description"] is None and replaced["attributes"] == {"genre": ["Horror"]}
    assert replaced["properties"] == {}
    assert api("PUT", "/v1/items/%20f9%20", "write", json=body).status_code == 200
    assert api("PUT", "/v1/items/f9", "write", json=body | {"price": 9.5}).status_code == 422
    assert api("PUT", "/v1/items/f9", "write", json=body | {"kind": "x" * 9_000}).status_code == 422
    assert api("PUT", "/v1/items/f9", "write", json={"title": "Alien", "attributes": {"genre": ["Horror"]}}).json
    assert api("DELETE", "/v1/items/f9", "admin").json["removed"]["attributes"] == 1
    assert api("GET", "/v1/items/f9").status_code == 404 and api("DELETE", "/v1/items/f9", "admin").status_code == 404


def add_interest(client, user, name, at, until=None, evidence=("e0",), horizon="long"):
    client.run_text(
        "MATCH (u:User {user_id: $user}) MERGE (n:Interest {name: $name}) SET n.label = $name, n.users = 1 "
        "CREATE (u)-[:INTERESTED_IN {weight: 0.8, polarity: 'likes', horizon: $horizon, valid_from: datetime($at), "
        "valid_to: datetime($until), evidence: $evidence, extracted_by: 'test'}]->(n)",
        {"user": user, "name": name, "at": at, "until": until, "evidence": list(evidence), "horizon": horizon},
    )


def test_interests_are_read_now_and_as_they_were(api, client, films):
    add_interest(client, "ann", "drama", "2026-01-01T00:00Z", "2026-03-01T00:00Z")
    add_interest(client, "ann", "space", "2026-02-01T00:00Z")

    def names(query: str) -> list[str]:
        return sorted(one["name"] for one in api("GET", f"/v1/users/ann/interests{query}").json["interests"])

    assert names("") == ["space"]
    assert names("?at=2025-12-31") == []
    assert names("?at=2026-01-01") == ["drama"], "valid_from is inside"
    assert names("?at=2026-02-15T12:00:00%2B01:00") == ["drama", "space"]
    assert names("?at=2026-03-01") == ["space"], "valid_to is outside"
    assert api("GET", "/v1/users/bob/interests").json["interests"] == []


def test_the_page_of_a_user_shows_what_is_broader_and_what_is_over(api, client, films):
    add_interest(client, "ann", "drama", "2026-01-01T00:00Z", "2026-03-01T00:00Z")
    add_interest(client, "ann", "space", "2026-02-01T00:00Z")
    client.run_text("MATCH (n:Interest {name: 'space'}) MERGE (w:Interest {name: 'sky'}) MERGE (n)-[:BROADER]->(w)")
    page = " ".join(api("GET", "/users/ann").get_data(as_text=True).split())
    assert "of sky</small>" in page
    assert "2026-01-01 – 2026-03-01" in page.partition("Past interests")[2]
    assert "Past interests" not in api("GET", "/users/bob").get_data(as_text=True)


def test_recommendations_leave_out_what_was_seen_and_say_why(api, films):
    answer = api("GET", "/v1/users/ann/recommendations?k=5&explain=true")
    assert answer.status_code == 200
    document = answer.json
    assert document["user_id"] == "ann" and {"as_of", "model_version"} <= document.keys()
    found = document["recommendations"]
    assert "f3" in [row["item_id"] for row in found]
    assert not {"f1", "f2"} & {row["item_id"] for row in found}
    assert all(row["because"] and row["reason"] and "path" in row for row in found)
    assert "path" not in api("GET", "/v1/users/ann/recommendations?k=1").json["recommendations"][0]


@pytest.mark.parametrize("query", ["diversity=1.1", "diversity=-0.1", "explore=much", "explore=nan"])
def test_a_knob_outside_0_to_1_is_refused_by_name(api, films, query):
    answer = api("GET", f"/v1/users/ann/recommendations?{query}")
    assert answer.status_code == 422 and query.split("=")[0] in answer.json["detail"]
    page = api("GET", f"/users/ann?{query}")
    assert page.status_code == 422


def test_new_items_are_explored_over_http_and_on_the_page(api, client, films):
    api("PUT", "/v1/items/f4", "write", json={"title": "Brand new"})
    client.run_text(
        "MATCH (u:User {user_id: 'ann'}), (i:Item {item_id: 'f4'}) CREATE (u)-[:INTERESTED_IN {weight: 0.9, "
        "polarity: 'likes'}]->(n:Interest {name: 'x', label: 'X'})<-[:ABOUT {weight: 0.9}]-(i)"
    )
    rows = api("GET", "/v1/users/ann/recommendations?k=2&explore=0.5&diversity=0.5").json["recommendations"]
    assert [(row["item_id"], row.get("exploration")) for row in rows] == [("f3", None), ("f4", True)]
    page = api("GET", "/users/ann?explore=0.5&diversity=0.3").get_data(as_text=True)
    assert 'name="explore"' in page and 'value="0.5"' in page and 'value="0.3"' in page


def test_similar_users_items_and_friends_have_their_endpoints(api, films):
    assert api("GET", "/v1/users/ann/similar?k=3").json["user_id"] == "ann"
    assert isinstance(api("GET", "/v1/items/f1/similar").json["similar"], list)
    assert isinstance(api("GET", "/v1/users/ann/friends/suggested").json["suggested"], list)
    assert api("GET", "/v1/items/nothing/similar").status_code == 404


def test_the_graph_is_walked_from_node_to_node(api, client, films):
    add_interest(client, "ann", "drama", "2026-01-01T00:00Z")
    centre = api("GET", "/v1/users/ann/graph").json
    about_ann = {"Item:f1", "Item:f2", "Interest:drama"}
    assert {node["id"] for node in centre["nodes"]} == {"User:ann", "User:bob", *about_ann}
    assert {
        "from": "User:ann",
        "to": "Interest:drama",
        "type": "INTERESTED_IN",
        "weight": 0.8,
        "detail": "likes, long",
    } in (centre["edges"])
    assert "Item:f2" in str(api("GET", "/v1/graph/Attribute/genre%3DDrama").json["nodes"])
    assert "User:ann" in str(api("GET", "/v1/graph/Interest/drama").json["nodes"])
    assert "Attribute:genre=Drama" in str(api("GET", "/v1/graph/Item/f1").json["nodes"])
    assert api("GET", "/v1/graph/Interest/nothing").status_code == 404
    assert api("GET", "/v1/graph/ApiKey/x").status_code == 422


def test_an_export_holds_everything_and_erasure_leaves_nothing(api, client, films):
    api("PUT", "/v1/users/ann", "write", json={"attributes": {"age": ["33 and only"], "country": ["fr"]}})
    api("PUT", "/v1/users/bob", "write", json={"attributes": {"country": ["fr"]}})
    api(
        "POST",
        "/v1/events",
        "write",
        json={"event_id": "own", "user_id": "ann", "item_id": "only-ann", "kind": "post", "text": "my own words"},
    )
    add_interest(client, "ann", "drama", "2026-01-01T00:00Z", evidence=["e0", "e1"])
    client.run_text("MATCH (a:User {user_id: 'ann'}), (b:User {user_id: 'bob'}) CREATE (b)-[:FOLLOWS]->(a) "
                    "MERGE (a)-[:SIMILAR_TO]->(b) MERGE (b)-[:SIMILAR_TO]->(a)")  # fmt: skip
    export = api("GET", "/v1/users/ann/export", "admin").json
    assert [event["event_id"] for event in export["events"]] == ["e0", "e1", "own"]
    assert [event.get("text") for event in export["events"]] == [None, None, "my own words"]
    assert export["attributes"] == {"age": ["33 and only"], "country": ["fr"]}
    assert export["interests"][0]["evidence"] == ["e0", "e1"] and export["followed_by"][0]["user_id"] == "bob"
    removed = api("DELETE", "/v1/users/ann", "admin").json["removed"]
    written = {"events": 3, "searches": 0, "queries": 0, "interests": 1}
    assert removed == written | {"ties": 1, "similarities": 2, "attributes": 1, "items": 1}
    everything = str(
        client.run_text("MATCH (n) OPTIONAL MATCH (n)-[r]->() RETURN properties(n) AS n, collect(properties(r)) AS r")
    )
    for trace in ("'ann'", "'e0'", "'e1'", "'own'", "only-ann", "33 and only", "my own words"):
        assert trace not in everything, trace
    assert client.run_text("MATCH (n:Interest {name: 'drama'}) RETURN n.users AS users") == [{"users": 0}]
    assert api("GET", "/v1/users/ann").status_code == 404
    assert api("GET", "/v1/users/bob").json["attributes"] == {"country": ["fr"]}


def test_removing_an_item_removes_evidence_that_was_its_events(api, client, films):
    add_interest(client, "ann", "drama", "2026-01-01T00:00Z", evidence=["e0", "e1"])
    add_interest(client, "ann", "zone", "2026-01-01T00:00Z", evidence=["e0"])
    assert api("DELETE", "/v1/items/f1", "admin").json["removed"] == {"events": 2, "interests": 1, "attributes": 0}
    left = api("GET", "/v1/users/ann/interests").json["interests"]
    assert [(one["name"], one["evidence"]) for one in left] == [("drama", ["e1"])]


def test_who_follows_is_told_and_nobody_is_not_less_ready(http, client, api):
    collect_events(client, [{"user_id": "u", "item_id": "i", "kind": "view"}])
    client.run_text("MATCH (u:User) SET u.due = timestamp() - 60000")
    answer = http.get("/health/ready")
    assert answer.status_code == 200
    assert (answer.json["followers"], answer.json["followers_lost"]) == ([], 0) and answer.json["waiting_seconds"] >= 60
    assert 'interestgraph_followers{role="events"} 0.0' in http.get("/metrics").get_data(as_text=True)
    with present(client, "follow events"):
        (one,) = http.get("/health/ready").json["followers"]
        assert one["role"] == "events" and set(one) == {"role", "since_seconds", "seen_seconds"}
        text = http.get("/metrics").get_data(as_text=True)
        assert 'interestgraph_followers{role="events"} 1.0' in text
        assert float(re.search(r"\ninterestgraph_waiting_seconds (\S+)", text)[1]) >= 60
        client.run_text("MATCH (l:Lease) SET l.until = 0")
        assert http.get("/health/ready").json["followers_lost"] == 1


def test_health_and_metrics_need_no_key(http, client, api):
    assert http.get("/health/live").json == {"status": "live"}
    assert http.get("/health/ready").json["status"] == "ready"
    http.get("/v1/users/somebody-private", headers={"X-API-Key": api.keys["read"]})
    text = http.get("/metrics").get_data(as_text=True)
    assert 'route="/v1/users/<id:user_id>",status="404"' in text and "somebody-private" not in text
    client.run_text("MATCH (k:ApiKey) DELETE k")
    response = http.get("/health/ready")
    assert response.status_code == 503 and "keys create" in response.json["detail"]


def test_the_description_is_openapi_3_1_and_names_every_route(http, app):
    document = http.get("/openapi.json").json
    assert document["openapi"].startswith("3.1")
    routes = {
        rule.rule.replace("<id:", "{").replace("<", "{").replace(">", "}")
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(("/v1/", "/health/"))
    }
    assert routes <= document["paths"].keys()
    operation = document["paths"]["/v1/users/{user_id}/recommendations"]["get"]
    assert {parameter["name"] for parameter in operation["parameters"]} == {
        "user_id",
        "k",
        "explain",
        "at",
        "channel",
        "diversity",
        "explore",
        "fallback",
    }
    assert "application/problem+json" in operation["responses"]["422"]["content"]
    assert operation["security"] == [{"key": []}] and "key" in document["components"]["securitySchemes"]
    for name in ("swagger-ui.css", "swagger-ui.js", "vis-network.js"):
        with http.get(f"/vendor/{name}") as response:
            assert response.status_code == 200
    assert http.get("/vendor/other.js").status_code == 404


def test_recommendations_as_of_a_time(api, films):
    now = api("GET", "/v1/users/ann/recommendations").json
    then = api("GET", "/v1/users/ann/recommendations?at=1998-01-01&explain=true").json
    assert then["at"] == "1998-01-01T00:00:00Z" and "at" not in now
    before = api("GET", "/v1/users/ann/recommendations?at=1990-01-01")
    assert before.status_code == 200 and before.json["recommendations"] == []
    for unreadable in ("soon", "0001-01-01T00:00:00%2B23:59"):
        assert api("GET", f"/v1/users/ann/recommendations?at={unreadable}").status_code == 422
        assert api("GET", f"/v1/users/ann/interests?at={unreadable}").status_code == 422
    refused = api("GET", "/v1/users/ann/recommendations?at=1998-01-01&explore=0.5")
    assert refused.status_code in (400, 422) and "explore" in refused.json["detail"]
