"""Text and places: encodings, line endings, views."""

import pytest

from serveaudit.source import Piece, Position, SourceFile, Unreadable


def test_a_position_counts_lines_and_characters_from_one() -> None:
    source = SourceFile.decode("a.conf", "eins\nzwö drei\n".encode())
    assert source.position(source.text.index("drei")) == Position(2, 5)
    assert source.span(5, 8).text == "zwö"
    assert source.line_text(2) == "zwö drei"
    assert source.offset(2, 5) == source.text.index("drei")


@pytest.mark.parametrize("data", [b"a\nb\n", b"a\r\nb\r\n", b"a\r\nb\nc", b"\xef\xbb\xbfa\r\nb", "ä\r\n".encode("utf-16")])
def test_bytes_survive_reading_and_writing(data: bytes) -> None:
    assert SourceFile.decode("x", data).encode() == data


def test_an_edit_leaves_every_other_byte_alone() -> None:
    source = SourceFile.decode("x", b"\xef\xbb\xbfone\r\ntwo\nthree\r\n")
    start = source.text.index("two")
    assert source.encode([(start, start + 3, "2")]) == b"\xef\xbb\xbfone\r\n2\nthree\r\n"
    assert source.encode([(0, 0, "zero\n")]) == b"\xef\xbb\xbfzero\r\none\r\ntwo\nthree\r\n"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"ok\nbad \xff", "not valid UTF-8: byte 0xff in line 2"),
        (b"\0\1\2", "binary, not text"),
        (b"a" * (9 << 20), "larger than 8 MiB"),
    ],
)
def test_what_is_no_text_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        SourceFile.decode("x", data)


def test_a_view_without_indentation_tells_places_of_the_outer_file() -> None:
    outer = SourceFile("doc.yaml", "key: |\n  listen 80;\n  server_name a;\n")
    first, second = outer.text.index("listen"), outer.text.index("server_name")
    view = outer.lines_view([(first, first + 10), (second, second + 14)])
    assert view.text == "listen 80;\nserver_name a;\n"
    at = view.text.index("a;")
    span = view.span(at, at + 1)
    assert (span.path, span.line, span.outermost.text) == ("doc.yaml", 3, "a")


def test_a_view_in_a_view_maps_all_the_way_out() -> None:
    outer = SourceFile("doc.md", "x\n```\nhello world\n```\n")
    inner = outer.slice(outer.text.index("hello"), outer.text.index("world") + 5).slice(6, 11)
    assert inner.text == "world"
    assert inner.whole().outermost.text == "world"
    assert inner.whole().line == 3


def test_a_place_inside_an_escape_is_the_whole_escape() -> None:
    outer = SourceFile("run.sh", r"printf 'a\nb'")
    at = outer.text.index("a")
    view = outer.view("a\nb", [Piece(0, at, 1), Piece(1, at + 1, 2), Piece(2, at + 3, 1)])
    assert view.span(1, 2).outermost.text == r"\n"
    assert view.span(2, 3).outermost.text == "b"
