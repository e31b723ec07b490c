"""TOML values with their places."""

import tomllib
from typing import Any

import pytest

from serveaudit.formats import toml
from serveaudit.source import SourceFile
from serveaudit.values import Items, Value

WHOLE = """\
# hypercorn
bind = ["0.0.0.0:8000", 'unix:/run/a.sock']  # two
workers = 4
"quoted key" = 1_000
a.b . c = true
when = 1979-05-27 07:32:00
text = \"\"\"one
two "quoted" \\
  three\"\"\"\"
literal = '''it's'''''

[server]
keep_alive_timeout = 5.0
inline = { x = 1, y.z = [1, [2, { w = 3 }]], }
list = [
  "a", # first
  "b",
]
[server.deep.er]
x = -1
[server.deep]
y = +inf
[[tool.item]]
name = "first"
[[tool.item]]
name = "second"
[tool.item.inner]
z = 0xff
""".replace("]], }", "]] }")


def read(text: str) -> toml.Toml:
    return toml.parse(SourceFile("a.toml", text))


def plain(node: Any) -> Any:
    if isinstance(node, toml.Table):
        return {name: plain(inner) for name, inner in node.items.items()}
    if isinstance(node, Value):
        return plain(node.x)
    if isinstance(node, Items):
        return [plain(member) for member in node]
    return [plain(inner) for inner in node] if isinstance(node, list) else node


def test_the_tree_says_what_tomllib_says() -> None:
    assert plain(read(WHOLE).root) == tomllib.loads(WHOLE)


def test_a_value_stands_where_it_is_written() -> None:
    root = read(WHOLE).root
    assert root.value("workers").places[0].span.text == "4"
    assert str(root.value("server", "keep_alive_timeout").places[0].span) == "a.toml:13"
    assert root.value("a", "b", "c").places[0].span.text == "true"
    assert root.value("when").places[0].span.text == "1979-05-27 07:32:00"
    assert root.value("text").places[0].span.text.endswith('three""""')


def test_each_member_of_an_array_has_its_own_place() -> None:
    members = read(WHOLE).root.value("server", "list").x.members
    assert [(member.x, member.places[0].span.line) for member in members] == [("a", 16), ("b", 17)]


def test_keys_and_heads_have_places() -> None:
    root = read(WHOLE).root
    server = root.table("server")
    assert server is not None
    assert (server.head.text, server.keys["list"].text) == ("[server]", "list")
    deep = root.table("server", "deep")
    assert deep is not None
    assert deep.head.text == "[server.deep]"
    assert root.keys["quoted key"].text == '"quoted key"'


def test_tables_of_an_array_are_in_order() -> None:
    tool = read(WHOLE).root.table("tool")
    assert tool is not None
    assert [each.value("name").x for each in tool.tables("item")] == ["first", "second"]
    assert tool.tables("item")[1].value("inner", "z").places[0].span.text == "0xff"


def test_what_is_not_there_is_absent_at_the_last_head() -> None:
    found = read(WHOLE).root.value("server", "nothing")
    assert (found.x, found.places[0].span.text) == (None, "[server]")
    assert read(WHOLE).root.table("workers") is None


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("import os\n", 1, "Expected '=' after a key in a key/value pair"),
        ("a = 1\nb = True\n", 2, "Invalid value"),
        ("a = [1,\n", 2, "Invalid value"),
        ("a = 1\na = 2\n", 2, "Cannot overwrite a value"),
        ("a=" + "[" * 5000, 1, "nested too deeply"),
        ("a=" + "1" * 5000, 1, "Exceeds the limit"),
    ],
)
def test_what_is_no_toml_is_a_problem_with_its_line(text: str, line: int, message: str) -> None:
    problem = read(text).problems[0]
    assert (problem.span.line, problem.message[: len(message)]) == (line, message)
    assert not read(text).root.items


def test_nesting_that_tomllib_still_reads_is_read() -> None:
    assert read("a=" + "[" * 100 + "]" * 100).problems == ()
