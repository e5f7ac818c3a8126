import numpy as np
import pytest

from benchmarks.measures.cold_items import cold_items, last_items


class Letters:
    """Embeds a text as the share of each letter in its title, so that equal titles are nearest."""

    name, dimension = "letters", 26

    def encode(self, texts):
        counts = np.array([[text.casefold().count(chr(97 + n)) for n in range(26)] for text in texts], dtype=np.float32)
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)


def event(user_id, item_id, timestamp=None):
    return {"user_id": user_id, "item_id": item_id, "kind": "like", "timestamp": timestamp}


def test_text_finds_the_cold_item_that_is_like_what_the_user_had():
    items = [{"item_id": "a", "title": "aaa"}, {"item_id": "b", "title": "bbb"}]
    items += [{"item_id": f"cold{n}", "title": "b" * n + "a" * (40 - n)} for n in range(40)]
    train = [event("u", "a"), event("v", "b")]
    found = cold_items(train, [event("u", "cold0"), event("v", "cold0"), event("v", "cold39")], items, Letters())
    assert (found["candidates"], found["users"], found["random"]) == (40, 2, 0.5)
    assert found["content-kNN"]["recall@20"] == pytest.approx((1 + 0.5) / 2)


def test_without_text_there_is_only_chance_and_without_a_choice_only_the_number():
    train = [event("u", "a")]
    assert cold_items(train, [event("u", "x")], []) == {"candidates": 1, "users": 1, "random": 1.0}
    assert cold_items(train, [event("u", "a")], [{"item_id": "x", "title": "x"}]) == {"candidates": 1}


def test_the_last_twenty_items_count_each_once_and_all_where_there_is_no_time():
    train = [event("u", f"i{n % 30:02}", 1_000 + n) for n in range(60)] + [event("v", f"i{n}") for n in range(25)]
    last = last_items(train, ["u", "v"])
    assert last["u"] == [f"i{n:02}" for n in range(29, 9, -1)]
    assert len(last["v"]) == 25
