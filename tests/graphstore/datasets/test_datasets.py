import gzip
import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from graphstore.collect.records import Event, Item, Tie, User
from graphstore.collect.stage import collect_dataset
from graphstore.datasets import ADAPTERS, open_dataset
from graphstore.datasets.movielens import read_recbole_ml_100k
from graphstore.errors import InputError

SHARED = Path(os.environ.get("INTERESTGRAPH_SHARED") or Path(__file__).parents[3].parent / "shared")
RETAIL_HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


@pytest.fixture
def ml_100k(tmp_path):
    flags = "|".join("1" if n in (1, 5) else "0" for n in range(19))
    (tmp_path / "u.item").write_text(f"1|Café Story (1995)|01-Jan-1995||http://x|{flags}\n", encoding="latin-1")
    (tmp_path / "u.user").write_text("7|24|M|technician|85711\n")
    (tmp_path / "u.data").write_text("7\t1\t4\t881250949\n7\t1\t3\t881250950\n")
    return tmp_path


@pytest.fixture
def lastfm(tmp_path):
    """Artist 1 has the tag rock from three users, pop from two and noise from one; users 2 and 3 are friends."""
    (tmp_path / "artists.dat").write_text('id\tname\turl\tpictureURL\n1\t"Sigur" Rós\tu\tp\n2\tNobody\tu\tp\n')
    (tmp_path / "tags.dat").write_bytes("tagID\ttagValue\r\n1\trock\r\n2\tespañol\r\n3\tnoise\r\n".encode("latin-1"))
    given = [(2, 1, 1), (3, 1, 1), (4, 1, 1), (2, 1, 2), (3, 1, 2), (2, 1, 3), (2, 2, 3)]
    (tmp_path / "user_taggedartists-timestamps.dat").write_text(
        "userID\tartistID\ttagID\ttimestamp\r\n" + "".join(f"{u}\t{a}\t{t}\t1238536800000\r\n" for u, a, t in given)
    )
    (tmp_path / "user_artists.dat").write_text("userID\tartistID\tweight\r\n2\t1\t13883\r\n3\t1\t5\r\n")
    (tmp_path / "user_friends.dat").write_text("userID\tfriendID\r\n2\t3\r\n3\t2\r\n")
    return tmp_path


@pytest.fixture
def online_retail(tmp_path):
    """Invoice 1 names code 85123A twice; the others are a cancellation, a gift, a return, postage and a stranger's."""
    lines = [
        "1,85123A,WHITE HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom",
        "1,85123a,WHITE HEART,2,2010-12-01 08:26:00,2.55,17850.0,United Kingdom",
        "2,85123A,heart white,1,2010-12-02 08:26:00,2.55,17850.0,France",
        "C3,85123A,WHITE HEART,1,2010-12-02 08:26:00,2.55,17850.0,France",
        "4,22752,BOXES,1,2010-12-02 08:26:00,0,17850.0,France",
        "5,22752,BOXES,-1,2010-12-02 08:26:00,1,17850.0,France",
        "6,POST,POSTAGE,1,2010-12-02 08:26:00,1,17850.0,France",
        "7,22752,BOXES,1,2010-12-02 08:26:00,1,,France",
    ]
    (tmp_path / "online_retail.csv.gz").write_bytes(gzip.compress((RETAIL_HEADER + "\n".join(lines)).encode()))
    return tmp_path


@pytest.fixture
def mars(tmp_path):
    (tmp_path / "items_en.csv").write_text(
        "item_id,language,name,nb_views,description,created_at,Difficulty,Job,Software,Theme,duration,type\n"
        "510,en,What is Teams?,1.0,Teams is …,2016,Beginner,\"['Marketing', 'Sales']\",['Teams'],[],42.0,tutorial\n"
        "511,en,Meet,1.0,,2016,N/A,[],[],['Discover'],42.0,webcast\n"
    )
    (tmp_path / "users_en.csv").write_text("user_id,job\n384,N/A\n385,accounting\n")
    (tmp_path / "implicit_ratings_en.csv").write_text(
        "item_id,user_id,created_at\n510,384,2016-11-02 20:59:23\n510,384,2016-11-02 20:59:23\n"
    )
    (tmp_path / "explicit_ratings_en.csv").write_text(
        "user_id,item_id,watch_percentage,created_at,rating\n385,511,80,2018-09-28 16:18:29,10\n"
    )
    return tmp_path


