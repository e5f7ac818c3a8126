from datetime import UTC, datetime, timedelta, timezone

import pytest
from neo4j.time import Date, DateTime

from graphstore.kinds import KINDS
from graphstore.recommend.explanation import Chosen, display_name, explained, path_of, plain, verb_phrase
from graphstore.recommend.reasons.reason import Reason

USER = {"label": "User", "key": "u1", "title": None}
ALIEN = {"label": "Item", "key": "i1", "title": "Alien (1979)"}
ALIENS = {"label": "Item", "key": "i2", "title": "Aliens (1986)"}
OTHER = {"label": "User", "key": "u2", "title": "Ripley"}
INTEREST = {"label": "Interest", "key": "sci-fi", "title": "Sci-Fi"}
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
COUNTS = {"of": 146, "people": 52, "later": 11}


def hop(kind, **properties):
    return {"type": kind, "properties": properties}


SIMILAR, FOLLOWED_BY, ABOUT = (hop(t) for t in ("SIMILAR_TO", "FOLLOWED_BY", "ABOUT"))
RATED = hop("RATED", value=5.0)


def explain(channel, *path, counts=None, new=False, until=NOW, **known):
    """path: first hop, the node in between, second hop; nothing for none."""
    nodes, hops = ([USER, path[1]], [path[0], path[2]]) if path else (None, None)
    return explained(Reason(0, channel, **known), nodes, hops, counts or {}, ALIENS, Chosen(until, 14, new))


def said(*arguments, **options):
    found = explain(*arguments, **options)
    return found["because"], found["reason"]


def test_similar_items_say_what_the_user_did_and_how_many_chose_both():
    assert said("similar", RATED, ALIEN, SIMILAR, counts=COUNTS) == (
        "Because you rated “Alien (1979)” 5: 52 of the 146 other people who chose or rated it did so with this too.",
        {"channel": "similar", "people": 52, "of": 146},
    )
    one = {"of": 1, "people": 1, "later": 0}
    assert said("similar", hop("PURCHASED"), ALIEN, SIMILAR, counts=one)[0] == (
        "Because you bought “Alien (1979)”: the one other person who chose or rated it did so with this too."
    )


def test_transitions_say_how_many_went_on_to_it_and_never_that_they_often_did():
    assert said("transitions", RATED, ALIEN, FOLLOWED_BY, counts=COUNTS) == (
        "Because you rated “Alien (1979)” 5: "
        "11 of the 146 other people who chose or rated it did so with this after it.",
        {"channel": "transitions", "people": 11, "of": 146},
    )
    at_once = COUNTS | {"later": 0}
    assert said("transitions", RATED, ALIEN, FOLLOWED_BY, counts=at_once)[0].endswith(
        "52 of the 146 other people who chose or rated it did so with this too."
    )


def test_of_too_many_people_no_number_is_made_up():
    assert said("similar", RATED, ALIEN, SIMILAR) == (
        "Because you rated “Alien (1979)” 5: people who chose or rated it did so with this too, too many to count.",
        {"channel": "similar"},
    )


def test_a_relationship_that_nobody_made_yet_is_no_reason():
    counts = {"of": 3, "people": 0, "later": 0, "ever": 7, "recent": 6}
    found = explain("similar", RATED, ALIEN, SIMILAR, counts=counts)
    assert found["because"] == "6 people chose or rated this in the 14 days up to 2026-01-31." and found["path"] == []


@pytest.mark.parametrize(
    ("likes", "events", "sentence"),
    [
        ({}, 12, "You like Sci-Fi (12 of your events), and this is about it."),
        ({}, 1, "You like Sci-Fi (1 of your events), and this is about it."),
        ({}, 20, "You like Sci-Fi (at least 20 of your events), and this is about it."),
        ({}, 0, "You like Sci-Fi, and this is about it."),
        ({"extracted_by": "user"}, 0, "You pinned Sci-Fi, and this is about it."),
    ],
)
def test_an_interest_says_on_how_many_events_it_rests_or_that_it_is_pinned(likes, events, sentence):
    found = said("interests", hop("INTERESTED_IN", **likes), INTEREST, ABOUT, counts={"events": events})
    assert found == (sentence, {"channel": "interests", "events": events})


EVENT = hop("RATED", value=5.0, event_id="secret", at="2026-01-01T00:00:00Z", session_id="s")


def test_a_followed_user_is_named_with_what_they_did_and_no_event_of_theirs_is_shown():
    found = explain("social", hop("FOLLOWS"), OTHER, EVENT, person=("u2", "FOLLOWS"), people=2, of=7)
    assert (
        found["because"]
        == "Ripley, whom you follow, rated this 5 (2 of the 7 people you follow have it among their latest choices)."
    )
    assert found["reason"] == {"channel": "social", "people": 2, "of": 7}
    assert found["path"] == [USER, hop("FOLLOWS"), OTHER, hop("RATED", value=5.0), ALIENS]
    alone = explain("social", hop("FOLLOWS"), OTHER, EVENT, person=("u2", "FOLLOWS"), people=1, of=1)
    assert alone["because"] == "Ripley, whom you follow, rated this 5."


def test_of_a_similar_user_neither_sentence_nor_path_tells_who_or_what_exactly():
    alike = hop("SIMILAR_TO", score=0.5, run="r")
    found = explain("social", alike, OTHER, EVENT, person=("u2", "SIMILAR_TO"), people=3, of=20)
    assert found["because"] == "3 of the 20 people who choose most like you have this among their latest choices."
    assert found["path"] == [USER, SIMILAR, {"label": "User", "key": None, "title": None}, hop("RATED"), ALIENS]
    assert not any(word in str(found) for word in ("u2", "Ripley", "secret", "2026-01-01", "0.5"))
    only = explain("social", alike, OTHER, EVENT, person=("u2", "SIMILAR_TO"), people=1, of=1)
    assert only["because"] == "The one person who chooses most like you has this among their latest choices."


