"""The bytes of images and sounds: from files in one folder, and from http and https addresses if that is allowed.

References are written by anyone who may write items, also over HTTP. So no file outside the folder is opened, whatever
the reference or a link says, and no address is requested unless the user allowed it.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from gnn.media.encoder import Unreadable
from graphstore.deadlines import Deadline

MOST_BYTES = 50_000_000
CONNECT_SECONDS, WHOLE_SECONDS = 5.0, 30.0
MOST_REDIRECTS = 3
TOO_LONG = f"took longer than {WHOLE_SECONDS:.0f} s"
CHUNK_BYTES = 65_536
ADDRESSES = ("http", "https")


@dataclass(frozen=True)
class MediaFiles:
    """Reads the files and addresses that items refer to.

    folder: the only one that files are read from; relative paths begin there.  fetch: whether addresses are requested.
    private: whether also those of this machine and of private networks.
    """

    folder: Path
    fetch: bool = False
    private: bool = False

    def stamp(self, reference: str) -> str:
        """A text that changes when the content does: time and size of a file; the same for every address.

        Raises:
            Unreadable: the reference is not allowed, or there is no such file.
        """
        if urlsplit_of(reference).scheme in ADDRESSES:
            return "address"
        found = self._path(reference).stat()
        return f"{found.st_mtime_ns}-{found.st_size}"

    def read(self, reference: str) -> bytes:
        """The content.

        Raises:
            Unreadable: the reference is not allowed, can't be read, or has more than MOST_BYTES.
        """
        if urlsplit_of(reference).scheme in ADDRESSES:
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
        deadline = Deadline(WHOLE_SECONDS)
        try:
            with deadline, Manager(config).get_session() as session:
                deadline.watch_session(session)
                session.max_redirects = MOST_REDIRECTS
                session.trust_env = False  # a proxy would resolve names itself, and .netrc holds passwords
                with session.get(address, stream=True) as answer:
                    if not answer.ok:
                        raise Unreadable(f"answered {answer.status_code}")
                    content = _streamed(answer)
            if deadline.passed:  # a body without a length ends like a whole one when its connection is shut down
                raise Unreadable(TOO_LONG)
            return _bounded(content)
        except InvalidIPAddress as error:
            raise Unreadable("an address of a private network: extract --fetch-private asks them") from error
        except (requests.RequestException, ValueError, OSError) as error:
            if deadline.passed:
                raise Unreadable(TOO_LONG) from error
            raise Unreadable(f"can't be fetched ({type(error).__name__})") from error


def urlsplit_of(reference: str) -> Any:
    """The parts of an address; without a scheme for a path that looks like a broken address."""
    try:
        return urlsplit(reference.strip())
    except ValueError:
        return urlsplit("")


def _streamed(answer: Any) -> bytes:
    parts, size = [], 0
    for part in answer.iter_content(CHUNK_BYTES):
        parts.append(part)
        size += len(part)
        if size > MOST_BYTES:
            break
    return b"".join(parts)


def _bounded(content: bytes) -> bytes:
    if len(content) > MOST_BYTES:
        raise Unreadable(f"larger than {MOST_BYTES // 1_000_000} MB")
    if not content:
        raise Unreadable("empty")
    return content
