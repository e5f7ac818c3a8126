from datetime import UTC, datetime, timedelta, timezone

import pytest
from neo4j.time import Date, DateTime

from graphstore.kinds import KINDS
from graphstore.recommend.explanation import because, display_name, path_of, plain, verb_phrase

USER = {"label": "User", "key": "u1", "title": None}
ALIEN = {"label": "Item", "key": "i1", "title": "Alien (1979)"}
ALIENS = {"label": "Item", "key": "i2", "title": "Aliens (1986)"}
ITEM = {"item_id": "i2", "title": "Aliens (1986)"}
RATED = {"type": "RATED", "properties": {"value": 5.0}}


def sentence(channel, *path):
    return because(channel, list(path))


def test_similar_items_are_explained_by_what_the_user_did():
    similar = {"type": "SIMILAR_TO", "properties": {"score": 0.4}}
    assert sentence("similar", USER, RATED, ALIEN, similar, ALIENS) == (
        "Because you rated “Alien (1979)” 5, and people who chose it also chose this."
    )
    bought = {"type": "PURCHASED", "properties": {}}
    assert sentence("similar", USER, bought, ALIEN, similar, ALIENS).startswith("Because you bought “Alien (1979)”")


def test_transitions_say_next():
    followed = {"type": "FOLLOWED_BY", "properties": {"score": 0.1}}
    assert sentence("transitions", USER, RATED, ALIEN, followed, ALIENS).endswith("often chose this next.")


def test_interests_count_their_evidence():
    likes = {"type": "INTERESTED_IN", "properties": {"evidence": [str(n) for n in range(12)]}}
    about = {"type": "ABOUT", "properties": {"weight": 0.5}}
    interest = {"label": "Interest", "key": "sci-fi", "title": "Sci-Fi"}
    assert sentence("interests", USER, likes, interest, about, ALIENS) == (
        "You like Sci-Fi (12 of your events), and this is about it."
    )


def test_followed_users_are_named_and_similar_users_are_not():
    other = {"label": "User", "key": "u2", "title": None}
    follows, similar = ({"type": t, "properties": {}} for t in ("FOLLOWS", "SIMILAR_TO"))
    assert sentence("social", USER, follows, other, RATED, ALIENS) == "u2, whom you follow, rated this 5."
    assert "u2" not in sentence("social", USER, similar, other, RATED, ALIENS)


def test_attributes_name_their_kind_and_a_kind_of_behaviour_of_ones_own_reads_as_a_word():
    has, favours = ({"type": t, "properties": {}} for t in ("HAS_ATTRIBUTE", "FAVOURS"))
    attribute = {"label": "Attribute", "key": "age_group=20s", "title": "20s"}
    assert "your age group (20s)" in sentence("attributes", USER, has, attribute, favours, ALIENS)
    wished = {"type": "WISHED_FOR", "properties": {}}
    similar = {"type": "SIMILAR_TO", "properties": {}}
    assert "you wished for “Alien (1979)”" in sentence("similar", USER, wished, ALIEN, similar, ALIENS)


def test_where_no_relationship_leads_to_the_item_the_one_hop_is_marked_virtual():
    for channel, kind in (("popular", "POPULAR_WITH"), ("embedding", "NEAREST_TO")):
        path = path_of("u1", ITEM, channel, None, None)
        assert path == [USER, {"type": kind, "properties": {}, "virtual": True}, ALIENS]
        assert because(channel, path).endswith(".")


def test_a_path_is_nodes_and_relationships_in_turn_and_fits_in_json():
    at = DateTime.from_native(datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC))
    hops = [{"type": "RATED", "properties": {"at": at}}, {"type": "SIMILAR_TO", "properties": {}}]
    path = path_of("u1", ITEM, "similar", [USER, ALIEN, ALIENS], plain(hops))
    assert [part.get("label") or part["type"] for part in path] == ["User", "RATED", "Item", "SIMILAR_TO", "Item"]
    assert path[1]["properties"]["at"] == "2024-01-02T03:04:05Z"
    assert plain([at]) == ["2024-01-02T03:04:05Z"]


def test_very_long_titles_are_cut():
    long = {"label": "Item", "key": "i", "title": "x" * 500}
    similar = {"type": "SIMILAR_TO", "properties": {}}
    assert len(sentence("similar", USER, RATED, long, similar, ALIENS)) < 200


def hop(kind, **properties):
    return {"type": kind, "properties": properties}


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


