from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import numpy as np
import pytest
from neo4j.time import Date, DateTime

from graphstore.kinds import KINDS
from graphstore.ranking.candidates import NO_ROWS, UserFeatures
from graphstore.ranking.history import History
from graphstore.recommend.explanation import Known, display_name, explained, path_of, verb_phrase
from graphstore.recommend.paths import NO_PATH, Path, plain
from graphstore.recommend.reasons.parts import Part
from graphstore.recommend.reasons.reason import Reason

USER = {"label": "User", "key": "u1", "title": None}
ALIEN = {"label": "Item", "key": "i1", "title": "Alien (1979)"}
ALIENS = {"label": "Item", "key": "i2", "title": "Aliens (1986)"}
OTHER = {"label": "User", "key": "u2", "title": "Ripley"}
NAN = float("nan")
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
UNTIL = "2026-01-31T12:00:00Z"
ITEMS = SimpleNamespace(
    ids=["new", "alien", "heat", "up"],
    titles=["Aliens (1986)", "Alien (1979)", "Heat (1995)", None],
    interests={"sci-fi": 0, "crime": 1},
)


def hop(kind, **properties):
    return {"type": kind, "properties": properties}


SIMILAR, ABOUT = hop("SIMILAR_TO"), hop("ABOUT")
RATED = hop("RATED", value=5.0)
EVENT = hop("RATED", value=5.0, event_id="secret", at="2026-01-01T00:00:00Z", session_id="s")


def part(origin, key=None, share=0.25, items=(), **more):
    return Part(origin, key, 4 * share, share, more.pop("channel", "embedding"), items, **more)


def explain(*named, path=NO_PATH, counts=None, new=(), rest=(), until=NOW, neighbours=(), corrected=()):
    """Of the item "new", for a user who rated Alien 5, viewed Heat and bought Up."""
    history = History.of([1, 2, 3], ["RATED", "VIEWED", "PURCHASED"], [3.0, 2.0, 1.0], [5.0, NAN, NAN], (), [])
    features = UserFeatures(NO_ROWS, NO_ROWS, np.zeros((0, 3)), neighbours=neighbours, corrected=corrected)
    context = SimpleNamespace(catalogue=ITEMS, user=SimpleNamespace(history=history), features=features)
    known = Known(until, 14, {0: counts or {}}, {"sci-fi": "Sci-Fi"}, new)
    return explained(context, Reason(0, named, rest), path, known, "Aliens (1986)")


def said(*named, **options):
    return explain(*named, **options)["because"]


ALIEN_PART = part("event", "alien", 0.24, (1,))


def test_the_largest_parts_are_named_in_turn_each_with_its_share():
    popular = part("popularity", share=0.09, channel="popular")
    sci_fi = part("interest", "sci-fi", 0.31, (2, 3), liked=True)
    found = explain(ALIEN_PART, sci_fi, popular, counts={"ever": 500, "recent": 320}, rest=(part("event"),))
    assert found["because"] == (
        "Because you rated “Alien (1979)” 5 (24%);"
        " you like Sci-Fi, which this and 2 other items you chose are about (31%);"
        " 320 people chose or rated this in the 14 days up to 2026-01-31 (9%)."
    )
    assert found["reason"]["channel"] == "embedding"
    first, second, third, rest = found["reason"]["parts"]
    assert first == {
        **{"origin": "event", "key": "alien", "part": 0.96, "share": 0.24},
        **{"title": "Alien (1979)", "items": ["alien"]},
    }
    assert (second["title"], second["items"]) == ("Sci-Fi", ["heat", "up"])
    assert (third["people"], third["days"], third["until"]) == (320, 14, UNTIL)
    assert rest == {"origin": "event", "key": None, "part": 1.0, "share": 0.25}


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        (part("event", "heat", items=(2,)), "Because you viewed “Heat (1995)” (25%)."),
        (part("event", "up", items=(3,)), "Because you bought “up” (25%)."),
        (part("event", items=(1, 2)), "You chose 2 items close to this in what people choose (25%)."),
        (part("interest", "sci-fi", items=(1,)), "You liked 1 item about Sci-Fi (25%)."),
        (part("interest", "sci-fi", liked=True), "You like Sci-Fi, which this is about (25%)."),
        (part("attribute", "genre=A = b", items=(2, 2)), "You viewed 2 items with the same genre, A = b (25%)."),
        (
            part("attribute", "home_town=Rome"),
            "People who share your home town, Rome, choose this more often than others do (25%).",
        ),
        (part("vector"), "This is close to your taste as the model knows it (25%)."),
        (part("vector", share=0.0), "This is close to your taste as the model knows it."),
        (part("person", "ann"), "Because you follow ann, who chose this (25%)."),
    ],
)
def test_each_kind_of_part_has_its_words(named, sentence):
    assert said(named) == sentence