@pytest.fixture
def gift_cards(tmp_path):
    items = [
        {
            "asin": "B1",
            "title": " Maggiano&#39;s Gift Card",
            "category": ["Gift Cards", "Gift Cards", "No expiration, no fees.", "Any amount"],
            "description": ["For meals.", ""],
            "feature": ["Never expires"],
            "brand": "Maggiano&#39;s",
            "price": "$25.00",
        },
        {"asin": "B2", "title": "Plain", "category": []},
    ]
    reviews = [
        {"reviewerID": "A", "asin": "B1", "overall": 5.0, "summary": "Five Stars", "reviewText": "Nice <b>gift</b> 🎁"},
        {"reviewerID": "A", "asin": "B2", "overall": 1.0, "summary": "Never came", "verified": True},
    ]
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in items))
    (tmp_path / "reviews.jsonl").write_text(
        "".join(json.dumps(row | {"unixReviewTime": 1529193600}) + "\n" for row in reviews)
    )
    return tmp_path


@pytest.fixture
def lightgcn(tmp_path):
    (tmp_path / "train.txt").write_text("0 10 11\n1 10\n2\n")
    (tmp_path / "test.txt").write_text("0 12\n")
    return tmp_path


def created(client, dataset, texts=False):
    """How many rows of each kind are new in the graph; every row is accepted."""
    summary = collect_dataset(client, dataset, texts=texts)
    assert [counts["reasons"] for counts in summary.values() if counts["rejected"]] == []
    return {what: counts["created"] for what, counts in summary.items()}


def test_ml_100k_is_read_from_its_folder(ml_100k, client):
    dataset = open_dataset("ml-100k", ml_100k)
    item = Item.model_validate(next(dataset.items()))
    assert item.title == "Café Story (1995)"
    assert {"kind": "genre", "value": "Action"} in item.attribute_rows()
    assert {"kind": "decade", "value": "1990s"} in item.attribute_rows()
    assert User.model_validate(next(dataset.users())).attributes["age group"] == ["18-24"]
    assert created(client, dataset) == {"items": 1, "users": 1, "events": 2}


def test_ml_100k_is_read_from_inside_a_wheel(tmp_path):
    wheel = tmp_path / "recbole-1.whl"
    folder = "recbole/dataset_example/ml-100k/ml-100k"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{folder}.item", "h\n1\tToy Story\t1995\tAnimation Comedy\n")
        archive.writestr(f"{folder}.user", "h\n7\t24\tM\ttechnician\t85711\n")
        archive.writestr(f"{folder}.inter", "h\n7\t1\t4\t881250949\n")
    dataset = read_recbole_ml_100k(wheel)
    assert Item.model_validate(next(dataset.items())).title == "Toy Story (1995)"
    assert Event.model_validate(next(dataset.events())).value == 4
    assert User.model_validate(next(dataset.users()))


def test_ml_latest_is_read_from_its_folder(tmp_path):
    (tmp_path / "movies.csv").write_text('movieId,title,genres\n1,"Toy Story (1995)",Adventure|Comedy\n')
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1,1,4.0,964982703\n")
    dataset = open_dataset("ml-latest", tmp_path)
    assert Item.model_validate(next(dataset.items())).attributes["genre"] == ["Adventure", "Comedy"]
    assert Event.model_validate(next(dataset.events())).value == 4


def test_lastfm_has_tags_that_two_users_gave_and_friends_both_ways(lastfm, client):
    dataset = open_dataset("lastfm", lastfm)
    artist, nobody = (Item.model_validate(row) for row in dataset.items())
    assert (artist.title, artist.attributes) == ('"Sigur" Rós', {"tag": ["rock", "español"]})
    assert nobody.attributes == {}
    event = Event.model_validate(next(dataset.events()))
    assert (event.kind, event.value, event.timestamp) == ("like", 13883, None)
    assert created(client, dataset) == {"items": 2, "users": 0, "ties": 2, "events": 2}


