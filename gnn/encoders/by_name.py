"""Encoders by name or path."""

from __future__ import annotations

import re
from pathlib import Path

from gnn.encoders.encoder import Encoder
from gnn.encoders.sentence import SentenceEncoder
from gnn.encoders.universal import UNIVERSAL_NAME, UniversalEncoder

ADAPTED = re.compile(r"\+[0-9a-f]{12}$")  # the end of an adapted encoder's name


def encoder(name: str | None, models: Path) -> Encoder:
    """The encoder of a name, as a command or the graph has it; the default one without a name.

    Names are UNIVERSAL_NAME, those of static models (`gnn.encoders.static`) and of adapted encoders
    (`gnn.encoders.adapters`), and of sentence-transformers models, which may be paths. A model is loaded when it first
    embeds, and a wrong name is refused then.
    models: the folder of distilled and adapted models.
    """
    if name and ADAPTED.search(name):
        from gnn.encoders.adapters import AdaptedEncoder

        return AdaptedEncoder(name, models)
    from gnn.encoders.static import StaticEncoder, is_static

    if is_static(name):
        return StaticEncoder(name, models)
    return UniversalEncoder() if name == UNIVERSAL_NAME else SentenceEncoder(name)
