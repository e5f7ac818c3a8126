"""Keys, scopes, sessions and limits."""

from __future__ import annotations

import base64
import logging
import time
from dataclasses import replace
from functools import partial

import pytest

from graphstore.administration.keys import CACHE_SECONDS, KeyRing, any_key, create_key, hash_of, list_keys, revoke_key
from graphstore.errors import InputError, NotFound
from tests.web.test_errors import assert_problem
from web import create_app, rate_counters
from web.configuration import pseudonym_secret


def test_no_key_is_unauthorized_and_told_how(http):
    response = http.get("/v1/users/ann")
    assert_problem(response, 401, "X-API-Key")
    assert "X-API-Key" in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize("key", ["ig_wrong", "", "ig_" + "x" * 5000, "é"])
def test_a_wrong_key_is_unauthorized(http, keys, key):
    response = http.get("/v1/users/ann", headers={"X-API-Key": key})
    assert_problem(response, 401)
    assert "WWW-Authenticate" in response.headers


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/v1/events", "read"),
        ("PUT", "/v1/users/ann", "read"),
        ("PUT", "/v1/items/f1", "read"),
        ("GET", "/v1/users/ann", "write"),
        ("DELETE", "/v1/users/ann", "write"),
        ("DELETE", "/v1/items/f1", "write"),
        ("GET", "/v1/users/ann/export", "read"),
    ],
)
def test_a_key_of_another_scope_is_forbidden(api, method, path, scope):
    assert_problem(api(method, path, scope, json={}), 403, scope)


def test_admin_includes_the_other_scopes(api, films):
    assert api("GET", "/v1/users/ann", "admin").status_code == 200
    assert api("PUT", "/v1/users/ann", "admin", json={}).status_code == 200


def test_every_route_needs_a_key_unless_it_is_one_of_these(app):
    from web.access import scope_of

    open_routes = {
        rule.rule for rule in app.url_map.iter_rules() if scope_of(app.view_functions[rule.endpoint], "GET") is None
    }
    assert open_routes == {
        "/health/live", "/health/ready", "/metrics", "/openapi.json", "/docs", "/vendor/<name>", "/login", "/logout",
    }  # fmt: skip


def test_a_key_is_stored_as_its_hash_only(client):
    key = create_key(client, "shop", ["read", "write"])
    assert key.startswith("ig_") and len(key) > 40
    stored = client.run_text("MATCH (k:ApiKey) RETURN properties(k) AS properties")
    assert (
        stored[0]["properties"]["key_hash"] == hash_of(key)
        and key not in str(stored)
        and key not in str(list_keys(client))
    )
    assert KeyRing(client).verify(key).scopes == {"read", "write"}


def test_keys_need_a_free_name_and_known_scopes(client):
    create_key(client, "shop", ["read"])
    with pytest.raises(InputError, match="in force"):
        create_key(client, "shop", ["read"])
    with pytest.raises(InputError, match="root"):
        create_key(client, "other", ["root"])
    with pytest.raises(InputError, match="none"):
        create_key(client, "other", [])
    with pytest.raises(NotFound):
        revoke_key(client, "nobody's")


def test_a_revoked_key_stops_working_once_it_is_no_longer_cached(client, config, keys, monkeypatch):
    seconds = [0.0]
    monkeypatch.setattr("web.KeyRing", partial(KeyRing, timer=lambda: seconds[0]))
    http, headers = create_app(config).test_client(), {"X-API-Key": keys["read"]}
    assert http.get("/v1/users/x", headers=headers).status_code == 404
    revoke_key(client, "test read")
    assert any_key(client)
    seconds[0] = CACHE_SECONDS - 0.1
    assert http.get("/v1/users/x", headers=headers).status_code == 404
    seconds[0] = CACHE_SECONDS + 0.1
    assert http.get("/v1/users/x", headers=headers).status_code == 401


def test_too_many_requests_with_a_key_are_told_when_to_come_back(limited):
    statuses = [limited("GET", "/v1/users/x").status_code for _ in range(3)]
    assert statuses == [404, 404, 404]
    response = limited("GET", "/v1/users/y")
    assert_problem(response, 429, "3 per 1 minute")
    assert 0 < int(response.headers["Retry-After"]) <= 60
    assert limited("GET", "/v1/users/x", "admin").status_code == 404, "another key has its own limit"


def test_a_clock_that_is_put_back_shuts_nobody_out(limited, monkeypatch):
    for _ in range(4):
        limited("GET", "/v1/users/x")
    started = time.time()
    monkeypatch.setattr(time, "time", lambda: started - 7200)
    response = limited("GET", "/v1/users/x")
    assert response.status_code == 429 and int(response.headers["Retry-After"]) <= 60
    assert int(response.headers["X-RateLimit-Reset"]) <= started - 7200 + 61
    passed = time.monotonic() + 61
    monkeypatch.setattr(time, "monotonic", lambda: passed)
    assert limited("GET", "/v1/users/x").status_code == 404


def test_counters_are_bounded_however_many_addresses_guess(monkeypatch):
    monkeypatch.setattr(rate_counters, "MOST_COUNTERS", 5)
    counters = rate_counters.Counters()
    for number in range(20):
        counters.incr(f"address {number}", 60)
    assert counters.reset() == 5


def test_guessing_keys_is_slowed_down(limited):
    guesses = [limited.http.get("/v1/users/x", headers={"X-API-Key": f"ig_{n}"}) for n in range(3)]
    assert [guess.status_code for guess in guesses] == [401, 401, 429]
    assert "Retry-After" in guesses[2].headers
    assert limited("GET", "/v1/users/x").status_code == 404, "a good key is not affected"


