"""LoRA adapters in the layers of a sentence encoder: trained on behaviour, saved on disk, loaded by name.

The name of an adapted encoder is that of its base and a digest of base and adapters, so equal names give equal vectors.

Reference: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022.
"""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from gnn.encoders.device import precision
from gnn.encoders.encoder import Vectors
from gnn.encoders.sentence import SentenceEncoder
from graphstore.errors import InputError, NotReady

RANK, ALPHA, DROPOUT = 8, 16, 0.1
FOLDER = "encoders"
BASE_FILE, WEIGHTS_FILE = "base.json", "adapter_model.safetensors"


class Adapters:
    """A sentence encoder whose adapters alone are trained. D is its width."""

    def __init__(self, base: str, seed: int = 0, tokens: int = 64, last: int | None = None) -> None:
        """base: name of the encoder to adapt.  tokens: of a text to train on, from the first.  last: layers with
        adapters, from the last; None for all. Layers below them are computed without gradients.

        Raises:
            InputError: the encoder has no layers that can be adapted.
        """
        from peft import LoraConfig, get_peft_model

        self.base, self._tokens = base, tokens
        self._encoder = SentenceEncoder(base)
        self._sentences = self._encoder.load()
        inner = _transformer(self._sentences, base)
        torch.manual_seed(seed)
        config = LoraConfig(r=RANK, lora_alpha=ALPHA, lora_dropout=DROPOUT, target_modules=_linear_maps(inner, last))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            self._adapted: Any = get_peft_model(inner, config)
        self._sentences[0].model = self._adapted

    @property
    def parameters(self) -> list[nn.Parameter]:
        """The trainable weights."""
        return [value for value in self._sentences.parameters() if value.requires_grad]

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Embed the first tokens of N texts with gradients: (N, D), rows of length 1."""
        self._sentences.train()
        whole, self._sentences.max_seq_length = self._sentences.max_seq_length, self._tokens
        try:
            tokens = self._sentences.preprocess(list(texts))
        finally:
            self._sentences.max_seq_length = whole
        device = self._sentences.device
        with precision(str(device)):
            found = self._sentences({name: value.to(device) for name, value in tokens.items() if hasattr(value, "to")})
        return functional.normalize(found["sentence_embedding"].float(), dim=-1)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Embed N texts: float32, shape (N, D), rows of length 1."""
        self._sentences.eval()
        return self._encoder.encode(texts)

    def state(self) -> list[Tensor]:
        """A copy of the trainable weights."""
        return [value.detach().clone() for value in self.parameters]

    @torch.no_grad()
    def interpolate(self, state: Sequence[Tensor], share: float) -> None:
        """Set the adapters to a share, 0 to 1, of the way from the base encoder to `state`."""
        for (name, value), learned in zip(self._trainable(), state, strict=True):
            value.copy_(learned * share if "lora_B" in name else learned)

    def save(self, models: Path) -> str:
        """Write the adapters to a folder of their own, atomically; returns the adapted encoder's name.

        models: the folder of trained weights.
        """
        folder = models / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".unfinished-", dir=folder) as scratch:
            unfinished = Path(scratch) / "adapters"
            self._adapted.save_pretrained(unfinished)
            weights = (unfinished / WEIGHTS_FILE).read_bytes()
            name = f"{Path(self.base).name}+{hashlib.sha256(self.base.encode() + weights).hexdigest()[:12]}"
            (unfinished / BASE_FILE).write_text(json.dumps({"base": self.base}), encoding="utf-8")
            try:
                unfinished.rename(folder / name)
            except OSError:
                if not (folder / name).is_dir():  # else these very weights are there
                    raise
        return name

    def _trainable(self) -> list[tuple[str, nn.Parameter]]:
        return [(name, value) for name, value in self._sentences.named_parameters() if value.requires_grad]


class AdaptedEncoder(SentenceEncoder):
    """A sentence encoder with saved adapters."""

    def __init__(self, name: str, models: Path) -> None:
        """name: as `Adapters.save` returned it.  models: the folder of trained weights."""
        super().__init__(name)
        self._folder = models / FOLDER / name

    @property
    def base(self) -> SentenceEncoder:
        """The encoder that was adapted.

        Raises:
            NotReady: the adapters can't be read.
        """
        try:
            return SentenceEncoder(json.loads((self._folder / BASE_FILE).read_text(encoding="utf-8"))["base"])
        except (OSError, ValueError, KeyError) as error:
            raise NotReady(
                f"The adapters of encoder {self.name!r} can't be read from {self._folder}: copy them there, or read "
                "all anew by another encoder with `interestgraph extract --full --encoder NAME`."
            ) from error

    def load(self) -> Any:
        """The sentence-transformers model with the adapters."""
        if self._model is None:
            from peft import PeftModel

            base = self.base
            sentences = base.load()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)
                sentences[0].model = PeftModel.from_pretrained(_transformer(sentences, base.name), str(self._folder))
            self._model = sentences.eval()
        return self._model


def _transformer(sentences: Any, name: str) -> Any:
    inner = getattr(sentences[0], "model", None)
    if not isinstance(inner, nn.Module) or not _linear_maps(inner, None):
        raise InputError(f"Encoder {name!r} has no layers that can be adapted: adapt one that is a transformer.")
    return inner


def _linear_maps(model: nn.Module, last: int | None) -> list[str]:
    """Names of the linear maps in the last layers, or in all."""
    linear = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)]
    layers = {name: int(found[1]) for name in linear if (found := re.search(r"\.(\d+)\.", name))}
    return [name for name, layer in layers.items() if last is None or layer > max(layers.values()) - last]
