import os

import numpy as np
import pytest

from gnn.extract.stage import extract
from gnn.media.encoder import Unreadable
from gnn.media.files import MediaFiles
from gnn.media.images import EfficientNetLite
from gnn.update.follow_events import EventWorker
from gnn.update.follow_neighbourhoods import NeighbourhoodWorker
from gnn.update.stage import update
from graphstore.administration.doctor import check_media
from graphstore.build.stage import build
from graphstore.errors import NotReady
from graphstore.extract.content_index import check_learned_from
from graphstore.update.models import active_model
from tests.fixtures.films import BrokenEncoder, CountingEncoder, club, event, film
from tests.fixtures.storing import store
from tests.gnn.media.test_encoders import bell, picture

SHORT = {"epochs": 1, "cuts": 2, "batch_users": 8}
COLOURS = {"C": (200, 40, 40), "H": (20, 20, 60)}
STATE = """
MATCH (i:Item {item_id: $item_id})
RETURN i.image_embedding AS image, i.audio_embedding AS audio, i.image_read AS read, i.content_embedding AS content,
       i.embedding AS embedding, i.version AS version
"""


class Colours:
    """Embeds an image by its mean colour and three numbers more; counts the images."""

    name, dimension, labels = "colours", 6, None

    def __init__(self, name="colours"):
        self.name = name
        self.seen = 0

    def load(self):
        pass

    def decode(self, content):
        return EfficientNetLite.decode(content)

    def encode(self, inputs):
        self.seen += len(inputs)
        rows = np.stack([np.asarray(image, dtype=np.float32).mean((0, 1)) for image in inputs])
        rows = np.concatenate([rows / 255, 1 - rows / 255], axis=1) + 0.01
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


class MustNotLoad(Colours):
    """An encoder that nobody may ask."""

    def load(self):
        raise AssertionError("loaded")

    encode = decode = load


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "media"
    place.mkdir()
    return place


def pictured(folder, items):
    """The items with an image of their genre's colour, a little different each."""
    found = []
    for number, item in enumerate(items):
        red, green, blue = COLOURS[item["item_id"][0]]
        (folder / f"{item['item_id']}.png").write_bytes(picture((red + number, green, blue)))
        found.append(item | {"image": f"{item['item_id']}.png"})
    return found


def read(client, settings, folder, images=None, **more):
    options = {
        "encoder": CountingEncoder(),
        "files": MediaFiles(folder),
        "media_encoders": {"image": images or Colours()},
    }
    return extract(client, settings, **options | more)


def state(client, item_id):
    return client.run_text(STATE, {"item_id": item_id})[0]


def test_images_are_embedded_once_and_a_second_run_reads_and_writes_nothing(client, settings, tmp_path, folder):
    items = pictured(folder, [film("C1"), film("C2"), film("H1")])
    store(client, tmp_path, items=items)
    counts = read(client, settings, folder)
    assert (counts["image_encoder"], counts["images"], counts["images_embedded"]) == ("colours", 3, 3)
    assert counts["images_unreadable"] == counts["images_removed"] == 0 and "sounds" not in counts
    before = state(client, "C1")
    assert len(before["image"]) == 6 and np.linalg.norm(before["image"]) == pytest.approx(1, abs=1e-5)
    again = read(client, settings, folder, MustNotLoad(), encoder=BrokenEncoder())
    assert again["images"] == 3 and again["images_embedded"] == again["items"] == again["users"] == 0
    assert state(client, "C1") == before


def test_a_file_with_another_time_and_the_same_bytes_is_looked_at_and_changes_nothing(
    client, settings, tmp_path, folder
):
    store(client, tmp_path, items=pictured(folder, [film("C1")]))
    read(client, settings, folder)
    before = state(client, "C1")
    os.utime(folder / "C1.png", (1, 1))
    counts = read(client, settings, folder, MustNotLoad())
    after = state(client, "C1")
    assert counts["images_from_cache"] == 0 and after["read"] != before["read"]
    assert after["version"] == before["version"] and after["image"] == before["image"]