def test_an_interest_that_the_user_pinned_says_so():
    assert said(part("interest", "sci-fi", liked=True), corrected=[(0, "pin")]) == (
        "You pinned Sci-Fi, which this is about (25%)."
    )


def test_a_followed_user_is_named_with_what_they_did_and_no_event_of_theirs_is_shown():
    found = explain(part("person", "u2"), path=Path([USER, OTHER], [hop("FOLLOWS"), EVENT]))
    assert found["because"] == "Because you follow u2, who rated this 5 (25%)."
    assert found["path"][1:4] == [hop("FOLLOWS"), OTHER, hop("RATED", value=5.0)]


def test_a_similar_user_is_never_named_and_nothing_of_theirs_is_shown():
    ties = [(np.array([0, 1]), 0.0, 0.5), (np.array([2]), 0.0, 0.4), (np.array([0]), 1.0, 0.0)]
    path = Path([USER, OTHER], [hop("SIMILAR_TO", score=0.5, run="r"), EVENT])
    found = explain(part("people"), path=path, neighbours=ties)
    assert found["because"] == ("1 of the 2 people who choose most like you has this among their latest choices (25%).")
    assert (found["reason"]["people"], found["reason"]["of"]) == (1, 2)
    assert found["path"][1:4] == [SIMILAR, {"label": "User", "key": None, "title": None}, hop("RATED")]
    assert not any(word in str(found) for word in ("u2", "Ripley", "secret", "2026-01-01", "0.5"))


def popular(counts, **options):
    found = explain(part("popularity", channel="popular", share=0.5), counts=counts, **options)
    return found["because"].removesuffix(" (50%)."), {k: v for k, v in found["reason"].items() if k != "parts"}


def test_popularity_is_a_number_of_people_in_a_time_that_is_named():
    assert popular({"ever": 1500, "recent": 1200}) == (
        "1,200 people chose or rated this in the 14 days up to 2026-01-31",
        {"channel": "popular", "people": 1200, "days": 14, "until": UNTIL},
    )
    assert popular({"ever": 1, "recent": 1})[0] == "1 person chose or rated this so far"
    assert popular({"ever": 3, "recent": 3}, until=None)[0] == "3 people chose or rated this so far"
    assert popular({"times": 12_345}) == (
        "This was chosen or rated 12,345 times so far",
        {"channel": "popular", "times": 12_345},
    )


@pytest.mark.parametrize(("ever", "recent", "said_of"), [(50, 5, 5), (51, 5, 51), (40, 4, 40), (5, 5, 5), (94, 9, 94)])
def test_a_count_of_late_that_is_small_or_a_small_part_gives_way_to_that_of_all_time(ever, recent, said_of):
    sentence, stated = popular({"ever": ever, "recent": recent})
    assert stated["people"] == said_of
    assert ("days up to" in sentence, "days" in stated) == (said_of == recent,) * 2