def test_attributes_say_how_many_of_those_who_share_them_chose_it():
    attribute = {"label": "Attribute", "key": "home_town=a=b", "title": "Nostromo"}
    counts = {"people": 34, "of": 1212}
    assert said("attributes", hop("HAS_ATTRIBUTE"), attribute, hop("FAVOURS"), counts=counts) == (
        "34 of the 1,212 other people who share your home town (Nostromo) chose or rated this.",
        {"channel": "attributes", "people": 34, "of": 1212},
    )


def test_an_item_near_the_vector_says_how_near_beside_the_relationship_that_leads_to_it():
    assert said("embedding", similarity=0.8345) == (
        "This is close to what you have been choosing (similarity 0.83 of 1).",
        {"channel": "embedding", "similarity": 0.8345},
    )
    assert said("embedding", RATED, ALIEN, SIMILAR, counts=COUNTS, similarity=0.5) == (
        "Because you rated “Alien (1979)” 5: 52 of the 146 other people who chose or rated it did so with this too; "
        "it is close to what you have been choosing (similarity 0.50 of 1).",
        {"channel": "embedding", "people": 52, "of": 146, "similarity": 0.5},
    )
    assert said("embedding")[0] == "This is close to what you have been choosing."


def test_popularity_is_a_number_of_people_in_a_time_that_is_named():
    until = "2026-01-31T12:00:00Z"
    assert said("popular", counts={"ever": 1500, "recent": 1200}) == (
        "1,200 people chose or rated this in the 14 days up to 2026-01-31.",
        {"channel": "popular", "people": 1200, "days": 14, "until": until},
    )
    assert said("popular", counts={"ever": 1, "recent": 1})[0] == "1 person chose or rated this so far."
    assert said("popular", counts={"ever": 30, "recent": 0}) == (
        "30 people chose or rated this so far.",
        {"channel": "popular", "people": 30},
    )
    assert said("popular", counts={"ever": 3, "recent": 3}, until=None)[0] == "3 people chose or rated this so far."
    assert said("popular", counts={"times": 12_345}) == (
        "Chosen or rated 12,345 times so far.",
        {"channel": "popular", "times": 12_345},
    )


@pytest.mark.parametrize(("ever", "recent", "said_of"), [(50, 5, 5), (51, 5, 51), (40, 4, 40), (5, 5, 5), (94, 9, 94)])
def test_a_count_of_late_that_is_small_or_a_small_part_gives_way_to_that_of_all_time(ever, recent, said_of):
    sentence, stated = said("popular", counts={"ever": ever, "recent": recent})
    assert stated["people"] == said_of
    assert ("days up to" in sentence, "days" in stated) == (said_of == recent,) * 2


def test_where_nothing_speaks_for_an_item_the_sentence_says_so():
    assert said("", counts={"ever": 30, "recent": 0}) == (
        "Nothing of your own leads here: 30 people chose or rated this so far.",
        {"channel": None, "people": 30},
    )
    assert said("")[0] == "Nothing of your own leads here: nobody has chosen this yet."


def test_a_channel_whose_relationship_is_gone_says_how_popular_the_item_is():
    for channel in ("similar", "interests", "social", "attributes"):
        found = explain(channel, counts={"ever": 4, "recent": 4})
        assert (found["path"], found["reason"]["channel"]) == ([], "popular")


def test_a_new_item_says_how_often_it_was_chosen_before_the_reason():
    assert said("embedding", new=True, counts={"ever": 3}, similarity=0.5)[0] == (
        "New here, chosen or rated by 3 people so far: "
        "this is close to what you have been choosing (similarity 0.50 of 1)."
    )
    assert said("embedding", new=True, counts={"ever": 0})[0].startswith("New here, chosen by nobody so far: this")
    assert said("embedding", new=True, counts={"ever": 1})[0].startswith(
        "New here, chosen or rated by 1 person so far: this"
    )
    assert said("embedding", new=True)[0].startswith("New here: this")


def test_a_path_is_nodes_and_relationships_in_turn_and_fits_in_json():
    at = DateTime.from_native(datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC))
    hops = plain([hop("RATED", at=at), SIMILAR])
    path = path_of(Reason(0, "similar"), [USER, ALIEN], hops, ALIENS)
    assert [part.get("label") or part["type"] for part in path] == ["User", "RATED", "Item", "SIMILAR_TO", "Item"]
    assert path[1]["properties"]["at"] == "2024-01-02T03:04:05Z"
    assert plain([at]) == ["2024-01-02T03:04:05Z"]


def test_nodes_and_hops_that_do_not_fit_together_are_no_path():
    for nodes, hops in ((None, None), ([], []), ([USER, ALIEN], [RATED]), ([USER, ALIEN], None)):
        assert path_of(Reason(0, "similar"), nodes, hops, ALIENS) == []


def test_very_long_titles_are_cut():
    long = {"label": "Item", "key": "i", "title": "x" * 500}
    assert len(said("similar", RATED, long, SIMILAR, counts=COUNTS)[0]) < 200


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (hop("RATED", value=4.5), "rated it 4.5"),
        (hop("RATED", value=4.0), "rated it 4"),
        (hop("RATED", value=0.0), "rated it 0"),
        (hop("RATED"), "rated it"),
        ({"type": "RATED"}, "rated it"),
        (hop("LIKED", value=4.0), "liked it"),
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
