"""Where the bytes of an image or a sound come from: a file inside one folder, or an address that may be asked.

References come from whoever may write items, also over HTTP. So a file is opened only inside the folder that was named,
whatever the reference or a link says, and an address is asked only where that was allowed.
"""

from __future__ import annotations

import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from gnn.media.encoder import Unreadable

MOST_BYTES = 50_000_000
CONNECT_SECONDS, WHOLE_SECONDS = 5.0, 30.0
MOST_REDIRECTS = 3
CHUNK_BYTES = 65_536
ASKED = ("http", "https")


@dataclass(frozen=True)
class MediaFiles:
    """folder: files are read inside it alone, and relative paths begin there.  fetch: ask http and https addresses.
    private: also those of this machine and of private networks."""

    folder: Path
    fetch: bool = False
    private: bool = False

    def stamp(self, reference: str) -> str:
        """What tells whether the content is another now without reading it: of a file its time and size.

        An address counts as unchanged until all is read again.

        Raises:
            Unreadable: it may not or can't be had.
        """
        if urlsplit_of(reference).scheme in ASKED:
            return "address"
        found = self._path(reference).stat()
        return f"{found.st_mtime_ns}-{found.st_size}"

    def read(self, reference: str) -> bytes:
        """The content.

        Raises:
            Unreadable: it may not or can't be had, or is larger than MOST_BYTES.
        """
        if urlsplit_of(reference).scheme in ASKED:
            return self._fetched(reference)
        try:
            with self._path(reference).open("rb") as file:
                content = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise Unreadable(f"can't be read: {error.strerror}") from error
        return _bounded(content)

    def _path(self, reference: str) -> Path:
        parts = urlsplit_of(reference)
        if parts.scheme == "file":
            if parts.netloc not in ("", "localhost"):
                raise Unreadable("a file of another machine")
            reference = url2pathname(parts.path)
        elif "://" in reference:
            raise Unreadable("neither a path nor a file:, http: or https: address")
        try:
            folder = self.folder.resolve()
            path = (folder / reference).resolve()
            if not path.is_relative_to(folder):
                raise Unreadable("outside the media folder")
            found = path.stat()
        except (OSError, ValueError, RuntimeError) as error:
            raise Unreadable("there is no such file in the media folder") from error
        if not stat.S_ISREG(found.st_mode):
            raise Unreadable("not a file")
        if found.st_size > MOST_BYTES:
            raise Unreadable(f"larger than {MOST_BYTES // 1_000_000} MB")
        return path

    def _fetched(self, address: str) -> bytes:
        if not self.fetch:
            raise Unreadable("an address: extract --fetch-media asks them")
        try:
            import requests
            from requests_hardened import Config, Manager
            from requests_hardened.ip_filter import InvalidIPAddress
        except ImportError as error:
            raise Unreadable("addresses are not asked: pip install 'interestgraph[media]'") from error
        limits = (CONNECT_SECONDS, CONNECT_SECONDS)
        config = Config(not self.private, False, False, limits, user_agent_override="interestgraph")
        ends = time.monotonic() + WHOLE_SECONDS
        try:
            with Manager(config).get_session() as session:
                session.max_redirects = MOST_REDIRECTS
                session.trust_env = False  # a proxy would resolve names itself, and .netrc holds passwords
                with session.get(address, stream=True) as answer:
                    if not answer.ok:
                        raise Unreadable(f"answered {answer.status_code}")
                    return _bounded(_streamed(answer, ends))
        except InvalidIPAddress as error:
            raise Unreadable("an address of a private network: extract --fetch-private asks them") from error
        except (requests.RequestException, ValueError, OSError) as error:
            raise Unreadable(f"can't be fetched ({type(error).__name__})") from error


def urlsplit_of(reference: str) -> Any:
    """The parts of an address; those of a path that looks like a broken one have no scheme."""
    try:
        return urlsplit(reference.strip())
    except ValueError:
        return urlsplit("")


def _streamed(answer: Any, ends: float) -> bytes:
    parts, size = [], 0
    for part in answer.iter_content(CHUNK_BYTES):
        parts.append(part)
        size += len(part)
        if size > MOST_BYTES:
            break
        if time.monotonic() > ends:
            raise Unreadable(f"took longer than {WHOLE_SECONDS:.0f} s")
    return b"".join(parts)


def _bounded(content: bytes) -> bytes:
    if len(content) > MOST_BYTES:
        raise Unreadable(f"larger than {MOST_BYTES // 1_000_000} MB")
    if not content:
        raise Unreadable("empty")
    return content