def test_tags_are_events_with_a_text_where_they_are_asked_for(lastfm, client):
    with (lastfm / "user_taggedartists-timestamps.dat").open("a") as stream:
        stream.write("5\t1\t1\t-428720400000\r\n")
    dataset = open_dataset("lastfm", lastfm)
    plain = list(dataset.events())
    first, *_, odd = (Event.model_validate(row) for row in dataset.texts())
    assert (first.user_id, first.item_id, first.kind, first.text) == ("2", "1", "tag", "rock")
    assert first.timestamp.isoformat() == "2009-03-31T22:00:00+00:00" and odd.timestamp is None
    assert created(client, dataset)["events"] == len(plain) == 2
    assert created(client, dataset, texts=True)["events"] == 8 and list(dataset.events()) == plain
    with pytest.raises(InputError, match="lastfm-like has no file of texts"):
        collect_dataset(client, replace(dataset, name="lastfm-like", texts=None), texts=True)


def test_tags_of_movielens_are_read_only_where_they_are_asked_for(tmp_path, client):
    (tmp_path / "movies.csv").write_text("movieId,title,genres\n1,Heat (1995),Crime\n")
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1,1,4.0,964982703\n")
    dataset = open_dataset("ml-latest", tmp_path)
    assert created(client, dataset)["events"] == 1
    with pytest.raises(InputError, match=r"neither tags\.csv nor tags\.csv\.gz"):
        collect_dataset(client, dataset, texts=True)
    (tmp_path / "tags.csv").write_text(
        'userId,movieId,tag,timestamp\n2,1,"slow, but good",1445714994\n2,1,noir,1445714994\n'
    )
    assert created(client, dataset, texts=True)["events"] == 2
    texts = client.run_text("MATCH (:User {user_id: '2'})-[r:TAGGED]->() RETURN r.text AS text ORDER BY text")
    assert [row["text"] for row in texts] == ["noir", "slow, but good"]


def test_movietweetings_are_ratings_from_0_to_10_of_films(tmp_path, client):
    (tmp_path / "movies.dat").write_text(
        "0002844::Fantômas: À l'ombre (1913)::Crime|Drama\n0000001::Untold: a :: story (2013)::(no genres listed)\n"
    )
    (tmp_path / "ratings.dat").write_text("1::0002844::0::1365029107\n2::0002844::10::1365029108\n")
    dataset = open_dataset("movietweetings", tmp_path)
    film, untold = (Item.model_validate(row) for row in dataset.items())
    assert (film.item_id, film.title) == ("0002844", "Fantômas: À l'ombre (1913)")
    assert film.attributes == {"genre": ["Crime", "Drama"], "decade": ["1910s"]}
    assert (untold.title, untold.attributes) == ("Untold: a :: story (2013)", {"decade": ["2010s"]})
    assert [Event.model_validate(row).value for row in dataset.events()] == [0, 10]
    assert created(client, dataset) == {"items": 2, "users": 0, "events": 2}


def test_reviews_are_ratings_with_what_was_written(gift_cards, client):
    dataset = open_dataset("gift-cards", gift_cards)
    first, second = (Item.model_validate(row) for row in dataset.items())
    assert (first.title, first.description) == ("Maggiano's Gift Card", "For meals.\nNever expires")
    assert first.attributes == {"category": ["Gift Cards"], "brand": ["Maggiano's"]}
    assert first.properties == {"price": "$25.00"} and (second.description, second.attributes) == (None, {})
    good, bad = (Event.model_validate(row) for row in dataset.events())
    assert (good.kind, good.value, good.text) == ("rate", 5, "Five Stars\nNice <b>gift</b> 🎁")
    assert (bad.value, bad.text, bad.timestamp.year) == (1, "Never came", 2018)
    assert created(client, dataset) == {"items": 2, "users": 0, "events": 2}


