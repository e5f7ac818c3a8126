import numpy as np
import pytest
import torch

from gnn.extract.image_interests import seen
from gnn.extract.matching import Matcher
from gnn.extract.stage import extract
from gnn.extract.vocabulary import Term
from gnn.media.files import MediaFiles
from gnn.media.images import NamedImageEncoder
from graphstore.extract.items import ItemText
from tests.fixtures.films import CountingEncoder, film
from tests.fixtures.storing import store
from tests.gnn.media.test_encoders import picture

ABOUT = (
    "MATCH (:Item {item_id: 'A'})-[a:ABOUT {extracted_by: 'image'}]->(n:Interest) RETURN n.name AS name ORDER BY name"
)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A tiny CLIP with random weights, saved as sentence-transformers saves one."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Transformer
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import CLIPConfig, CLIPModel, CLIPProcessor, PreTrainedTokenizerFast
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    folder = tmp_path_factory.mktemp("clip")
    words = {word: n for n, word in enumerate(("<s>", "</s>", "<unk>", "comedy", "horror", "tale"))}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="</s>",
        model_max_length=16,
    )
    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    torch.manual_seed(0)
    text = small | {"vocab_size": len(words), "max_position_embeddings": 16, "bos_token_id": 0, "eos_token_id": 1}
    vision = small | {"image_size": 32, "patch_size": 16}
    model = CLIPModel(CLIPConfig(text_config=text | {"pad_token_id": 1}, vision_config=vision, projection_dim=8))
    model.save_pretrained(folder / "raw")
    sizes = {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}}
    CLIPProcessor(CLIPImageProcessorPil(**sizes), fast).save_pretrained(folder / "raw")
    SentenceTransformer(modules=[Transformer(str(folder / "raw"))]).save(str(folder / "saved"))
    return str(folder / "saved")


def test_a_model_of_the_clip_type_embeds_images_and_labels_into_one_space(clip):
    encoder = NamedImageEncoder(clip)
    vectors = encoder.encode([encoder.decode(picture(colour)) for colour in ("red", "blue")])
    labels = encoder.labels.encode(["comedy", "horror"])
    assert vectors.shape == labels.shape == (2, encoder.dimension) == (2, 8)
    assert np.linalg.norm(np.concatenate([vectors, labels]), axis=1) == pytest.approx(np.ones(4), abs=1e-5)


def test_images_are_matched_to_interests_without_examples_and_again_when_they_are_others(
    client, settings, tmp_path, clip
):
    folder = tmp_path / "media"
    folder.mkdir()
    (folder / "A.png").write_bytes(picture("red"))
    store(client, tmp_path, items=[{"item_id": "A", "image": "A.png"}, film("B", "Comedy"), film("C", "Horror")])
    options = {
        "encoder": CountingEncoder(),
        "files": MediaFiles(folder),
        "media_encoders": {"image": NamedImageEncoder(clip)},
    }
    extract(client, settings, **options)
    encoder = NamedImageEncoder(clip)
    cosine = encoder.encode([encoder.decode(picture("red"))]) @ encoder.labels.encode(["Comedy", "Horror"]).T
    best = ("comedy", "horror")[int(cosine.argmax())]
    first = client.run_text(ABOUT)
    assert {"name": best} in first
    extract(client, settings, **options, full=True)
    assert client.run_text(ABOUT) == first
    store(client, tmp_path, items=[{"item_id": "A"}])
    extract(client, settings, **options)
    assert client.run_text(ABOUT) == []


def test_an_image_shows_at_most_three_interests_that_stand_out_and_no_decade():
    terms = [Term(name, name, "phrase") for name in ("sea", "ship", "storm", "sail", "1990s")]
    labels = np.eye(5, dtype=np.float32)
    images = np.array([[1.0, 0, 0, 0, 0], [0.5, 0.5, 0.5, 0.5, 0], [0, 0, 0, 0, 1.0], [0.6, 0.61, 0, 0, 0]], np.float32)
    found = seen(terms, labels, images)
    assert [[about["name"] for about in row] for row in found] == [
        ["sea"],
        ["sea", "ship", "storm"],
        ["sea", "ship", "storm"],
        ["ship", "sea"],
    ]
    assert found[0][0] == {"name": "sea", "weight": 1.0, "extracted_by": "image"}


def test_an_item_with_attributes_gets_only_phrases_from_its_image_and_what_is_known_stays():
    terms = [Term("comedy", "Comedy", "attribute"), Term("horror", "Horror", "attribute"), Term("sea", "sea", "phrase")]
    item = ItemText("i", "", "", (("genre", "Comedy"),), None)
    shown = {"i": [{"name": name, "weight": 0.9, "extracted_by": "image"} for name in ("horror", "sea", "comedy")]}
    (about,) = Matcher(terms, np.eye(3, dtype=np.float32), {}, 10).match(
        [item], np.zeros((1, 3), np.float32), [False], shown
    )
    assert [(a["name"], a["extracted_by"]) for a in about] == [("comedy", "attribute"), ("sea", "image")]