def test_an_image_that_is_another_is_read_anew_and_one_that_is_taken_away_loses_its_vector(
    client, settings, tmp_path, folder
):
    store(client, tmp_path, items=pictured(folder, [film("C1")]))
    read(client, settings, folder)
    before = state(client, "C1")["image"]
    (folder / "C1.png").write_bytes(picture((0, 255, 0)))
    assert read(client, settings, folder)["images_embedded"] == 1
    assert state(client, "C1")["image"] != before
    store(client, tmp_path, items=[film("C1", "Comedy")])
    counts = read(client, settings, folder, MustNotLoad())
    assert counts["images_removed"] == 1 and counts["images"] == 0
    assert state(client, "C1")["image"] is None and state(client, "C1")["read"] is None


def test_what_can_not_be_read_costs_one_modality_says_why_and_is_tried_again(client, settings, tmp_path, folder):
    (tmp_path / "secret.png").write_bytes(picture("red"))
    (folder / "broken.png").write_bytes(b"no image")
    references = {"gone": "gone.png", "out": "../secret.png", "bad": "broken.png", "web": "https://example.org/x.png"}
    items = [film(item_id, image=reference) for item_id, reference in references.items()]
    store(client, tmp_path, items=[*items, *pictured(folder, [film("C1")])])
    counts = read(client, settings, folder)
    assert counts["images_unreadable"] == 4 and counts["images_embedded"] == 1
    told = "\n".join(counts["media_problems"])
    for why in ("no such file", "outside the media folder", "no image", "--fetch-media"):
        assert why in told
    assert state(client, "bad")["content"] is not None and state(client, "out")["image"] is None
    (folder / "gone.png").write_bytes(picture("blue"))
    again = read(client, settings, folder)
    assert again["images_unreadable"] == 3 and state(client, "gone")["image"] is not None


def test_a_vector_outlives_its_file_and_not_its_reference(client, settings, tmp_path, folder):
    store(client, tmp_path, items=pictured(folder, [film("C1")]))
    read(client, settings, folder)
    (folder / "C1.png").unlink()
    assert read(client, settings, folder)["images_unreadable"] == 1 and state(client, "C1")["image"] is not None
    store(client, tmp_path, items=[film("C1", image="other.png")])
    assert read(client, settings, folder)["images_removed"] == 1 and state(client, "C1")["image"] is None


def test_another_encoder_reads_all_images_anew_and_the_next_run_keeps_to_it(client, settings, tmp_path, folder):
    store(client, tmp_path, items=pictured(folder, [film("C1"), film("H1")]))
    read(client, settings, folder)
    other = Colours("other")
    assert read(client, settings, folder, other)["images_embedded"] == other.seen == 2
    counts = read(client, settings, folder, media_encoders=None)
    assert counts["image_encoder"] == "other" and counts["images_embedded"] == 0


def test_without_media_nothing_of_them_is_counted_or_loaded(client, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(EfficientNetLite, "load", lambda _: pytest.fail("loaded"))
    store(client, tmp_path, items=[film("A", "Comedy")])
    counts = extract(client, settings, encoder=CountingEncoder())
    assert not [name for name in counts if "image" in name or "media" in name or "sound" in name]


def test_a_missing_package_is_counted_with_what_to_install_and_extract_goes_on(
    client, settings, tmp_path, folder, monkeypatch
):
    def missing(_):
        raise NotReady("Images are not read: pip install it.")

    monkeypatch.setattr(EfficientNetLite, "load", missing)
    store(client, tmp_path, items=pictured(folder, [film("C1"), film("H1")]))
    counts = read(client, settings, folder, media_encoders=None)
    assert counts["items"] == 2 and counts["images_unreadable"] == 2
    assert all("pip install" in problem for problem in counts["media_problems"])


def test_posters_and_sounds_are_read_by_the_packaged_models(client, settings, tmp_path, folder):
    (folder / "bell.wav").write_bytes(bell(500))
    (folder / "poster.jpg").write_bytes(picture("red", kind="JPEG"))
    item = film("A", image=(folder / "poster.jpg").as_uri(), audio=str(folder / "bell.wav"))
    store(client, tmp_path, items=[item])
    counts = read(client, settings, folder, media_encoders=None)
    assert (counts["image_encoder"], counts["audio_encoder"]) == ("efficientnet-lite0", "aisfx")
    assert counts["images_embedded"] == counts["sounds_embedded"] == 1
    found = state(client, "A")
    assert len(found["image"]) == 1280 and len(found["audio"]) == 512
    assert check_media().ok and "can be read" in check_media().detail


@pytest.fixture
def trained(client, settings, tmp_path, folder):
    rows = club()
    store(client, tmp_path, **rows | {"items": pictured(folder, rows["items"])})
    read(client, settings, folder)
    build(client)
    update(client, settings, full=True, **SHORT)
    return client


def cosine(a, b):
    return float(np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b))