def test_where_nothing_may_be_named_the_sentence_says_so():
    found = explain(counts={"ever": 30, "recent": 0})
    assert found["because"] == "Nothing of your own leads here: 30 people chose or rated this so far."
    assert (found["reason"]["channel"], found["reason"]["people"], found["path"]) == (None, 30, [])
    assert said() == "Nothing of your own leads here: nobody has chosen this yet."
    assert said(rest=(part("event"),)) == "Nothing that you liked leads here: nobody has chosen this yet."


def test_a_new_item_says_how_often_it_was_chosen_before_the_reason():
    for counts, words in (({"ever": 3}, "or rated by 3 people so far"), ({"ever": 0}, "by nobody so far")):
        assert said(ALIEN_PART, new={0}, counts=counts).startswith(f"New here, chosen {words}: because you rated")
    assert said(ALIEN_PART, new={0}).startswith("New here: because")


def test_a_path_is_nodes_and_relationships_in_turn_and_fits_in_json():
    at = DateTime.from_native(datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC))
    genre = {"label": "Interest", "key": "sci-fi", "title": "Sci-Fi"}
    path = path_of(Path([USER, ALIEN, genre], plain([hop("RATED", at=at), ABOUT, ABOUT])), ALIENS)
    assert [part.get("label") or part["type"] for part in path] == [
        *("User", "RATED", "Item", "ABOUT", "Interest", "ABOUT", "Item")
    ]
    assert path[1]["properties"]["at"] == "2024-01-02T03:04:05Z"
    assert path_of(NO_PATH, ALIENS) == [] and plain([at]) == ["2024-01-02T03:04:05Z"]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (hop("RATED", value=4.5), "rated it 4.5"),
        (hop("RATED", value=4.0), "rated it 4"),
        (hop("RATED", value=0.0), "rated it 0"),
        (hop("RATED"), "rated it"),
        ({"type": "RATED"}, "rated it"),
        (hop("LIKED", value=4.0), "liked it"),
        (hop("COMPLETED", value=3.0), "completed 3% of it"),
        (hop("COMPLETED", value=100.0), "completed it"),
        (hop("COMPLETED", value=-1.0), "completed it"),
        (hop("COMPLETED"), "completed it"),
        (hop("CLICKED"), "clicked on it"),
        (hop("ENROLLED"), "enrolled in it"),
        (hop("WISHED_FOR_AGAIN"), "wished for again it"),
    ],
)
def test_an_event_reads_as_what_was_done(event, expected):
    assert verb_phrase(event, "it") == expected


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_of_behaviour_reads_as_a_verb_in_lower_case(kind):
    words = verb_phrase(hop(kind.type), "it").removesuffix(" it")
    assert words.islower() and "_" not in words and words.split()[0].endswith(("ed", "bought"))


def test_a_node_is_called_by_its_title_or_its_key_and_items_stand_in_quotation_marks():
    assert display_name(ALIEN) == "“Alien (1979)”"
    assert (
        display_name({"label": "Item", "key": "i1", "title": None})
        == display_name({"label": "Item", "key": "i1"})
        == "“i1”"
    )
    assert display_name({"label": "Interest", "key": "sci-fi", "title": ""}) == "sci-fi"
    assert display_name({"label": "Item", "key": 7, "title": None}) == "“7”"


def test_a_title_has_at_most_eighty_characters_the_last_one_says_that_there_is_more():
    assert display_name({"label": "Interest", "key": "k", "title": "x" * 80}) == "x" * 80
    assert display_name({"label": "Interest", "key": "k", "title": "x" * 81}) == "x" * 79 + "…"


def test_times_become_text_however_deep_they_stand():
    zoned = DateTime.from_native(datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))))
    value = {"a": [Date(2024, 1, 2), {"b": (zoned,)}], "c": 1.5, "d": None, "e": "text+00:00"}
    expected = {"a": ["2024-01-02", {"b": ["2024-01-02T03:04:05+02:00"]}], "c": 1.5, "d": None, "e": "text+00:00"}
    assert plain(value) == expected
