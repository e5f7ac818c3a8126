"""An encoder by its name or path."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass
from gnn.encoders.encoder import Encoder
from gnn.encoders.sentence import SentenceEncoder
from gnn.encoders.universal import UNIVERSAL_NAME, UniversalEncoder

ADAPTED = re.compile(r"\+[0-9a-f]{12}$")  # how the name of one with adapters ends


def encoder(name: str | None, models: Path) -> Encoder:
    """The encoder that a name stands for, as a command or the graph has it; the default without a name.

    It is UNIVERSAL_NAME, a static model (`gnn.encoders.static`), one that was adapted (`gnn.encoders.adapters`), or a
    sentence-transformers model by its name or path. Nothing is loaded before it embeds, and no name is refused before.
    models: the folder of trained weights, where those that are distilled or adapted are kept.
    """
    if name and ADAPTED.search(name):
        from gnn.encoders.adapters import AdaptedEncoder

        return AdaptedEncoder(name, models)
    from gnn.encoders.static import StaticEncoder, is_static

    if is_static(name):
        return StaticEncoder(name, models)
    return UniversalEncoder() if name == UNIVERSAL_NAME else SentenceEncoder(name)
