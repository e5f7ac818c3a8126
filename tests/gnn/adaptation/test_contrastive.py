import numpy as np
import pytest
import torch

from gnn.adaptation import contrastive, verdict
from gnn.adaptation.cold_items import ColdCheck
from gnn.adaptation.contrastive import contrastive_loss
from gnn.adaptation.verdict import best_of, by_user, compared
from gnn.encoders.adapters import AdaptedEncoder, Adapters
from gnn.encoders.by_name import encoder
from gnn.encoders.encoder import DEFAULT_NAME
from gnn.encoders.sentence import SentenceEncoder
from gnn.extract.stage import extract
from gnn.network.data import ItemFeatures
from gnn.training import trainable_contents
from gnn.training.trainable_contents import TrainableContents
from gnn.update.stage import update
from graphstore.build.stage import build
from graphstore.database.runs import last_run
from graphstore.errors import InputError, NotReady
from graphstore.extract.items import ItemText
from graphstore.interactions import Interactions
from tests.fixtures.storing import store

DAY = 86_400
TITLES = ["A cup of tea", "The long road home", "Space pirates", "Bread and roses"]
COLOURS = (["red", "orange", "yellow", "pink", "golden"], ["blue", "green", "violet", "grey", "silver"])
THINGS = (
    ["chair", "lamp", "table", "mirror", "carpet", "kettle", "basket", "pillow", "candle", "drawer"],
    ["horse", "falcon", "badger", "salmon", "beetle", "donkey", "otter", "heron", "lizard", "rabbit"],
)
WARM, LIVING = 0, 1


def title(colour, thing):
    return f"The {COLOURS[colour // 5][colour % 5]} {THINGS[thing // 10][thing % 10]}"


def town():
    """200 items, a colour and a thing. Half of the 80 users choose warm things and cold animals, the others the rest:
    neither the colour nor the thing alone says anything."""
    items = [
        {"item_id": f"{colour}-{thing}", "title": title(colour, thing)} for colour in range(10) for thing in range(20)
    ]
    rng = np.random.default_rng(5)
    events = []
    for user in range(80):
        mine = [i["item_id"] for i in items if side(i["item_id"]) == user % 2]
        for place, item_id in enumerate(rng.permutation(mine)[:30]):
            row = {"user_id": f"u{user:02}", "item_id": str(item_id), "kind": "like"}
            events.append(row | {"timestamp": 1_700_000_000 + (user % 20) * DAY + place * 600})
    return items, events


