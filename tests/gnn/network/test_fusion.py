import pytest
import torch

from gnn.network import registry
from gnn.network.data import GraphVocabulary, ItemFeatures, ItemTable
from gnn.network.fusion import Fusion
from gnn.network.model import Configuration, InterestNetwork
from gnn.network.ridge import PENALTY, fit_content
from gnn.network.sampler import FanOut

NO_EDGES = torch.zeros(2, 0, dtype=torch.long)


def test_content_is_the_mean_of_what_the_modalities_that_an_item_has_say_by_their_weights():
    fusion = Fusion((("image", 1),), 2)
    with torch.no_grad():
        fusion.logits.copy_(torch.tensor([3.0, 1.0]).log())
        fusion.lines["image"].weight.copy_(torch.tensor([[2.0], [0.0]]))
        fusion.lines["image"].bias.copy_(torch.tensor([0.0, 4.0]))
    text = torch.tensor([[1.0, 1.0], [1.0, 1.0], [9.0, 9.0], [9.0, 9.0]])
    has_text = torch.tensor([1.0, 1.0, 0.0, 0.0])
    image = torch.tensor([[3.0], [0.0], [3.0], [0.0]])
    found = fusion(text, has_text, {"image": image}, image != 0)
    # 3/4 of (1, 1) and 1/4 of (6, 4); text alone; the image alone; nothing.
    assert found.tolist() == [pytest.approx(row) for row in ([2.25, 1.75], [1.0, 1.0], [6.0, 4.0], [0.0, 0.0])]
    assert fusion.weights() == {"text": 0.75, "image": 0.25}


def planted(told_by_image):
    """Items whose vectors one modality tells, and the other is noise; all have both but the last ten."""
    generator = torch.Generator().manual_seed(0)
    text, image = torch.randn(400, 6, generator=generator), torch.randn(400, 9, generator=generator)
    said = image if told_by_image else text
    wanted = said @ torch.randn(said.shape[1], 4, generator=generator)
    has_text = torch.ones(400)
    has_text[-10:], text[-10:] = 0.0, 0.0
    return wanted, text, has_text, {"image": image}, torch.ones(400, 1, dtype=torch.bool), torch.ones(400)


@pytest.mark.parametrize("told_by_image", [True, False])
def test_the_weights_are_learned_from_items_that_a_modality_was_not_fitted_on(told_by_image):
    fusion = Fusion((("image", 9),), 4)
    fusion.start_from(*planted(told_by_image))
    assert fusion.weights()["image" if told_by_image else "text"] > 0.9
    again = Fusion((("image", 9),), 4)
    again.start_from(*planted(told_by_image))
    assert torch.equal(again.logits, fusion.logits)


def test_with_few_examples_of_both_the_modalities_count_alike():
    wanted, text, has_text, media, present, weight = planted(True)
    weight[20:] = 0.0
    fusion = Fusion((("image", 9),), 4)
    fusion.start_from(wanted, text, has_text, media, present, weight)
    assert fusion.weights() == {"text": 0.5, "image": 0.5}


def test_what_content_alone_says_is_the_closed_form_of_a_weighted_ridge_regression():
    generator = torch.Generator().manual_seed(0)
    x, wanted, weight = (torch.randn(30, n, generator=generator) for n in (5, 3, 1))
    weight = weight[:, 0].abs()
    has = torch.arange(30) % 4 > 0
    line, bias = fit_content(wanted, x, has, weight)
    rows, own = torch.cat([x, torch.ones(30, 1)], 1)[has], weight[has, None]
    solved = torch.cat([line.T, bias[None]])
    penalty = PENALTY * weight[has].mean()
    assert torch.allclose(rows.T @ (own * (rows @ solved)) + penalty * solved, rows.T @ (own * wanted[has]), atol=1e-4)
    nothing = fit_content(wanted, x, torch.zeros(30, dtype=torch.bool), weight)
    assert not nothing[0].any() and not nothing[1].any()


def features(media=None):
    generator = torch.Generator().manual_seed(1)
    content = torch.randn(30, 6, generator=generator)
    return ItemFeatures(
        content, torch.ones(30), torch.arange(30), NO_EDGES, NO_EDGES, torch.zeros(0), media=media or {}
    )


def network(**more):
    torch.manual_seed(0)
    return InterestNetwork(Configuration(2, 30, [1.0, -1.0], [9.0, 9.0], content=6, dimension=4, **more)).eval()


def test_where_no_item_has_media_a_model_has_the_parameters_that_it_always_had():
    model, fused = network(), network(media=(("image", 3),))
    assert model.fusion is None and not [name for name in model.state_dict() if "fusion" in name]
    for name, value in model.state_dict().items():
        assert torch.equal(value, fused.state_dict()[name]), name
    # For items with text alone a model that knows images says the same.
    blank = {"image": torch.zeros(30, 3)}
    assert torch.equal(model.item_vectors(features()), fused.item_vectors(features(blank)))


def test_a_model_saved_before_there_were_media_loads_and_one_with_media_keeps_them(tmp_path):
    model, fused = network(), network(media=(("image", 3),))
    path = registry.save(tmp_path, "old", model, GraphVocabulary(["RATED"]), FanOut())
    content = torch.load(path, weights_only=True)
    del content["configuration"]["media"]
    torch.save(content, path)
    loaded, _, _ = registry.load(tmp_path, "old")
    assert torch.equal(loaded.item_vectors(features()), model.item_vectors(features()))
    registry.save(tmp_path, "new", fused, GraphVocabulary(["RATED"]), FanOut())
    again, _, _ = registry.load(tmp_path, "new")
    seen = {"image": torch.randn(30, 3)}
    assert torch.equal(again.item_vectors(features(seen)), fused.item_vectors(features(seen)))


def test_restricted_features_keep_the_media_of_their_rows_and_odd_widths_count_as_none():
    table = ItemTable(GraphVocabulary(["RATED"]))
    rows = torch.arange(3).numpy()
    table.add_media(["a", "b", "c"], "image", rows, torch.ones(3, 5).numpy())
    table.add_media(["d"], "image", rows[:1], torch.ones(1, 7).numpy())
    assert table.media_widths == (("image", 5),)
    found = table.features(384, table.media_widths)
    assert found.present.ravel().tolist() == [True, True, True, False]
    assert found.restrict(torch.tensor([3, 1])).present.ravel().tolist() == [False, True]
    assert table.features(384).media == {}
