"""YAML: places, texts as written, aliases, templates, blocks of other syntaxes."""

import pytest

from serveaudit.formats.yaml import Layers, Mapping, Scalar, Sequence, parse, walk
from serveaudit.source import SourceFile
from serveaudit.values import Unknown


def read(text: str) -> Mapping:
    found = parse(SourceFile("a.yaml", text))
    assert not found.problems
    return found.mappings[0]


def scalar(text: str, key: str = "a") -> Scalar:
    node = read(text).scalar(key)
    assert node is not None
    return node


def test_a_scalar_is_text_as_written_whatever_it_looks_like() -> None:
    root = read("a: off\nb: 1.10\nc: 60:00\nd: 'true'\n")
    assert [root.text(key) for key in "abcd"] == ["off", "1.10", "60:00", "true"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("12", 12),
        ("0.5", 0.5),
        ("off", "off"),
        ("'true'", "true"),
        ("~", None),
        ("1_000", "1_000"),
        ("9" * 400, "9" * 400),
    ],
)
def test_a_typed_scalar_follows_the_core_schema(text: str, value: object) -> None:
    assert scalar(f"a: {text}").typed().x == value


def test_places_survive_wide_characters_and_comments() -> None:
    source = SourceFile("a.yaml", "# ä\né: ö # c\nb:\n  - x\n\n  # tail\nc: 1\n")
    root = parse(source).mappings[0]
    value = root.scalar("é")
    assert value is not None
    assert (value.span.text, value.span.line, source.position(value.span.start).column) == ("ö", 2, 4)
    sequence = root.sequence("b")
    assert sequence is not None
    assert sequence.span.text == "- x"


def test_a_tag_and_an_anchor_do_not_belong_to_the_text() -> None:
    value = scalar("a: &x !vault  secret\nb: *x\n")
    assert (value.span.text, value.tag) == ("secret", "!vault")


@pytest.mark.parametrize("tag", ["!reset", "!override", "!Ref", "!vault", "!!python/object/apply:os.system"])
def test_unknown_tags_break_nothing(tag: str) -> None:
    node = read(f"a: {tag} [x]\n").sequence("a")
    assert node is not None
    assert [item.text for item in node.scalars] == ["x"]


def test_a_block_is_a_view_without_its_indentation() -> None:
    source = SourceFile("a.yaml", "a:\n  nginx.conf: |-\n    server {\n      listen 80;\n\n    }\nb: 1\n")
    block = parse(source).mappings[0].at("a", "nginx.conf")
    assert isinstance(block, Scalar)
    assert block.view.text == "server {\n  listen 80;\n\n}"
    at = block.view.text.index("80")
    place = block.view.span(at, at + 2)
    assert (place.outermost.text, place.line) == ("80", 4)


@pytest.mark.parametrize(
    ("written", "text", "part", "line"),
    [
        (">\n  one\n  two\n\n  three\n", "one two\nthree\n", "three", 5),
        ('"one\n  two"', "one two", "two", 2),
        ('"a\\tb \\x41c"', "a\tb Ac", "c", 1),
        ("'it''s\n\n  so'", "it's\nso", "so", 3),
        ("one\n  two", "one two", "two", 2),
        ("|2\n    deeper\n  x\n", "  deeper\nx\n", "x", 3),
    ],
)
def test_folded_and_escaped_texts_keep_the_place_of_each_part(written: str, text: str, part: str, line: int) -> None:
    value = scalar(f"a: {written}\n")
    assert value.view.text == text
    at = text.index(part)
    span = value.view.span(at, at + len(part))
    assert (span.outermost.text, span.line) == (part, line)


def test_an_edit_of_a_quoted_text_stays_inside_the_quotes() -> None:
    value = scalar('a: "30s"').value()
    assert value.places[0].span.text == "30s"
    assert value.places[0].span.outermost.start == 4


def test_merge_keys_stand_behind_what_is_written() -> None:
    root = read("x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  <<: [*x, *y]\n  a: 0\n").mapping("z")
    assert root is not None
    assert {key.text: node.text for key, node in root.items() if isinstance(node, Scalar)} == {"a": "0", "b": "1", "c": "2"}
    assert root.text("c") == "2"