def test_an_artist_has_at_most_ten_tags_the_most_given_first(lastfm):
    names = "".join(f"{n}\ttag {n:02}\n" for n in range(20))
    (lastfm / "tags.dat").write_text("tagID\ttagValue\n" + names)
    given = [(user, 1, tag) for tag in range(20) for user in range(tag + 1)]
    (lastfm / "user_taggedartists-timestamps.dat").write_text(
        "userID\tartistID\ttagID\ttimestamp\n" + "".join(f"{u}\t{a}\t{t}\t0\n" for u, a, t in given)
    )
    artist = next(open_dataset("lastfm", lastfm).items())
    assert artist["attributes"]["tag"] == [f"tag {n}" for n in range(19, 9, -1)]


def test_online_retail_keeps_purchases_one_for_each_invoice_customer_and_code(online_retail, client):
    dataset = open_dataset("online-retail", online_retail)
    first, second = (Event.model_validate(row) for row in dataset.events())
    assert (first.user_id, first.item_id, first.kind, first.value) == ("17850", "85123A", "purchase", 8)
    assert (first.session_id, first.timestamp.isoformat()) == ("1", "2010-12-01T08:26:00+00:00")
    assert (second.session_id, second.value) == ("2", 1)
    assert [(row["item_id"], row["title"]) for row in dataset.items()] == [("85123A", "WHITE HEART")]
    assert next(dataset.users())["attributes"] == {"country": ["France", "United Kingdom"]}
    assert created(client, dataset) == {"items": 1, "users": 1, "events": 2}


def test_online_retail_is_read_as_a_spreadsheet_writes_it(tmp_path):
    line = "1,85123A,CAFÉ SIGN,6,12/1/2010 8:26,2.55,17850,EIRE\n"
    (tmp_path / "online_retail.csv").write_text(RETAIL_HEADER + line, encoding="latin-1")
    dataset = open_dataset("online-retail", tmp_path)
    assert next(dataset.events())["timestamp"] == 1291191960
    assert next(dataset.items())["title"] == "CAFÉ SIGN"


def test_mars_views_and_watches_become_events_and_what_is_unknown_no_attribute(mars, client):
    dataset = open_dataset("mars", mars)
    first, second = (Item.model_validate(row) for row in dataset.items())
    assert (first.title, first.description) == ("What is Teams?", "Teams is …")
    known = {"job": ["Marketing", "Sales"], "software": ["Teams"], "difficulty": ["Beginner"], "type": ["tutorial"]}
    assert first.attributes == known
    assert second.attributes == {"theme": ["Discover"], "type": ["webcast"]}
    assert [row["attributes"] for row in dataset.users()] == [{}, {"job": ["accounting"]}]
    events = [Event.model_validate(row) for row in dataset.events()]
    assert [(event.kind, event.value) for event in events] == [("view", None), ("view", None), ("complete", 80)]
    assert created(client, dataset) == {"items": 2, "users": 2, "events": 2}


def test_lightgcn_imports_the_training_lists_alone(lightgcn, client):
    dataset = open_dataset("lightgcn", lightgcn)
    found = [(e["user_id"], e["item_id"], e["kind"]) for e in dataset.events()]
    assert found == [("0", "10", "like"), ("0", "11", "like"), ("1", "10", "like")]
    assert created(client, dataset) == {"items": 0, "users": 0, "events": 3}


