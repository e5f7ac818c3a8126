import codecs

import pytest

from graphstore.collect.encodings import guess_encoding
from graphstore.collect.files import open_rows
from graphstore.errors import InputError

TITLES = ["Amélie", "Überläufer", "電影"]


def written(path, encoding, mark=b"", titles=TITLES):
    text = "item_id,title\n" + "".join(f"{number},{title}\n" for number, title in enumerate(titles))
    path.write_bytes(mark + text.encode(encoding))
    return path


def titles(path, encoding=None):
    with open_rows(path, encoding) as source:
        return [line.row["title"] if line.row else line.problem for line in source.lines]


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-32-le", codecs.BOM_UTF32_LE),
    ],
)
def test_a_byte_order_mark_says_the_encoding(tmp_path, encoding, mark):
    assert titles(written(tmp_path / "i.csv", encoding, mark)) == TITLES


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "gb18030", "utf-8"])
def test_an_encoding_can_be_named(tmp_path, encoding):
    assert titles(written(tmp_path / "i.csv", encoding), encoding) == TITLES


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_told_and_which(tmp_path, encoding):
    with pytest.raises(InputError, match=f"It looks like {encoding.upper()}: give --encoding {encoding}"):
        titles(written(tmp_path / "i.csv", encoding, titles=["Alien"]))


@pytest.mark.parametrize("name", ["klingon", "rot13", "base64"])
def test_an_encoding_that_is_none_is_named(tmp_path, name):
    with pytest.raises(InputError, match=f"--encoding {name}: there is no such encoding"):
        titles(written(tmp_path / "i.csv", "utf-8"), name)


def test_bytes_that_the_named_encoding_does_not_have_cost_their_line_and_stay(tmp_path):
    path = tmp_path / "i.csv"
    path.write_bytes("item_id,title\n1,活着\n".encode("gb18030") + b"2,\xff\xff\n3,Alien\n")
    with open_rows(path, "gb18030") as source:
        lines = list(source.lines)
    assert [line.row and line.row["title"] for line in lines] == ["活着", None, "Alien"]
    assert lines[1].raw == b"2,\xff\xff\n" and "not UTF-8" in lines[1].problem
    assert lines[0].raw == "1,活着\n".encode()  # a rejected line can be collected again as UTF-8


@pytest.mark.parametrize(
    ("start", "what"), [(b"PK\x03\x04", "an Excel workbook"), (b"PAR1", "Parquet"), (b"\x1f\x8b", "gzip")]
)
def test_a_file_that_is_no_text_is_called_what_it_is(tmp_path, start, what):
    (tmp_path / "i.csv").write_bytes(start + b"\0\1")
    with pytest.raises(InputError, match=what):
        titles(tmp_path / "i.csv")


def test_a_header_that_is_not_utf_8_is_shown_as_it_may_read(tmp_path):
    (tmp_path / "i.csv").write_bytes("编号,标题\n1,活着\n".encode("gbk"))
    with pytest.raises(
        InputError, match="Read as gb18030 it says '编号,标题': if that is right, give --encoding gb18030"
    ):
        titles(tmp_path / "i.csv")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("1,霸王别姬\n2,Alien 异形\n", "gb18030"), ("1,Amélie\n", "cp1252"), ("Größe, Straße – “Fuß”\n", "cp1252")],
)
def test_chinese_and_western_european_are_told_apart(text, encoding):
    assert guess_encoding(text.encode(encoding)) == (encoding, text)
    assert guess_encoding(b"\x81\xe9")[0] == "latin-1"
