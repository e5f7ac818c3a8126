"""The web application, the follower and Neo4j are killed with SIGKILL at random points under load, and batches are sent
again until they are accepted: the graph ends as one that nobody disturbed, node by node."""

import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress

import numpy as np
import pytest

from tests.fixtures.processes import environment, finish, kill_neo4j, query

USERS, ITEMS, BATCHES, ROWS = 25, 40, 24, 10
START = 1_700_000_000
SEED = int(os.environ.get("INTERESTGRAPH_TEST_SEED", "0"))
ROUNDS = int(os.environ.get("INTERESTGRAPH_TEST_ROUNDS", "1"))
pytestmark = pytest.mark.slow

SETTLED = """
MATCH (f:Feed {name: 'changes'})
OPTIONAL MATCH (lane:Feed {name: 'neighbourhoods'})
RETURN f.seq AS seq, timestamp() AS now, coalesce(lane.done, 0) AS done,
       COUNT { MATCH (n:User|Item) WHERE n.due IS NOT NULL OR n.idle_due IS NOT NULL RETURN n } AS marks
"""
NODES = """
MATCH (n:User|Item)
RETURN coalesce(n.user_id, n.item_id) AS id, n.popularity AS popularity, n.ever_popular AS ever_popular,
       n.is_new AS is_new, n.embedding AS embedding, n.recent_at AS recent_at, coalesce(n.due, n.idle_due) AS due
ORDER BY id
"""
EVENTS = """
MATCH (u:User)-[b]->(i:Item)
RETURN u.user_id AS user, i.item_id AS item, type(b) AS type, b.event_id AS event_id, b.at AS at, b.value AS value
ORDER BY event_id
"""
INTERESTS = """
MATCH (u:User)-[r:INTERESTED_IN]->(n:Interest)
WHERE r.valid_to IS NULL
RETURN u.user_id AS user, n.name AS name, r.polarity AS polarity, r.horizon AS horizon, r.weight AS weight,
       r.evidence AS evidence
ORDER BY user, name, polarity, horizon
"""
TOGETHER = """
MATCH (a:Item)-[s:SIMILAR_TO]->(b:Item)
RETURN a.item_id AS source, b.item_id AS target
ORDER BY source, s.score DESC, target
"""
OVERLAPPING = """
MATCH (u:User)-[r:INTERESTED_IN]->(n:Interest)
WITH u, n, r.polarity AS polarity, r.horizon AS horizon, collect(r) AS rs
WHERE size([r IN rs WHERE r.valid_to IS NULL]) > 1
   OR any(r IN rs WHERE r.valid_to < r.valid_from)
RETURN count(*) AS wrong
"""


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A home after all stages, stopped; to be copied. A key is in key.txt."""
    home = tmp_path_factory.mktemp("prepared")
    rng = random.Random(SEED)
    genres = ["Drama", "Horror", "Comedy"]
    items = [{"item_id": f"i{n}", "title": f"Tale {n}", "attributes": {"genre": [genres[n % 3]]}} for n in range(ITEMS)]
    events = [
        {"user_id": f"u{u}", "item_id": f"i{(u % 3 + 3 * rng.randrange(ITEMS)) % ITEMS}", "kind": "like",
         "event_id": f"h{u}-{n}", "timestamp": START - rng.randrange(90 * 86_400)}
        for u in range(USERS) for n in range(8)
    ]  # fmt: skip
    finish(home, "collect", "--items", write_lines(home / "items.jsonl", items), "--events",
           write_lines(home / "events.jsonl", events))  # fmt: skip
    finish(home, "extract")
    finish(home, "build")
    finish(home, "update", "--full")
    key = finish(home, "keys", "create", "test", "--scopes", "read,write")["key"]
    (home / "key.txt").write_text(key)
    finish(home, "server", "stop")
    return home


@pytest.fixture
def copy(prepared, tmp_path):
    """A maker of copies of the prepared home, whose Neo4j are ended afterwards."""
    made = []

    def make(name):
        home = shutil.copytree(prepared, tmp_path / name)
        made.append(home)
        return home

    yield make
    for home in made:
        with suppress(Exception):
            kill_neo4j(home)


class Programs:
    """The web application and the follower on one home; whichever ends is started again."""

    def __init__(self, home):
        self.home = home
        self.key = (home / "key.txt").read_text()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.commands = {
            "web": ["serve", "--port", str(self.port)],
            "follower": ["update", "--follow", "--workers", "2"],
        }
        self.processes = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exception):
        self._stop.set()
        self._thread.join()
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            process.kill()

    def _keep(self):
        while not self._stop.wait(0.2):
            for name, arguments in self.commands.items():
                process = self.processes.get(name)
                if process is None or process.poll() is not None:
                    command = [sys.executable, "-m", "interestgraph", *arguments]
                    self.processes[name] = subprocess.Popen(
                        command, env=environment(self.home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                    )

    def kill(self, what):
        if what == "neo4j":
            with suppress(Exception):
                kill_neo4j(self.home)
        elif what == "worker":
            for child in children(self.processes.get("follower")):
                os.kill(child, signal.SIGKILL)
                return
        elif what in self.processes:
            self.processes[what].kill()

    def post(self, rows):
        """Send a batch until it is accepted."""
        deadline = time.monotonic() + 240
        while time.monotonic() < deadline:
            status, body = self._ask(rows)
            if status == 202:
                assert body["rejected"] == [] and body["accepted"] + body["duplicates"] == len(rows)
                return
            assert status in (None, 500, 503), body
            time.sleep(0.3)
        raise AssertionError("a batch was never accepted")

    def _ask(self, rows):
        """Status and body of the answer; None where there was none."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/v1/events",
            json.dumps(rows).encode(),
            {"X-API-Key": self.key, "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except (OSError, http.client.HTTPException, ValueError) as error:
            return None, error

    def settle(self):
        """Wait until no mark is left and both lanes have nothing to do: the neighbourhoods' lane has noted that it was
        done at a moment since which nothing has changed."""
        deadline, still, seq = time.monotonic() + 180, None, None
        while time.monotonic() < deadline:
            with suppress(Exception):
                state = query(self.home, SETTLED)[0]
                if state["marks"] or state["seq"] != seq:
                    still, seq = state["now"], state["seq"]
                elif state["done"] > still:
                    return
            time.sleep(0.5)
        raise AssertionError("marks were left")


def children(process):
    import psutil

    with suppress(psutil.Error, AttributeError):
        return [child.pid for child in psutil.Process(process.pid).children()]
    return []


def batches():
    rng = random.Random(SEED + 1)
    rows = [
        {"event_id": f"e{n}", "user_id": f"u{rng.randrange(USERS + 3)}", "item_id": f"i{rng.randrange(ITEMS + 3)}",
         "kind": rng.choice(["like", "view", "dislike", "rate"]), "timestamp": START + 60 * n - rng.randrange(7_200)}
        for n in range(BATCHES * ROWS)
    ]  # fmt: skip
    for row in rows:
        if row["kind"] == "rate":
            row["value"] = float(rng.choice([1, 3, 5]))
    return [rows[start : start + ROWS] for start in range(0, len(rows), ROWS)]


def played(home, kills):
    """The graph after all batches, with something killed before some of them."""
    with Programs(home) as programs:
        for number, rows in enumerate(batches()):
            for what in kills.get(number, ()):
                threading.Timer(random.random() * 0.3, programs.kill, [what]).start()
            programs.post(rows)
            if number % 7 == 0:
                programs.post(rows)  # a client that was not sure
        programs.settle()
    texts = {"nodes": NODES, "events": EVENTS, "interests": INTERESTS, "together": TOGETHER}
    found = {name: query(home, text) for name, text in texts.items()}
    assert query(home, OVERLAPPING)[0]["wrong"] == 0
    return found


def alike(one, other):
    """The cosine of two vectors; 1 if neither is there."""
    if one is None or other is None:
        return float(one is other)
    a, b = np.array(one), np.array(other)
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def together(found):
    """The pairs of items that go together best: the ten first of each."""
    best = {}
    for row in found["together"]:
        best.setdefault(row["source"], []).append(row["target"])
    return {(source, target) for source, targets in best.items() for target in targets[:10]}


def test_killed_at_random_points_the_graph_ends_as_one_that_nobody_disturbed(copy):
    rng = random.Random(SEED + 2)
    kills = {}
    for _ in range(ROUNDS):
        for what in ("web", "follower", "worker", "neo4j"):
            kills.setdefault(rng.randrange(BATCHES), []).append(what)
    calm, disturbed = played(copy("calm"), {}), played(copy("disturbed"), kills)
    assert disturbed["events"] == calm["events"] and len(calm["events"]) == USERS * 8 + BATCHES * ROWS
    cosines = []
    for name in ("nodes", "interests"):
        assert len(disturbed[name]) == len(calm[name])
        for one, other in zip(calm[name], disturbed[name], strict=True):
            for key, value in one.items():
                if key == "embedding":  # rests on what goes together, which is derived anew only when enough has moved
                    cosines.append(alike(value, other[key]))
                    continue
                expected = pytest.approx(value, abs=1e-5) if isinstance(value, float) else value
                assert other[key] == expected, (name, one.get("id") or one.get("user"), key)
    assert np.mean(cosines) > 0.95
    one, other = together(calm), together(disturbed)
    assert len(one & other) > 0.8 * len(one | other)
