from datetime import UTC, datetime

from neo4j.time import DateTime

from graphstore.recommend.explanation import because, path_of, plain

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
