"""A question to a language model, the shape of its answer, and parsing of the model's text."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from pydantic_core import from_json

Shape = TypeVar("Shape", bound=BaseModel)
NAMED = ("properties", "$defs")
LISTED = ("anyOf", "oneOf", "allOf", "prefixItems")
BYTES_PER_TOKEN = 3


@dataclass(frozen=True)
class Question(Generic[Shape]):
    """One question about one text.

    prompt: name and version of the prompt, "interests/1".  system: the instructions.  text: that they are about.
    shape: the pydantic model of the answer.  most_tokens: of the answer.
    """

    prompt: str
    system: str
    text: str
    shape: type[Shape]
    most_tokens: int = 2_000

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of the answer, strict."""
        return strict_schema(self.shape)

    @property
    def tokens_in(self) -> int:
        """Estimated tokens sent: a third of the bytes, so that scripts with more bytes a letter count more."""
        return estimated_tokens(self.system) + estimated_tokens(self.text) + estimated_tokens(json.dumps(self.schema))

    def key(self, model: str) -> bytes:
        """The SHA-256 of everything that the answer of this model depends on."""
        asked = [model, self.prompt, self.system, self.text, self.schema, self.most_tokens]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).digest()


def estimated_tokens(text: str) -> int:
    """The estimated number of tokens of a text, rounded up."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


@lru_cache(maxsize=64)
def strict_schema(shape: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a shape for endpoints with `strict` set: all properties required, no others allowed."""
    return _strict(shape.model_json_schema())


def read_answer(shape: type[Shape], text: str) -> tuple[Shape, str]:
    """The answer in a model's text, and its JSON on one line. Fences and words around the object are ignored.

    Raises:
        ValueError: there is no object, one of another shape, or a number that JSON does not have (NaN, infinity).
    """
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        raise ValueError("no JSON object")
    raw = text[start : end + 1]
    # pydantic accepts NaN and 1e999 as floats, JSON does not.
    plain = json.dumps(from_json(raw, allow_inf_nan=False), allow_nan=False)
    return shape.model_validate_json(raw), plain


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema and "$defs" not in schema:
        return {"$ref": schema["$ref"]}
    # Strict endpoints refuse defaults, as every property is required.
    strict = {word: value for word, value in schema.items() if word != "default"}
    for word in NAMED:
        if word in strict:
            strict[word] = {name: _strict(part) for name, part in strict[word].items()}
    for word in LISTED:
        if word in strict:
            strict[word] = [_strict(part) for part in strict[word]]
    if isinstance(strict.get("items"), dict):
        strict["items"] = _strict(strict["items"])
    if "properties" in strict:
        strict |= {"additionalProperties": False, "required": list(strict["properties"])}
    return strict