def test_a_person_logs_in_with_a_key_and_out_again(http, keys):
    assert http.get("/").headers["Location"].startswith("/login")
    assert http.post("/login", data={"key": "ig_wrong"}).status_code == 401
    response = http.post("/login", data={"key": keys["read"], "next": "/dashboard"})
    assert (response.status_code, response.headers["Location"]) == (302, "/dashboard")
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Secure" not in cookie
    assert http.get("/").status_code == 200
    http.post("/logout")
    assert http.get("/").status_code == 302


def token_of(response):
    return response.headers["Set-Cookie"].partition("=")[2].partition(";")[0]


def shown(config, token):
    """Whether another serving process shows a page to who has this token."""
    http = create_app(config).test_client()
    http.set_cookie("interestgraph", token)
    return http.get("/").status_code == 200


def test_the_cookie_says_nothing_of_the_key_and_over_tls_never_travels_without_it(http, keys):
    response = http.post("/login", data={"key": keys["read"]}, base_url="https://localhost")
    assert "; Secure" in response.headers["Set-Cookie"]
    token = token_of(response)
    decoded = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert len(decoded) == 32 and keys["read"].encode() not in decoded


def test_a_session_holds_in_every_process_until_its_owner_logs_out(http, config, keys, client):
    token = token_of(http.post("/login", data={"key": keys["read"]}))
    assert shown(config, token) and token not in str(client.run_text("MATCH (s:Session) RETURN properties(s) AS s"))
    http.post("/logout")
    assert not shown(config, token)
    http.set_cookie("interestgraph", token)
    assert http.get("/").status_code == 302


def test_a_session_ends_with_its_key_and_with_its_time(http, config, keys, client):
    tokens = [token_of(http.post("/login", data={"key": keys[scope]})) for scope in ("read", "admin")]
    client.run_text("MATCH (s:Session) SET s.expires_at = datetime() + duration({seconds: -1})")
    assert not shown(config, tokens[1])
    client.run_text("MATCH (s:Session) SET s.expires_at = datetime() + duration({hours: 1})")
    assert shown(config, tokens[1]) and shown(config, tokens[0])
    revoke_key(client, "test read")
    assert not shown(config, tokens[0]) and shown(config, tokens[1])
    assert client.run_text("MATCH (s:Session) RETURN count(s) AS left") == [{"left": 1}]


def test_a_key_has_a_bounded_number_of_sessions(http, keys, client, monkeypatch):
    monkeypatch.setattr("graphstore.administration.sessions.SESSIONS_OF_A_KEY", 2)
    for scope in ("read", "admin", "read", "read"):
        http.post("/login", data={"key": keys[scope]})
    assert client.run_text("MATCH (s:Session) RETURN count(s) AS left") == [{"left": 3}]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://["])
def test_another_site_can_neither_log_a_person_in_nor_out(http, keys, origin):
    for path in ("/login", "/logout"):
        response = http.post(path, data={"key": keys["read"]}, headers={"Origin": origin})
        assert response.status_code == 403 and "Set-Cookie" not in response.headers
    assert http.post("/login", data={"key": keys["read"]}, headers={"Origin": "http://localhost"}).status_code == 302
    assert http.delete("/v1/users/x", headers={"Origin": origin}).status_code == 403


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "http://[",
        "///evil.example",
        "/a\nb",
        "/\r\nSet-Cookie:a=b",
    ],
)
def test_logging_in_never_leads_off_the_site(http, keys, target):
    assert http.get("/login", query_string={"next": target}).status_code == 200
    response = http.post("/login", data={"key": keys["read"], "next": target})
    assert response.headers["Location"] == "/"


def test_a_session_is_of_no_use_to_other_sites(http, keys):
    http.post("/login", data={"key": keys["admin"]})
    assert http.get("/v1/users/x").status_code == 404
    response = http.delete("/v1/users/x", headers={"Origin": "https://evil.example"})
    assert_problem(response, 403)


def test_the_secret_of_the_log_is_kept_and_private(tmp_path):
    secret = pseudonym_secret(tmp_path / "home")
    assert pseudonym_secret(tmp_path / "home") == secret and len(secret) == 32
    assert (tmp_path / "home" / "session.key").stat().st_mode & 0o777 == 0o600


def test_the_log_holds_no_key_and_no_user_id(config, keys, caplog):
    http = create_app(replace(config)).test_client()
    caplog.set_level(logging.DEBUG, "interestgraph")
    headers = {"X-API-Key": keys["read"], "X-Request-ID": "mine-1"}
    assert http.get("/v1/users/secret-person/interests", headers=headers).headers["X-Request-ID"] == "mine-1"
    line = next(record for record in caplog.records if record.name == "interestgraph.access")
    assert (
        line.fields["request_id"] == "mine-1" and line.fields["key"] == "test read" and len(line.fields["user"]) == 12
    )
    text = str([(record.getMessage(), getattr(record, "fields", "")) for record in caplog.records])
    assert keys["read"] not in text and "secret-person" not in text


def test_request_ids_are_made_and_strange_ones_replaced(http):
    assert len(http.get("/health/live").headers["X-Request-ID"]) == 32
    assert http.get("/health/live", headers={"X-Request-ID": "a b\t"}).headers["X-Request-ID"] != "a b\t"


def test_pages_forbid_inline_scripts_and_other_hosts(http):
    policy = http.get("/login").headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy and "unsafe" not in policy and "http" not in policy
    for path in ("/login", "/docs"):
        text = http.get(path).get_data(as_text=True)
        assert "<script>" not in text and "style=" not in text and "//cdn" not in text
