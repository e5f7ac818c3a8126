"""Another model is made the active one while recommendations are asked for: no answer is empty, mixed, or an error."""

import dataclasses
import threading

import pytest

from gnn.extract.stage import extract
from gnn.update import stage
from graphstore.build.stage import build
from tests.fixtures.films import CountingEncoder, club
from tests.fixtures.storing import store

QUICK = {"epochs": 2, "cuts": 8, "batch_users": 8}
USERS = [f"{side}{n}" for side in "ch" for n in range(8)]


def lists(api, user_ids=USERS):
    """Answers computed live: (model version, the list with its scores)."""
    found = {}
    for user_id in user_ids:
        answer = api(
            "GET", f"/v1/users/{user_id}/recommendations?k=5&explain=true", headers={"Cache-Control": "no-cache"}
        )
        assert answer.status_code == 200, answer.json
        rows = answer.json["recommendations"]
        found[user_id] = answer.json["model_version"], [(row["item_id"], round(row["score"], 6)) for row in rows]
    return found


@pytest.mark.parametrize("slowly", [False, True])
def test_while_another_model_takes_over_every_answer_is_of_one_model(
    client, api, config, tmp_path, monkeypatch, slowly
):
    settings = dataclasses.replace(config.settings, home=tmp_path)
    store(client, tmp_path, **club())
    extract(client, settings, encoder=CountingEncoder())
    build(client)
    first = stage.update(client, settings, full=True, **QUICK)["version"]
    before = lists(api)
    assert {version for version, _ in before.values()} == {first}
    seen, stop = [], threading.Event()

    def ask():
        while not stop.is_set():
            seen.extend(lists(api, USERS[::3]).items())
            stop.wait(0.05)  # within the rate limit of a key

    if slowly:  # the new embeddings wait for a while beside the old ones
        settle = stage.embeddings.settle
        monkeypatch.setattr(stage.embeddings, "settle", lambda *a, **m: (threading.Event().wait(3), settle(*a, **m)))
    asking = threading.Thread(target=ask)
    asking.start()
    second = stage.update(client, settings, full=True, seed=7, **QUICK)["version"]
    threading.Event().wait(2)
    stop.set()
    asking.join(30)
    after = lists(api)
    for _ in range(50):  # the catalogue is read again in the background
        if {version for version, _ in after.values()} == {second}:
            break
        threading.Event().wait(0.2)
        after = lists(api)
    assert {version for version, _ in after.values()} == {second}
    assert len(seen) > 20 and all(rows for _, (_, rows) in seen)
    for user_id, answer in seen:
        assert answer in (before[user_id], after[user_id]), user_id
