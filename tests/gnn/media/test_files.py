import http.server
import threading
from contextlib import contextmanager

import pytest

from gnn.media import files as media_files
from gnn.media.encoder import Unreadable
from gnn.media.files import MediaFiles
from tests.fixtures.dripping import dripping


class Answers(http.server.BaseHTTPRequestHandler):
    """/image answers bytes, /away/N redirects N times and then to it, /large and /gone what they say."""

    def do_GET(self):
        if self.path.startswith("/away/"):
            left = int(self.path.rpartition("/")[2])
            self.send_response(302)
            self.send_header("Location", f"/away/{left - 1}" if left else "/image")
            self.end_headers()
            return
        self.send_response(404 if self.path == "/gone" else 200)
        self.end_headers()
        self.wfile.write(b"x" * 5_000 if self.path == "/large" else b"bytes")

    def log_message(self, *_):
        pass


@contextmanager
def site():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "media"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "ä b.jpg").write_bytes(b"inside")
    (tmp_path / "secret.txt").write_bytes(b"outside")
    (folder / "link.jpg").symlink_to(tmp_path / "secret.txt")
    (folder / "fine.jpg").symlink_to(folder / "deep" / "ä b.jpg")
    return MediaFiles(folder)


def test_a_relative_path_an_absolute_path_and_a_file_address_inside_the_folder_are_read(files):
    inside = files.folder / "deep" / "ä b.jpg"
    for reference in ("deep/ä b.jpg", str(inside), inside.as_uri(), "fine.jpg", "deep/../deep/ä b.jpg"):
        assert files.read(reference) == b"inside"


@pytest.mark.parametrize(
    "reference",
    [
        "../secret.txt",
        "deep/../../secret.txt",
        "link.jpg",
        "/etc/hostname",
        "file:///etc/hostname",
        "file:../secret.txt",
    ],
)
def test_nothing_outside_the_folder_is_opened_whatever_a_path_or_a_link_says(files, reference):
    for ask in (files.read, files.stamp):
        with pytest.raises(Unreadable, match="outside the media folder"):
            ask(reference)


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("missing.jpg", "no such file"),
        ("nul\0byte.jpg", "no such file"),
        ("x" * 5_000, "no such file"),
        ("deep", "not a file"),
        ("file://elsewhere/share/x.jpg", "another machine"),
        ("ftp://example.org/x.jpg", "neither a path"),
        ("http://[broken", "neither a path"),
        ("https://example.org/x.jpg", "--fetch-media"),
    ],
)
def test_what_can_not_be_had_says_why(files, reference, why):
    with pytest.raises(Unreadable, match=why):
        files.read(reference)


def test_a_file_that_is_too_large_or_empty_is_not_read(files, monkeypatch):
    (files.folder / "empty.jpg").write_bytes(b"")
    with pytest.raises(Unreadable, match="empty"):
        files.read("empty.jpg")
    monkeypatch.setattr(media_files, "MOST_BYTES", 3)
    with pytest.raises(Unreadable, match="larger"):
        files.read("fine.jpg")


def test_a_stamp_is_another_when_the_file_is(files):
    before = files.stamp("fine.jpg")
    assert files.stamp("fine.jpg") == before
    (files.folder / "deep" / "ä b.jpg").write_bytes(b"something else")
    assert files.stamp("fine.jpg") != before


def test_addresses_of_this_machine_are_refused_unless_asked_for(tmp_path):
    with site() as address:
        for host in (address, address.replace("127.0.0.1", "localhost")):
            with pytest.raises(Unreadable, match="private network"):
                MediaFiles(tmp_path, fetch=True).read(f"{host}/image")
        assert MediaFiles(tmp_path, fetch=True, private=True).read(f"{address}/image") == b"bytes"


@pytest.mark.parametrize("head", [b"X-Long: ", b"\r\n", b"Content-Length: 1000000\r\n\r\n"])
def test_an_address_that_drips_is_left_after_the_whole_time(tmp_path, monkeypatch, head):
    monkeypatch.setattr(media_files, "WHOLE_SECONDS", 0.3)
    with dripping(b"HTTP/1.1 200 OK\r\n" + head) as address, pytest.raises(Unreadable, match="longer than"):
        MediaFiles(tmp_path, fetch=True, private=True).read(f"{address}/image")


def test_redirects_sizes_and_time_are_bounded(tmp_path, monkeypatch):
    files = MediaFiles(tmp_path, fetch=True, private=True)
    with site() as address:
        assert files.read(f"{address}/away/1") == b"bytes"
        with pytest.raises(Unreadable, match="TooManyRedirects"):
            files.read(f"{address}/away/9")
        with pytest.raises(Unreadable, match="answered 404"):
            files.read(f"{address}/gone")
        with monkeypatch.context() as patch:
            patch.setattr(media_files, "WHOLE_SECONDS", -1.0)
            with pytest.raises(Unreadable, match="longer than"):
                files.read(f"{address}/image")
        monkeypatch.setattr(media_files, "MOST_BYTES", 1_000)
        with pytest.raises(Unreadable, match="larger"):
            files.read(f"{address}/large")
    with pytest.raises(Unreadable, match="can't be fetched"):
        files.read(f"{address}/image")