@pytest.mark.parametrize("name", ["ml_100k", "lastfm", "mars", "gift_cards", "lightgcn"])
def test_gzip_files_read_like_plain_ones(name, request):
    folder = request.getfixturevalue(name)
    dataset = open_dataset(name.replace("_", "-"), folder)
    parts = (dataset.items, dataset.users, dataset.events, *([dataset.ties] if dataset.ties else []))
    plain = [list(rows()) for rows in parts]
    for file in list(folder.iterdir()):
        (folder / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()
    assert [list(rows()) for rows in parts] == plain


def test_an_unknown_data_set_or_a_missing_file_is_named(tmp_path):
    with pytest.raises(
        InputError, match="ml-100k, ml-latest, movietweetings, lastfm, online-retail, mars, gift-cards, lightgcn"
    ):
        open_dataset("nothing", tmp_path)
    with pytest.raises(InputError, match=r"missing: movies\.csv"):
        open_dataset("ml-latest", tmp_path)
    for name, (files, _) in ADAPTERS.items():
        with pytest.raises(InputError) as told:
            open_dataset(name, tmp_path)
        assert all(file in str(told.value) for file in files)


@pytest.mark.parametrize(
    ("name", "file", "content", "told"),
    [
        ("ml_100k", "u.data", "7\t1\t4\t881250949\n7\t1\tfour\t881250950\n", r"u\.data, line 2: .*'four'"),
        ("ml_100k", "u.item", "1|Title\n", r"u\.item, line 1"),
        ("lastfm", "user_artists.dat", "userID\tartistID\tweight\n2\t1\n", r"user_artists\.dat, line 2"),
        ("gift_cards", "reviews.jsonl", '{"reviewerID": "A", "asin": "B"}\n', r"reviews\.jsonl, line 1: .*'overall'"),
        ("gift_cards", "items.jsonl", '{"asin": "B"}\n[', r"items\.jsonl, line 2"),
        ("mars", "users_en.csv", "user_id\n384\n", r"users_en\.csv: its header line lacks job"),
        ("mars", "explicit_ratings_en.csv", "user_id,item_id,watch_percentage,created_at\n1,2\n", "line 2"),
    ],
)
def test_a_line_that_is_not_as_published_is_named(name, file, content, told, request):
    folder = request.getfixturevalue(name)
    (folder / file).write_text(content)
    dataset = open_dataset(name.replace("_", "-"), folder)
    with pytest.raises(InputError, match=told):
        for rows in (dataset.items, dataset.users, dataset.events):
            list(rows())


def test_a_gzip_file_that_ends_early_is_named(lightgcn):
    (lightgcn / "train.txt").unlink()
    (lightgcn / "train.txt.gz").write_bytes(gzip.compress(b"0 10 11\n" * 1000)[:-12])
    with pytest.raises(InputError, match=r"train\.txt\.gz: can't be read"):
        list(open_dataset("lightgcn", lightgcn).events())


@pytest.mark.parametrize(
    ("name", "folder", "items", "users", "events", "ties"),
    [
        ("ml-100k", "ml-100k", 1682, 943, 100_000, 0),
        ("ml-latest", "ml-latest-small", 9742, 0, 100_836, 0),
        ("lastfm", "hetrec2011-lastfm-2k", 17_632, 0, 92_834, 25_434),
        ("online-retail", "uci-online-retail", 3660, 4334, 386_329, 0),
        ("mars", "mars-elearning-en", 1167, 9902, 25_567, 0),
        ("gift-cards", "amazon-gift-cards", 1547, 0, 2972, 0),
        ("lightgcn", "lightgcn-gowalla", 0, 0, 810_128, 0),
        ("lightgcn", "lightgcn-yelp2018", 0, 0, 1_237_259, 0),
    ],
)
def test_the_published_files_have_the_known_numbers_of_rows(name, folder, items, users, events, ties):
    if not (SHARED / "data" / folder).is_dir():
        pytest.skip("the data set is not on this machine")
    dataset = open_dataset(name, SHARED / "data" / folder)
    item_rows = [Item.model_validate(row) for row in dataset.items()]
    user_rows = [User.model_validate(row) for row in dataset.users()]
    tie_rows = [Tie.model_validate(row) for row in (dataset.ties() if dataset.ties else ())]
    assert (len(item_rows), len(user_rows), len(tie_rows)) == (items, users, ties)
    assert sum(1 for _ in dataset.events()) == events
    assert len({row.item_id for row in item_rows}) == items


@pytest.mark.parametrize(
    ("name", "folder", "tags"), [("ml-latest", "ml-latest-small", 3683), ("lastfm", "hetrec2011-lastfm-2k", 186_479)]
)
def test_the_published_tags_have_the_known_number_of_rows(name, folder, tags):
    if not (SHARED / "data" / folder).is_dir():
        pytest.skip("the data set is not on this machine")
    dataset = open_dataset(name, SHARED / "data" / folder)
    assert dataset.texts is not None and sum(bool(row["text"].strip()) for row in dataset.texts()) == tags
