"""The train and test lists that LightGCN and many papers after it publish: ids only, without text or time."""

from __future__ import annotations

from pathlib import Path

from graphstore.datasets.dataset import Dataset, Rows, need_file, no_rows, read_lines

FILES = ("train.txt",)


def read_lightgcn(folder: Path) -> Dataset:
    """The training lists as events of kind "like"; test.txt is what a recommender is asked for and stays out.

    Reference: He et al., "LightGCN: Simplifying and Powering Graph Convolution Network for Recommendation", SIGIR 2020.
    """
    return Dataset("lightgcn", no_rows, no_rows, lambda: read_lists(folder, "train.txt"))


def read_lists(folder: Path, name: str) -> Rows:
    """Lines of "user item item …" as events of kind "like" without a time; a user may have no item."""
    for user_id, *item_ids in read_lines(need_file(folder, name), None, lambda fields: fields):
        for item_id in item_ids:
            yield {"user_id": user_id, "item_id": item_id, "kind": "like"}
