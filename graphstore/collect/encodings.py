"""Encodings of input files: UTF-8, UTF-16 with a byte order mark, or the one that the caller names."""

from __future__ import annotations

import codecs
import io
from typing import Any

from graphstore.errors import InputError

MARKS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
CHUNK_BYTES = 1 << 16
BROKEN = "graphstore-broken-bytes"
COMMON_HANZI = range(0xB0, 0xD8)  # first bytes of the characters of everyday Chinese in GBK
LEAST_COMMON = 0.8
NOT_TEXT = (
    (b"PK\x03\x04", "an Excel workbook or zip archive: save it as CSV in UTF-8"),
    (b"PAR1", "a Parquet file: save it as CSV or JSONL"),
    (b"\x1f\x8b", "compressed by gzip: give it the ending .gz"),
)


def _kept_as_bytes(error: UnicodeError) -> tuple[str | bytes, int]:
    """Keeps bytes that an encoding does not have as they are, so that their line, and no other, is not UTF-8."""
    if isinstance(error, UnicodeDecodeError):
        return error.object[error.start : error.end].decode("ascii", "surrogateescape"), error.end
    assert isinstance(error, UnicodeEncodeError)
    piece = error.object[error.start : error.start + 1]
    escaped = "\udc80" <= piece <= "\udcff"
    return piece.encode(
        "ascii" if escaped else "utf-8", "surrogateescape" if escaped else "surrogatepass"
    ), error.start + 1


codecs.register_error(BROKEN, _kept_as_bytes)


class Recoded(io.RawIOBase):
    """A stream of bytes in another encoding, read as UTF-8. Bytes that can't be decoded stay as they are."""

    def __init__(self, stream: Any, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)(BROKEN)
        self._ready = b""

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer; returns how many bytes."""
        while not self._ready:
            raw = self._stream.read1(CHUNK_BYTES)
            self._ready = self._decoder.decode(raw, not raw).encode("utf-8", BROKEN)
            if not raw:
                break
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count


def encoding_of(name: str, start: bytes, declared: str | None) -> str | None:
    """The encoding of a file that begins with `start`; None for UTF-8, which needs no change.

    name: of the file, for messages.  declared: by the caller.

    Raises:
        InputError: there is no such encoding, or the file is no text, or UTF-16 without a byte order mark.
    """
    if declared is not None:
        try:
            found = codecs.lookup(declared)
        except LookupError:
            found = None
        if found is None or not found._is_text_encoding:
            raise InputError(f"--encoding {declared}: there is no such encoding; for example cp1252, gb18030, utf-16.")
        return None if found.name in ("utf-8", "utf-8-sig", "ascii") else found.name
    for mark, encoding in MARKS:
        if start.startswith(mark):
            return encoding
    for magic, what in NOT_TEXT:
        if start.startswith(magic):
            raise InputError(f"{name} is {what}.")
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros = start[first::2].count(0)
        if zeros > len(start) // 4:
            raise InputError(f"{name} is not UTF-8. It looks like {encoding.upper()}: give --encoding {encoding}.")
    return None


def guess_encoding(raw: bytes) -> tuple[str, str]:
    """A guess of the encoding of lines that are not UTF-8, GBK or Western European, and the lines read so."""
    pairs = [(raw[place], raw[place + 1]) for place in _pair_places(raw)]
    common = sum(first in COMMON_HANZI and second >= 0xA1 for first, second in pairs)
    order = ["gb18030", "cp1252"] if pairs and common >= LEAST_COMMON * len(pairs) else ["cp1252"]
    for encoding in order:
        try:
            return encoding, raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return "latin-1", raw.decode("latin-1")


def _pair_places(raw: bytes) -> list[int]:
    """Where a byte that is not ASCII begins, with the one after it, a character of two bytes."""
    places, place = [], 0
    while place < len(raw) - 1:
        if raw[place] >= 0x80:
            places.append(place)
            place += 1
        place += 1
    return places