def side(item_id):
    colour, thing = map(int, item_id.split("-"))
    return int((colour // 5 == WARM) == (thing // 10 == LIVING))


def chosen_at_random(events):
    rng = np.random.default_rng(8)
    return [event | {"item_id": f"{rng.integers(10)}-{rng.integers(20)}"} for event in events]


def columns(items, events):
    """Events as `pull_interactions` has them, and what can be read of the items."""
    rows = {item["item_id"]: row for row, item in enumerate(items)}
    users = sorted({event["user_id"] for event in events})
    ordered = sorted(events, key=lambda e: (e["user_id"], -e["timestamp"]))
    found = [(users.index(e["user_id"]), rows[e["item_id"]], e["timestamp"] / DAY, 1.0) for e in ordered]
    texts = [ItemText(item["item_id"], item["title"], "", (), None) for item in items]
    return Interactions(users, list(rows), *map(np.array, zip(*found, strict=True))), texts


@pytest.fixture(scope="module")
def adapters():
    return Adapters(DEFAULT_NAME)


def test_adapters_begin_as_the_encoder_that_they_are_on(adapters):
    assert adapters.encode(TITLES) == pytest.approx(SentenceEncoder().encode(TITLES), abs=1e-5)
    trained = sum(value.numel() for value in adapters.parameters)
    assert 0 < trained < 400_000
    of_two_layers = sum(value.numel() for value in Adapters(DEFAULT_NAME, last=2).parameters)
    assert trained == 3 * of_two_layers  # of six


def test_learned_adapters_are_found_again_under_their_name(adapters, tmp_path):
    start = adapters.state()
    try:
        rng = torch.Generator().manual_seed(1)
        moved = [value + 0.05 * torch.randn(value.shape, generator=rng) for value in start]
        adapters.interpolate(moved, 1.0)
        whole = adapters.encode(TITLES)
        assert np.abs(whole - SentenceEncoder().encode(TITLES)).max() > 0.01
        name = adapters.save(tmp_path)
        assert name.startswith(f"{DEFAULT_NAME}+") and adapters.save(tmp_path) == name
        assert [path.name for path in (tmp_path / "encoders").iterdir()] == [name]
        found = AdaptedEncoder(name, tmp_path)
        assert found.name == name and found.base.name == DEFAULT_NAME
        assert found.encode(TITLES) == pytest.approx(whole, abs=1e-5)
        adapters.interpolate(moved, 0.5)
        assert adapters.save(tmp_path) != name
        assert np.abs(adapters.encode(TITLES) - whole).max() > 0.001
        adapters.interpolate(moved, 0.0)
        assert adapters.encode(TITLES) == pytest.approx(SentenceEncoder().encode(TITLES), abs=1e-5)
    finally:
        adapters.interpolate(start, 1.0)


def test_adapters_that_are_gone_say_what_to_do(settings):
    lost = encoder(f"{DEFAULT_NAME}+0123456789ab", settings.models)
    with pytest.raises(NotReady, match="extract --full --encoder"):
        lost.encode(TITLES)


def test_only_transformers_can_be_adapted(tmp_path):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer, models

    words = Tokenizer(models.WordLevel({"tea": 0, "[UNK]": 1}, unk_token="[UNK]"))
    SentenceTransformer(modules=[StaticEmbedding(words, embedding_dim=8)]).save(str(tmp_path / "static"))
    with pytest.raises(InputError, match="no layers that can be adapted"):
        Adapters(str(tmp_path / "static"))


def test_the_loss_is_lowest_where_texts_say_what_behaviour_does(monkeypatch):
    monkeypatch.setattr(contrastive, "BEHAVIOUR_TEMPERATURE", 0.01)
    vectors = 3 * torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    both, alike = torch.tensor([0, 1]), torch.tensor([0.5, 0.5])
    # Softmax over both: cosine 1 against 0, at a temperature of 1/20.
    right = contrastive_loss(vectors, both, vectors, alike)
    assert float(right) == pytest.approx(np.log(1 + np.exp(-20.0)), abs=1e-6)
    assert float(contrastive_loss(vectors.flip(0), both, vectors, alike)) == pytest.approx(20.0, abs=1e-4)
    monkeypatch.setattr(contrastive, "BEHAVIOUR_TEMPERATURE", 1e6)  # all go together
    assert float(contrastive_loss(torch.ones(2, 2), both, vectors, alike)) == pytest.approx(np.log(2), abs=1e-4)


def test_all_items_are_negatives_as_far_as_they_are_known(monkeypatch):
    monkeypatch.setattr(contrastive, "BEHAVIOUR_TEMPERATURE", 0.01)
    vectors, first = torch.eye(3), torch.tensor([0])
    wrong = vectors[1:2]  # takes the first item for the second
    alike = contrastive_loss(wrong, first, vectors, torch.tensor([0.4, 0.4, 0.2]))
    assert float(alike) == pytest.approx(20.0, abs=1e-4)
    little_known = contrastive_loss(wrong, first, vectors, torch.tensor([0.9, 0.05, 0.05]))
    assert float(little_known) == pytest.approx(20.0 + np.log(0.05 / 0.9), abs=1e-4)


def test_held_out_items_are_the_same_each_time_and_never_learned_from():
    items, events = town()
    known, texts = columns(items, events)
    check, again = ColdCheck(known, texts), ColdCheck(known.where(known.user > 3), texts)
    assert check.lacks is None or "held-out" in check.lacks
    held = set(range(len(items))) - set(check.learned.tolist())
    assert held == set(range(len(items))) - set(again.learned.tolist())
    assert len(held) == check.items > 20
    told = check.rows[check.weight.numpy() > 0]
    assert told.tolist() == check.learned.tolist()
    assert not check.vectors[~np.isin(check.rows, told)].any()


def test_a_perfect_content_foresees_who_chooses_new_items(monkeypatch):
    monkeypatch.setattr("gnn.adaptation.cold_items.K", 5)
    items, events = town()
    known, texts = columns(items, events)
    check = ColdCheck(known, texts)
    truth = np.eye(2, dtype=np.float32)[[side(items[row]["item_id"]) for row in check.rows]]
    nothing = np.random.default_rng(1).normal(size=(len(check.rows), 2)).astype(np.float32)
    good, bad = check.scores(truth), check.scores(nothing)
    assert all(high.mean() > 1.5 * low.mean() for high, low in zip(good, bad, strict=True))
    assert "refused" in compared(check, good, [bad]) and "refused" in compared(check, good, [good])
    assert "refused" not in compared(check, bad, [good])


class Halves:
    """Of a check, whose halves have users of their own but for one."""

    items = 4

    def users(self, half):
        return [np.array([0, 1, 2]), np.array([2, 3])][half]


def test_what_is_best_by_one_half_is_judged_by_the_other():
    check, before = Halves(), [np.zeros(3), np.zeros(2)]
    lucky, other = [np.ones(3), -np.ones(2)], [-np.ones(3), np.ones(2)]
    assert by_user(check, dict(enumerate(other))).tolist() == [-1.0, -1.0, 0.0, 1.0]
    assert [best_of(check, [lucky, other], halves) for halves in ([0], [1], [0, 1])] == [0, 1, 0]
    report = compared(check, before, [lucky, other])
    assert report["difference"] == -1.0 and report["users"] == 4 and "refused" in report


@pytest.fixture
def little(monkeypatch, two_layers):
    """Few items are enough, and short lists: 40 held-out items take a catalogue of 400. The encoder is a small one."""
    monkeypatch.setattr("gnn.adaptation.cold_items.LEAST_ITEMS", 10)
    monkeypatch.setattr("gnn.adaptation.cold_items.K", 5)
    monkeypatch.setattr("gnn.encoders.sentence.packaged_model", lambda: two_layers)
    monkeypatch.setattr(contrastive, "AT_ONCE", 48)
    monkeypatch.setattr(contrastive, "LEAST_STEPS", 120)
    monkeypatch.setattr(contrastive, "LEARNING_RATE", 2e-3)


def test_too_little_behaviour_adapts_nothing_and_extracts_all_the_same(client, settings, tmp_path):
    items, events = town()
    store(client, tmp_path, items=items[:20], events=[e for e in events if e["item_id"].startswith("0-")])
    counts = extract(client, settings, adapting=True)
    assert "at least" in counts["adapted"]["refused"] and counts["encoder"] == DEFAULT_NAME and counts["items"] == 20


@pytest.mark.slow
def test_what_people_do_together_moves_together(client, settings, tmp_path, little):
    items, events = town()
    store(client, tmp_path, items=items, events=events)
    counts = extract(client, settings, adapting=True)
    report = counts["adapted"]
    assert "refused" not in report and report["recall_at_20"] > report["recall_at_20_before"]
    name = counts["encoder"]
    assert name.startswith(f"{DEFAULT_NAME}+") and counts["items"] == len(items)
    assert last_run(client, "extract")["counts"]["adapted"] == report
    about = "MATCH (:Item)-[a:ABOUT]->(n:Interest) RETURN count(a) AS edges, count(DISTINCT n) AS interests"
    before = client.run_text(about)[0]
    again = extract(client, settings)
    assert (again["encoder"], again["items"], again["embedded"]) == (name, 0, 0)
    extract(client, settings, encoder=SentenceEncoder(), full=True)
    assert client.run_text(about)[0] == before  # interests are matched by the base


@pytest.mark.slow
def test_an_encoder_that_learned_nothing_that_holds_is_refused(client, settings, tmp_path, little):
    items, events = town()
    store(client, tmp_path, items=items, events=chosen_at_random(events))
    counts = extract(client, settings, adapting=True)
    assert "not better" in counts["adapted"]["refused"]
    assert counts["encoder"] == DEFAULT_NAME and not (settings.models / "encoders").exists()


def test_contents_of_a_step_are_embedded_with_gradients(adapters):
    size = 4
    items = ItemFeatures(
        torch.zeros(size, 384),
        torch.ones(size, dtype=torch.bool),
        torch.arange(size),
        torch.zeros(2, 0, dtype=torch.long),
        torch.zeros(2, 0, dtype=torch.long),
        torch.zeros(0),
    )
    live = TrainableContents(adapters, TITLES, torch.tensor([True, True, True, False]))
    rows = torch.tensor([3, 0, 1])  # of the table, in the order of the features
    restricted = items.restrict(rows)
    found = live.put_in(restricted, rows, torch.tensor([0, 1, 3]), torch.Generator().manual_seed(0))
    assert found.known.tolist() == [3, -1, -1]  # as if they were new
    assert found.content.norm(dim=1).tolist() == pytest.approx([0.0, 1.0, 1.0], abs=1e-5)
    found.content.sum().backward()
    assert any(value.grad is not None and value.grad.abs().sum() > 0 for value in adapters.parameters)
    assert live.read_again(items).content.norm(dim=1).tolist() == pytest.approx([1.0] * size, abs=1e-5)
    for value in adapters.parameters:
        value.grad = None


def learned_end_to_end(client, settings, tmp_path, events):
    """The counts of an update with the encoder, its report, and the encoder of the last extract."""
    items, _ = town()
    store(client, tmp_path, items=items, events=events)
    extract(client, settings)
    build(client)
    counts = update(client, settings, end_to_end=True, epochs=6)
    report = counts["end_to_end"]
    assert counts["full"] and report["epoch"] >= 1 and {"recall_at_20", "recall_at_20_before"} <= report.keys()
    assert last_run(client, "update")["counts"]["end_to_end"] == report
    return report, last_run(client, "extract")["counts"]["encoder"]


def assert_read_by(client, settings, tmp_path, name):
    """The network learned from this encoder, and a new item is read by it."""
    model = client.run_text("MATCH (m:Model {active: true}) RETURN m.configuration AS configuration")[0]
    assert f'"encoder": "{name}"' in model["configuration"]
    store(client, tmp_path, items=[{"item_id": "new", "title": "The pink owl"}])
    extract(client, settings)
    update(client, settings)
    row = client.run_text(
        "MATCH (i:Item {item_id: 'new'}) RETURN i.encoder AS encoder, i.embedding IS NOT NULL AS there"
    )
    assert row == [{"encoder": name, "there": True}]


@pytest.mark.slow
def test_an_encoder_that_is_accepted_end_to_end_reads_from_then_on(client, settings, tmp_path, little, monkeypatch):
    """Training, check and report are real. Accepted is whatever was learned: who is accepted is tested above."""
    judged = verdict.compared
    monkeypatch.setattr(
        verdict, "compared", lambda *scores: {k: v for k, v in judged(*scores).items() if k != "refused"}
    )
    monkeypatch.setattr(trainable_contents, "AT_ONCE", 48)
    report, name = learned_end_to_end(client, settings, tmp_path, town()[1])
    assert "refused" not in report and name.startswith(f"{DEFAULT_NAME}+")
    assert_read_by(client, settings, tmp_path, name)


@pytest.mark.slow
def test_an_encoder_that_learned_from_chance_end_to_end_is_refused(client, settings, tmp_path, little, monkeypatch):
    monkeypatch.setattr(trainable_contents, "AT_ONCE", 48)
    report, name = learned_end_to_end(client, settings, tmp_path, chosen_at_random(town()[1]))
    assert "not better" in report["refused"] and name == DEFAULT_NAME
    assert not (settings.models / "encoders").exists()
    assert_read_by(client, settings, tmp_path, DEFAULT_NAME)
