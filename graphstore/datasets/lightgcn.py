"""The train and test lists of LightGCN, which many papers use: ids only, without text or time."""

from __future__ import annotations

from pathlib import Path

from graphstore.datasets.dataset import Dataset, RowIterator, need_file, no_rows, read_lines

FILES = ("train.txt",)


def read_lightgcn(folder: Path) -> Dataset:
    """The lists of train.txt as events of kind "like". test.txt is not imported: it is for evaluation.

    Reference: He et al., "LightGCN: Simplifying and Powering Graph Convolution Network for Recommendation", SIGIR 2020.
    """
    return Dataset("lightgcn", no_rows, no_rows, lambda: read_lists(folder, "train.txt"))


def read_lists(folder: Path, name: str) -> RowIterator:
    """Lines "user item item …" as events of kind "like" without a time. A user may have no item."""
    for user_id, *item_ids in read_lines(need_file(folder, name), None, lambda fields: fields):
        for item_id in item_ids:
            yield {"user_id": user_id, "item_id": item_id, "kind": "like"}
