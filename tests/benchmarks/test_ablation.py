from benchmarks import ablation
from benchmarks.ablation import Variant


def test_variants_that_share_a_training_are_served_after_one(monkeypatch):
    done = []

    def update(client, settings, *, full, seed, **training):
        done.append(("trained", training))
        return {"version": f"v{len(done)}"}

    def rehearsed(client, training):
        done.append(("rehearsed", training))
        return ["example"]

    monkeypatch.setattr(ablation, "update", update)
    monkeypatch.setattr(ablation, "rehearsed", rehearsed)
    monkeypatch.setattr(ablation, "serve_without", lambda client, version, found, without: done.append(without))
    variants = {
        "everything": Variant(),
        "no content": Variant(training={"content": False}),
        "no interests": Variant(("interests",)),
        "neither": Variant(("interests",), {"content": False}),
        "no ties": Variant(("social",)),
    }
    labels = []
    for label in ablation.served(None, None, variants):
        labels.append(label)
        done.append(label)
    assert labels == ["everything", "no interests", "no ties", "no content", "neither"]
    assert done == [
        *[("trained", {}), "everything"],
        *[("rehearsed", {}), ("interests",), "no interests"],
        *[("social",), "no ties"],
        *[("trained", {"content": False}), "no content"],
        *[("rehearsed", {"content": False}), ("interests",), "neither"],
    ]


def test_every_group_says_what_it_leaves_out():
    assert set(ablation.GROUPS) == {"channels", "model", "language"}
    assert all(variant != Variant() for group in ablation.GROUPS.values() for variant in group.values())
