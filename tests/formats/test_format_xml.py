"""XML with its places."""

from __future__ import annotations

import pytest

from serveaudit.formats import xml
from serveaudit.formats.xml import Element, Text
from serveaudit.source import SourceFile


def root(text: str) -> Element:
    found = xml.parse(SourceFile("a.xml", text)).root
    assert found is not None
    return found


def texts(element: Element) -> list[str]:
    return [each.text for each in element.content if isinstance(each, Text)]


def test_elements_attributes_and_texts() -> None:
    element = root('<uwsgi id="prod">\n <threads>4</threads>\n <master/>\n</uwsgi>\n')
    assert (element.name, element.attributes) == ("uwsgi", {"id": "prod"})
    assert [(each.name, texts(each), each.span.line) for each in element.elements] == [("threads", ["4"], 2), ("master", [], 3)]


def test_a_text_stands_where_it_is_written() -> None:
    content = root("<a>\n<b>größer</b><c> x </c></a>").elements[1].content[0]
    assert isinstance(content, Text)
    assert (content.span.text, content.span.source.text[content.span.start - 1]) == (" x ", ">")


def test_references_are_replaced_and_keep_their_place() -> None:
    content = root("<a>b &amp; c&#10;<![CDATA[<d>]]></a>").content[0]
    assert isinstance(content, Text)
    assert (content.text, content.span.text, content.span.outermost.start) == ("b & c\n<d>", "b & c\n<d>", 3)


@pytest.mark.parametrize("text", ["", "<a>", "<a></b>", "x", "<a>&nobody;</a>", "<a>\ud800</a>", "[uwsgi]\nmaster = 1\n"])
def test_what_is_no_xml_is_a_problem(text: str) -> None:
    found = xml.parse(SourceFile("a.xml", text))
    assert found.root is None
    assert found.problems[0].message.startswith("no XML: ")


def test_entities_that_stand_for_gigabytes_are_not_read() -> None:
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    found = xml.parse(SourceFile("a.xml", f'<!DOCTYPE a [<!ENTITY a0 "ha">{laughs}]><a>&a11;</a>'))
    assert [problem.message for problem in found.problems] == ["entities of its own are not read"]


def test_files_outside_are_not_read() -> None:
    found = xml.parse(SourceFile("a.xml", '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'))
    assert found.root is None


def test_deep_nesting_ends() -> None:
    assert root("<a>" * 5000 + "</a>" * 5000).name == "a"