def test_the_weights_of_the_modalities_stand_in_the_metrics_and_the_encoder_in_the_configuration(trained):
    active = active_model(trained)
    modalities = active["metrics"]["modalities"]
    assert set(modalities) == {"text", "image"} and sum(modalities.values()) == pytest.approx(1, abs=1e-3)
    assert active["configuration"]["image_encoder"] == "colours"
    assert active["configuration"]["media"] == [["image", 6]]


def test_an_item_with_only_an_image_is_placed_by_it(trained, settings, tmp_path, folder):
    (new,) = pictured(folder, [{"item_id": "Cnew"}])
    store(trained, tmp_path, items=[new])
    read(trained, settings, folder)
    update(trained, settings)
    placed = state(trained, "Cnew")["embedding"]
    comedy, horror = (np.mean([state(trained, f"{g}{n}")["embedding"] for n in range(10)], axis=0) for g in "CH")
    assert cosine(placed, comedy) > cosine(placed, horror)


def test_an_item_that_loses_its_image_stays_near_where_it_was(trained, settings, tmp_path, folder):
    before = state(trained, "C3")["embedding"]
    store(trained, tmp_path, items=[film("C3", "Comedy")])
    read(trained, settings, folder)
    counts = update(trained, settings)
    after = state(trained, "C3")["embedding"]
    assert counts["items"] >= 1 and after != before and cosine(before, after) > 0.8


def test_a_changed_image_moves_its_item_by_update_alone(trained, settings, folder):
    before = state(trained, "C3")["embedding"]
    (folder / "C3.png").write_bytes(picture((20, 20, 70)))
    read(trained, settings, folder)
    update(trained, settings)
    assert state(trained, "C3")["embedding"] != before


def test_a_follower_reads_the_images_of_new_items_as_extract_did(trained, settings, tmp_path, folder, monkeypatch):
    monkeypatch.setattr("gnn.media.reading.image_encoder", Colours)
    (new,) = pictured(folder, [{"item_id": "Hnew"}])
    store(trained, tmp_path, items=[new])
    for worker in (EventWorker(trained, settings), NeighbourhoodWorker(trained, settings, encoder=CountingEncoder())):
        worker.drain()
    found = state(trained, "Hnew")
    assert len(found["image"]) == 6 and found["embedding"] is not None


def test_a_follower_takes_up_an_image_that_extract_found_changed(trained, settings, folder, monkeypatch):
    monkeypatch.setattr("gnn.media.reading.image_encoder", Colours)
    before = state(trained, "C3")["embedding"]
    (folder / "C3.png").write_bytes(picture((20, 20, 70)))
    read(trained, settings, folder)
    for worker in (EventWorker(trained, settings), NeighbourhoodWorker(trained, settings, encoder=CountingEncoder())):
        worker.drain()
    assert state(trained, "C3")["embedding"] != before


def test_a_model_that_learned_from_another_image_encoder_embeds_nothing_until_one_learns_anew(
    trained, settings, folder
):
    read(trained, settings, folder, Colours("other"))
    with pytest.raises(NotReady, match=r"image encoder 'colours'.*'other'.*update --full"):
        update(trained, settings)
    update(trained, settings, full=True, **SHORT)
    check_learned_from(trained, active_model(trained))


def test_an_image_that_can_not_be_decoded_any_more_takes_its_vector_along(client, settings, tmp_path, folder):
    store(client, tmp_path, items=pictured(folder, [film("C1")]), events=[event("u", "C1", 1)])
    read(client, settings, folder)
    (folder / "C1.png").write_bytes(b"overwritten")
    counts = read(client, settings, folder)
    assert counts["images_removed"] == counts["images_unreadable"] == 1 and state(client, "C1")["image"] is None
    with pytest.raises(Unreadable):
        Colours().decode(b"overwritten")