INTEREST = {"label": "Interest", "key": "sci-fi", "title": "Sci-Fi"}
ABOUT = hop("ABOUT", weight=0.5)


@pytest.mark.parametrize(
    ("likes", "said"),
    [
        (hop("INTERESTED_IN", evidence=["a", "b"]), "You like Sci-Fi (2 of your events), and this is about it."),
        (hop("INTERESTED_IN", evidence=["a"]), "You like Sci-Fi (1 of your events), and this is about it."),
        (hop("INTERESTED_IN", evidence=[]), "You like Sci-Fi, and this is about it."),
        (hop("INTERESTED_IN"), "You like Sci-Fi, and this is about it."),
        ({"type": "INTERESTED_IN"}, "You like Sci-Fi, and this is about it."),
    ],
)
def test_an_interest_says_on_how_many_events_it_rests(likes, said):
    assert sentence("interests", USER, likes, INTEREST, ABOUT, ALIENS) == said


def test_a_similar_user_stays_unnamed_and_a_followed_one_is_named_by_their_title():
    other = {"label": "User", "key": "u2", "title": "Ripley"}
    liked = hop("LIKED")
    assert sentence("social", USER, hop("SIMILAR_TO"), other, liked, ALIENS) == (
        "Somebody who chooses much as you do liked this."
    )
    assert sentence("social", USER, hop("FOLLOWS"), other, liked, ALIENS) == "Ripley, whom you follow, liked this."


def test_an_attribute_is_said_with_its_kind_in_words():
    attribute = {"label": "Attribute", "key": "home_town=a=b", "title": "Nostromo"}
    assert sentence("attributes", USER, hop("HAS_ATTRIBUTE"), attribute, hop("FAVOURS"), ALIENS) == (
        "People who share your home town (Nostromo) choose this more than others do."
    )


def test_an_item_near_the_vector_is_said_to_be_close_beside_the_relationship_that_leads_to_it():
    assert sentence("embedding", USER, RATED, ALIEN, hop("SIMILAR_TO"), ALIENS) == (
        "Because you rated “Alien (1979)” 5, and people who chose it also chose this; "
        "it is close to what you have been choosing."
    )
    assert sentence("embedding", USER, RATED, ALIEN, hop("FOLLOWED_BY"), ALIENS) == (
        "Because you rated “Alien (1979)” 5, and people who chose it often chose this next; "
        "it is close to what you have been choosing."
    )
    assert sentence("transitions", USER, RATED, ALIEN, hop("FOLLOWED_BY"), ALIENS) == (
        "Because you rated “Alien (1979)” 5, and people who chose it often chose this next."
    )


@pytest.mark.parametrize("channel", ["popular", "similar", "interests"])
def test_without_a_relationship_an_item_is_said_to_be_popular_or_by_its_vector_close(channel):
    path = path_of("u1", ITEM, channel, None, None)
    assert because(channel, path) == "Many people chose this recently."
    near = path_of("u1", ITEM, "embedding", None, None)
    assert because("embedding", near) == "This is close to what you have been choosing."


def test_a_popular_item_is_said_to_be_popular_even_where_a_path_leads_to_it():
    assert sentence("popular", USER, RATED, ALIEN, hop("SIMILAR_TO"), ALIENS) == "Many people chose this recently."


def test_a_new_item_says_that_it_is_new_before_the_reason():
    path = path_of("u1", ITEM, "embedding", None, None)
    assert because("embedding", path, new=True) == (
        "New here, and few have chosen it yet: this is close to what you have been choosing."
    )


def test_a_path_of_nodes_and_hops_that_do_not_fit_together_is_virtual():
    virtual = [USER, {"type": "SIMILAR", "properties": {}, "virtual": True}, ALIENS]
    for nodes, hops in ((None, None), ([], []), ([USER, ALIENS], []), ([USER], [RATED]), ([USER, ALIENS], None)):
        assert path_of("u1", ITEM, "similar", nodes, hops) == virtual
    assert path_of("u1", ITEM, "similar", [USER, ALIENS], [RATED]) == [USER, RATED, ALIENS]


def test_times_become_text_however_deep_they_stand():
    zoned = DateTime.from_native(datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))))
    value = {"a": [Date(2024, 1, 2), {"b": (zoned,)}], "c": 1.5, "d": None, "e": "text+00:00"}
    expected = {"a": ["2024-01-02", {"b": ["2024-01-02T03:04:05+02:00"]}], "c": 1.5, "d": None, "e": "text+00:00"}
    assert plain(value) == expected