def test_of_a_key_given_twice_both_are_kept_and_the_last_one_counts() -> None:
    root = read("a: 1\na: 2\n")
    assert [key.text for key, _ in root.entries] == ["a", "a"]
    assert root.text("a") == "2"


def test_a_bomb_of_aliases_is_walked_in_no_time() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 60)]
    lines += ["m0: &m0 {k: 1}"] + [f"m{n}: &m{n} {{<<: [*m{n - 1}, *m{n - 1}]}}" for n in range(1, 60)]
    root = read("\n".join(lines) + "\n")
    assert sum(1 for _ in walk(root)) < 1000
    last = root.mapping("m59")
    assert last is not None
    assert last.text("k") == "1"


def test_an_alias_inside_of_its_own_anchor_is_a_problem() -> None:
    found = parse(SourceFile("a.yaml", "a: &a [*a]\nb: &b {<<: *b}\nc: *nothing\n"))
    assert [problem.span.line for problem in found.problems] == [1, 2, 3]


def test_several_documents_and_empty_ones() -> None:
    found = parse(SourceFile("a.yaml", "---\n---\na: 1\n---\n# nothing\n---\nb: 2\n...\n"))
    assert [document.own.keys() for document in found.mappings] == [{"a": 1}.keys(), {"b": 1}.keys()]


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "~\n"])
def test_an_empty_file_has_no_document_and_no_problem(text: str) -> None:
    found = parse(SourceFile("a.yaml", text))
    assert (found.documents, found.problems) == ((), ())


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: 1\nb: [1\n", 3), ("a:\n\t- b\n", 2), ("a: 'x\n", 2), ("[" * 5000, 1), ("a: 1\n  b: 2\n", 2), ("a: \x07\n", 1)],
)
def test_what_is_no_yaml_is_a_problem_with_its_line(text: str, line: int) -> None:
    found = parse(SourceFile("a.yaml", text))
    assert [problem.span.line for problem in found.problems] == [line]
    assert found.template == ""


def test_deep_nesting_neither_recurses_nor_crashes() -> None:
    text = "".join(" " * depth + "a:\n" for depth in range(2000))
    found = parse(SourceFile("a.yaml", text))
    assert found.problems or sum(1 for _ in walk(found.documents[0])) > 2000


@pytest.mark.parametrize(
    ("text", "template"),
    [
        ("a: {{ .Values.a }}-x\n{{- if .Values.b }}\nb: 1\n{{- end }}\n", "Helm"),
        ("{% if a %}\nb: 1\n{% endif %}\n", "Jinja"),
        ("a: {{ x }}\n{{ y }}\n  b: 1\n", "Jinja"),
        ("labels:\n  - a={{x}}\n\n\n\nb: [\n", ""),
    ],
)
def test_a_template_is_told_from_a_broken_file(text: str, template: str) -> None:
    found = parse(SourceFile("a.yaml", text))
    assert found.template == template
    assert len(found.problems) == 1


def test_an_unquoted_placeholder_is_an_unknown_text() -> None:
    value = scalar("a: {{ port | default(8000) }}\n").value()
    assert isinstance(value.x, Unknown)
    assert value.places[0].span.text == "{{ port | default(8000) }}"


def test_layers_reset_override_and_keep_what_is_null() -> None:
    base = read("a: [1]\nb: [1]\nc: [1]\nd: {x: 1}\n")
    over = read("a: !reset []\nb: !override [2]\nc: [2]\nd: {y: 2}\ne:\n")
    layers = Layers((base, over))
    assert layers.node("a") is None
    assert [[item.text for item in layers.items(key) if isinstance(item, Scalar)] for key in "bc"] == [["2"], ["1", "2"]]
    assert [key.text for key in layers.below("d")] == ["x", "y"]
    assert layers.node("e") is None


def test_walk_gives_keys_and_values_in_written_order() -> None:
    nodes = walk(read("a: [b, {c: d}]\n"))
    assert [node.text for node in nodes if isinstance(node, Scalar)] == ["a", "b", "c", "d"]
    assert isinstance(read("a: [b]\n").get("a"), Sequence)
