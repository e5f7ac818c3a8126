"""The gain for new items from adapting the encoder to behaviour: `extract --adapt` and `update --end-to-end`.

    python benchmarks/language/adaptation.py [DATASET...] [--part valid|test] [--ways WAY...] [--seeds N]
        [--data FOLDER]

DATASET: of splits.py (default: ml-100k-overviews@item, uci-online-retail@item: a tenth of the items is new). All stages
run in a scratch server, and what is served is scored: the items without a training event ranked among themselves.
"judged" is Recall@20 of items held out of the training events, before and after, by which the encoder was kept or not.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.measures import tables
from benchmarks.measures.shared_scripts import shared_folder
from benchmarks.measures.splits import SplitFiles, make_split
from gnn.evaluate import StageOptions, evaluate

DEFAULT = ("ml-100k-overviews@item", "uci-online-retail@item")
WAYS = {"as it is": None, "adapted": "adapt", "end to end": "end-to-end"}
Row = dict[str, Any]


def measure(split: SplitFiles, part: str, way: str, seed: int) -> Row:
    """One evaluation as a row of the table."""
    train_file, test_file = split.known_and_later(part)
    files: dict[str, Any] = {"users_file": split.users, "ties_file": split.ties}
    options = StageOptions(media=split.media, seed=seed, encoder_learns=WAYS[way])
    began = time.perf_counter()
    report = evaluate(train_file, test_file, split.items, **files, options=options, baselines=())
    stages = report["stages"]
    learned = stages["extract"].get("adapted") or stages["update"].get("end_to_end") or {}
    cold = report["cold_alone"]
    return {
        "data set": split.name,
        "encoder": way,
        "seed": seed,
        "new items": cold["candidates"],
        "Recall@20": f"{cold['recall@20']:.4f} ± {cold['recall@20_ci']:.4f}",
        "random": round(cold["random"], 3),
        "judged": _judged(learned),
        "stages, s": round(time.perf_counter() - began, 0),
    }


def _judged(learned: dict[str, Any]) -> str:
    if "recall_at_20" not in learned:
        return learned.get("refused", "")
    verdict = "refused" if "refused" in learned else "kept"
    gain = f"{learned['difference']:+.4f} ± {learned['half_width']:.4f}"
    return f"{learned['recall_at_20_before']:.4f} -> {learned['recall_at_20']:.4f}, {gain}: {verdict}"


def main() -> None:
    """Measure and print."""
    parser = tables.parser(__doc__)
    parser.add_argument("datasets", nargs="*", default=DEFAULT, metavar="DATASET")
    parser.add_argument("--part", choices=("valid", "test"), default="test")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--shared", type=Path)
    options = parser.parse_args()
    options.shared = shared_folder(options.shared)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in options.datasets:
            split = make_split(name, Path(folder) / name, data=options.data, shared=options.shared)
            for seed in range(options.seeds):
                for way in options.ways:
                    rows.append(measure(split, options.part, way, seed))
                    if not options.json:
                        tables.show("so far", rows[-1:], False)
    tables.show(f"an encoder that learns from behaviour, {options.part} part", rows, options.json)


if __name__ == "__main__":
    main()
