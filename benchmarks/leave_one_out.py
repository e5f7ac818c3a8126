"""Last-item prediction as it is published for Amazon Beauty: each user's last item, ranked among all that they had not.

    python benchmarks/leave_one_out.py FOLDER [--seed S] [--json]

FOLDER holds items, train, valid and test (.jsonl or .csv, plain or .gz) in the formats of `collect`: train is all but
the last two events of each user, valid the second last, test the last. The stages run on train; valid arrives as events
afterwards, as the literature gives it to its models too; then 20 items are asked for every user. Recall@k is the hit
rate, and NDCG@k 1 / log2(rank + 1).

Published figures: S3-Rec and SASRec as in the paper of TIGER (Rajput et al., NeurIPS 2023), which measured itself;
IDGenRec (Tan et al., SIGIR 2024), FDSA and GRAM (Lee et al., ACL 2025).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.measures import tables
from benchmarks.measures.splits import own_file, read_events
from gnn.scratch_graph import StageOptions, scratch_graph
from graphstore.collect.stage import collect
from graphstore.errors import InputError
from graphstore.recommend.stage import recommend_all

DEPTHS = (5, 10)
ASKED = 20
PUBLISHED: dict[str, tuple[float | None, ...]] = {  # Recall@5, NDCG@5, Recall@10, NDCG@10
    "GRAM": (0.0641, 0.0451, None, None),
    "FDSA": (0.0570, 0.0412, 0.0777, 0.0478),
    "IDGenRec": (0.0463, 0.0328, 0.0665, 0.0393),
    "TIGER": (0.0454, 0.0321, 0.0648, 0.0384),
    "S3-Rec": (0.0387, 0.0244, 0.0647, 0.0327),
    "SASRec": (0.0387, 0.0249, 0.0605, 0.0318),
}


def part(folder: Path, name: str) -> Path:
    """A file of the data set.

    Raises:
        InputError: there is none.
    """
    if (path := own_file(folder, name)) is None:
        raise InputError(f"{folder}: there is no {name}.jsonl or {name}.csv in it.")
    return path


def lists_of(folder: Path, seed: int) -> dict[str, list[str]]:
    """What is served to every user, best first."""
    with scratch_graph(part(folder, "train"), part(folder, "items"), options=StageOptions(seed=seed)) as (client, _):
        collect(client, events=part(folder, "valid"))
        return {row["user_id"]: row["items"] for row in recommend_all(client, k=ASKED)}


def scores(lists: Mapping[str, list[str]], wanted: Mapping[str, str]) -> tuple[float, ...]:
    """Recall and NDCG at each depth.  wanted: one item of each user."""
    ranks = [lists[user].index(item) + 1 if item in lists.get(user, ()) else math.inf for user, item in wanted.items()]
    found: list[float] = []
    for depth in DEPTHS:
        gains = [1 / math.log2(rank + 1) if rank <= depth else 0.0 for rank in ranks]
        found += [sum(rank <= depth for rank in ranks) / len(ranks), sum(gains) / len(ranks)]
    return tuple(found)


def row(name: str, figures: tuple[float | None, ...]) -> dict[str, Any]:
    """A row of the table."""
    names = [f"{metric}@{depth}" for depth in DEPTHS for metric in ("Recall", "NDCG")]
    return {"system": name} | {
        key: "" if value is None else f"{value:.4f}" for key, value in zip(names, figures, strict=True)
    }


def main() -> None:
    """Measure, and print the served lists beside what is published."""
    parser = tables.parser(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0, help="of the training")
    options = parser.parse_args()
    wanted = {event["user_id"]: event["item_id"] for event in read_events(part(options.folder, "test"))}
    served = scores(lists_of(options.folder, options.seed), wanted)
    rows = [row("interestgraph, served", served), *(row(name, figures) for name, figures in PUBLISHED.items())]
    tables.show(f"Last item of {len(wanted):,} users, full ranking", rows, options.json)


if __name__ == "__main__":
    main()
