"""The production server: starts, refuses, answers what the application never sees, stops."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from dataclasses import replace

import pytest

from graphstore import Settings
from graphstore.administration.keys import create_key
from graphstore.database.client import Client
from graphstore.errors import InputError, NotReady
from web import create_app
from web.configuration import WebConfig
from web.serving import make_server, serve


def test_ids_with_slashes_go_through_the_real_server(port, keys):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/users/a%2Frecommendations",
        data=b"{}",
        method="PUT",
        headers={"X-API-Key": keys["write"], "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:
        assert response.status == 201 and json.load(response)["user_id"] == "a/recommendations"


def test_a_body_of_50_mb_is_refused_before_it_is_read(port, keys):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"X-API-Key": keys["write"], "Content-Type": "application/json", "Content-Length": "50000000"}
    connection.putrequest("POST", "/v1/events")
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders(b"[")
    response = connection.getresponse()
    assert (response.status, response.getheader("Content-Type")) == (413, "application/problem+json")
    assert json.load(response)["status"] == 413
    connection.close()


def test_a_malformed_request_is_a_problem_too(port):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n")
        answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 400") and b"application/problem+json" in answer


def test_it_refuses_to_start_without_a_key_and_says_how_to_make_one(client: Client, tmp_path):
    kept_open = client.under(None)
    kept_open.close = lambda: None
    config = WebConfig(settings=Settings(home=tmp_path), client=kept_open)
    with pytest.raises(NotReady, match="keys create"):
        serve(config.settings, port=0, config=config)


def test_a_taken_port_is_named(app):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"Port {port} on 127.0.0.1 is taken"):
            make_server(app, "127.0.0.1", port, threads=1)
    with pytest.raises(InputError, match="70000"):
        make_server(app, "127.0.0.1", 70_000, threads=1)
    with pytest.raises(InputError, match=r"host\.invalid"):
        make_server(app, "host.invalid", 0, threads=1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_when_told(client, neo4j_settings, tmp_path, number):
    create_key(client, "one", ["read"])
    program = (
        "import os, pathlib; from graphstore import Settings; from web.serving import serve; e = os.environ; "
        "serve(Settings(pathlib.Path(e['AT']), e['URI'], e['NAME'], e['WORD']), port=0, "
        "announce=lambda text: print(text, flush=True))"
    )
    given = {"AT": str(tmp_path), "URI": neo4j_settings.neo4j_uri, "NAME": neo4j_settings.neo4j_username}
    environ = {**os.environ, **given, "WORD": neo4j_settings.neo4j_password}
    process = subprocess.Popen([sys.executable, "-c", program], env=environ, stdout=subprocess.PIPE, text=True)
    with process:
        address = process.stdout.readline().split()[2]
        with urllib.request.urlopen(f"{address}health/ready") as response:
            assert json.load(response)["status"] == "ready"
        process.send_signal(number)
        assert process.wait(30) == 0


def test_a_graph_that_is_gone_answers_503_with_when_to_come_back(config, keys):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        gone = Client(f"bolt://127.0.0.1:{nobody.getsockname()[1]}", "neo4j", "x", retry_seconds=1.0)
        http = create_app(replace(config, client=gone)).test_client()
        for path in ("/v1/users/x", "/health/ready"):
            response = http.get(path, headers={"X-API-Key": keys["read"]})
            assert (response.status_code, response.content_type) == (503, "application/problem+json")
            assert int(response.headers["Retry-After"]) > 0
        assert http.get("/health/live").status_code == 200
        gone.close()


def test_a_variable_that_cannot_be_used_is_named():
    with pytest.raises(InputError, match="INTERESTGRAPH_TRUSTED_PROXIES"):
        WebConfig.from_environment({"INTERESTGRAPH_TRUSTED_PROXIES": "two"})


def test_serving_never_loads_torch():
    check = "import sys, web, web.serving; sys.exit('torch' in sys.modules or 'gnn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check]).returncode == 0
