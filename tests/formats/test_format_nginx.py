"""nginx's syntax: words, blocks, places, errors and templates."""

import random
from pathlib import Path

import crossplane
import pytest

from serveaudit.formats.nginx import Directive, Tree, parse
from serveaudit.source import SourceFile

SITE = """\
# one site
upstream app { server unix:/run/app.sock; }
server {
    listen 443 ssl;  # the door
    server_name a.example.com
                "b.example.com";
    location ~ \\.(js|css)$ { expires 30d; }
    location / {
        proxy_pass http://app;
        add_header X-Text 'it''s {not} a block;' always;
        if ($http_x = "") { return 403; }
    }
}
"""


def read(text: str) -> Tree:
    return parse(SourceFile("nginx.conf", text))


def outline(directives: list[Directive]) -> str:
    """The directives in one line, blocks in braces."""
    parts = []
    for directive in directives:
        words = " ".join(word.text for word in directive.words)
        parts.append(f"{words} {{ {outline(directive.block)} }}" if directive.block is not None else f"{words};")
    return " ".join(parts)


def problems(text: str) -> list[tuple[int, str]]:
    return [(problem.span.line, problem.message) for problem in read(text).problems]


def test_blocks_nest_and_words_lose_their_quotes() -> None:
    tree = read("http { server { listen 80; server_name 'a b' \"c\"; } }")
    assert outline(tree.directives) == "http { server { listen 80; server_name a b c; } }"
    assert tree.problems == []


def test_every_word_has_its_exact_place() -> None:
    tree = read(SITE.replace("'it''s {not} a block;'", '"{not} \\"a\\" block;"'))
    found = {word.text: word.span.text for directive in tree.walk() for word in directive.words}
    assert found["b.example.com"] == '"b.example.com"'
    assert found['{not} "a" block;'] == '"{not} \\"a\\" block;"'
    assert all(span == text for text, span in found.items() if '"' not in span)


def test_a_head_ends_before_the_semicolon_and_a_span_after_it() -> None:
    tree = read("location / {\n    proxy_read_timeout 30s ;\n}\n")
    location = tree.directives[0]
    assert location.block is not None
    assert location.head.text == "location /"
    assert location.span.text == tree.source.text.rstrip()
    assert location.block[0].head.text == "proxy_read_timeout 30s"
    assert location.block[0].span.text == "proxy_read_timeout 30s ;"


@pytest.mark.parametrize(
    ("word", "text"),
    [
        (r'"a\"b"', 'a"b'),
        (r'"a\\b"', "a\\b"),
        (r"~\.php$", r"~\.php$"),
        (r"'\t'", "\t"),
        (r"a\ b", r"a\ b"),
        ("${HOST}", "${HOST}"),
        ('"${a}{b}"', "${a}{b}"),
        ("a#b", "a#b"),
    ],
)
def test_escapes_are_read_as_nginx_reads_them(word: str, text: str) -> None:
    assert read(f"x {word} y;").directives[0].texts == [text, "y"]


def test_a_quote_in_a_comment_opens_no_text_even_in_the_last_line() -> None:
    tree = read("events { }  # isn't it\nhttp { }\n# don't worry")
    assert [directive.name for directive in tree.directives] == ["events", "http"]
    assert not tree.problems


def test_a_lua_block_is_one_word() -> None:
    tree = read("server { content_by_lua_block {\n -- don't {\n local t = { #x, '}' }\n} listen 80; }")
    block = tree.directives[0].block
    assert block is not None
    assert [directive.name for directive in block] == ["content_by_lua_block", "listen"]
    assert block[0].texts == ["\n -- don't {\n local t = { #x, '}' }\n"]


@pytest.mark.parametrize(
    ("text", "expected", "rest"),
    [
        ("a 1; }\nb 2;", [(1, 'unexpected "}"')], "a 1; b 2;"),
        ("a 1;;\nb 2;", [(1, 'unexpected ";"')], "a 1; b 2;"),
        ("server {\n a 1\n}\nb 2;", [(2, 'directive "a" is not terminated by ";"')], "server { a 1; } b 2;"),
        ("a 1;\nb 2", [(2, 'directive "b" is not terminated by ";"')], "a 1; b 2;"),
        (
            "proxy_read_timeout 9s\n  proxy_buffering off;",
            [(1, 'directive "proxy_read_timeout" is not terminated by ";"')],
            "proxy_read_timeout 9s; proxy_buffering off;",
        ),
        (
            "server {\n listen 80\n location / { }\n}",
            [(2, 'directive "listen" is not terminated by ";"')],
            "server { listen 80; location / {  } }",
        ),
        (
            'server {\n add_header A "x;\n listen 80;\n}',
            [(2, "unexpected end of file: this quote is never closed")],
            "server { listen 80; }",
        ),
        (
            'add_header A "x;\nadd_header B "y";\nlisten 80;',
            [(1, "this quote is not closed in its line")],
            "add_header B y; listen 80;",
        ),
        ('a "b"c;\nd;', [(1, 'unexpected "c" after a quoted string')], "d;"),
        (
            "http {\n server {\n  a 1;\n  location / {\n   b 2;\n }\n}\n",
            [(4, 'unexpected end of file, expecting "}": this block is never closed')],
            "http { server { a 1; location / { b 2; } } }",
        ),
    ],
)
def test_an_error_is_told_with_its_line_and_the_rest_is_read(text: str, expected: list[tuple[int, str]], rest: str) -> None:
    assert problems(text) == expected
    assert outline(read(text).directives) == rest


def test_long_lists_over_several_lines_are_no_missing_semicolon() -> None:
    text = "proxy_set_header X-A\n    $host;\nssl_protocols TLSv1.2\n  TLSv1.3;\nlog_format x 'a'\n 'b';"
    assert problems(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '"',
        "\\",
        "a {" * 2000,
        "a {" * 2000 + "}" * 2000,
        "x " + "a" * 1_000_000 + ";",
        'x "' + "a b" * 350_000,
        "# " + "'" * 1_000_000 + "\nx;",
        "x; #" + '"' * 1_000_000 + "\ny;",
        "listen 80\n" * 5000,
        'x "a\n' * 2000,
        "}" * 5000,
        "{{" * 20000,
        "{%" * 20000,
        "{% if x %}a {" * 300,
        "{{ a }}\n" * 5000,
        "content_by_lua_block x;\n" * 100,
        "access_by_lua_block { " * 500,
    ],
)
def test_no_text_is_too_bad_to_be_read_quickly(text: str) -> None:
    assert len(read(text).problems) <= 20


def test_a_million_characters_of_comment_do_not_hide_what_follows() -> None:
    assert outline(read("# " + "'" * 1_000_000 + "\nlisten 80;").directives) == "listen 80;"


# templates


def test_branches_of_a_template_exclude_each_other() -> None:
    tree = read("{% if ssl %}\nlisten 443 ssl;\n{% else %}\nlisten 80;\n{% endif %}\nroot /x;")
    tls, plain, root = tree.directives
    assert tree.template == "jinja"
    assert [arm.label for arm in tls.branch] == ["if ssl"]
    assert tls.excludes(plain)
    assert plain.excludes(tls)
    assert not tls.excludes(root)
    assert tree.problems == []


def test_a_negated_condition_is_the_other_branch() -> None:
    one, other = read("{% if ssl %}a 1;{% endif %}\n{% if not ssl %}a 2;{% endif %}").directives
    assert one.excludes(other)


@pytest.mark.parametrize(
    "text",
    [
        "{{#TLS}}\nlisten 443 ssl;\n{{/TLS}}\n{{^TLS}}\nlisten 80;\n{{/TLS}}",
        "{{ if .Tls }}\nlisten 443 ssl;\n{{ else }}\nlisten 80;\n{{ end }}",
        "<% if tls %>\nlisten 443 ssl;\n<% else %>\nlisten 80;\n<% end %>",
    ],
)
def test_other_template_languages_have_branches_too(text: str) -> None:
    tree = read(text)
    assert outline(tree.directives) == "listen 443 ssl; listen 80;"
    assert tree.directives[0].excludes(tree.directives[1])


def test_expressions_stay_part_of_their_words() -> None:
    tree = read('upstream a { server 127.0.0.1:{{ port | default("8;0") }}; server <%= host %>:80; }')
    assert outline(tree.directives) == 'upstream a { server 127.0.0.1:{{ port | default("8;0") }}; server <%= host %>:80; }'
    assert tree.directives[0].block is not None
    word = tree.directives[0].block[0].args[0]
    assert [word.text[start:end] for start, end in word.expressions] == ['{{ port | default("8;0") }}']


def test_an_expression_alone_in_its_line_is_told_as_put_in_text() -> None:
    tree = read("server {\n  {{ extra }}\n  {% include 'x' %}\n  listen 80;\n  {{ a }} {{ b }};\n}")
    block = tree.directives[0].block
    assert block is not None
    assert [directive.inserted for directive in block] == [True, True, False, True, True]
    assert tree.problems == []


def test_an_expression_that_continues_a_list_is_a_word() -> None:
    tree = read("server_name\n  {{ a }}\n  {{ b }};")
    assert outline(tree.directives) == "server_name {{ a }} {{ b }};"


def test_a_directive_that_a_template_takes_apart_is_marked() -> None:
    whole, torn = read("listen 80;\nlisten 443{% if h2 %} http2{% endif %};").directives
    assert torn.torn
    assert not whole.torn


def test_only_the_first_arm_is_read_where_arms_open_blocks() -> None:
    tree = read(
        "{% if a %}\nserver {\n listen 443;\n{% else %}\nserver {\n listen 80;\n{% endif %}\n root /x;\n}\nupstream u { }"
    )
    assert [directive.name for directive in tree.directives] == ["server", "upstream"]
    block = tree.directives[0].block
    assert block is not None
    assert [directive.inserted for directive in block] == [False, True, False]
    assert tree.problems == []


def test_braces_of_json_are_no_template() -> None:
    assert read('log_format json \'{"a":{"b":"$uri"}}\';').template == ""


# crossplane's parser is the oracle


def simplified(directives: list[Directive]) -> list[object]:
    return [
        [directive.name, [] if directive.name == "if" else directive.texts, simplified(directive.block or [])]
        for directive in directives
    ]


def expected(statements: list[dict[str, object]]) -> list[object]:
    return [
        [
            statement["directive"],
            [] if statement["directive"] == "if" else statement["args"],
            expected(statement.get("block", [])),  # type: ignore[arg-type]
        ]
        for statement in statements
        if statement["directive"] != "#"
    ]


def test_it_reads_what_crossplane_reads(tmp_path: Path) -> None:
    words = ["a", "'b c'", '"d;{}"', "~", "/x#y", "$host", "http://u:80/", "~*^/p(?<n>.+)$", "#no\n", "''", "# it's {\n"]
    chance = random.Random(7)
    for number in range(200):
        text, depth = "", 0
        for _ in range(chance.randrange(1, 25)):
            text += "d" + str(chance.randrange(9)) + "".join(" " + chance.choice(words) for _ in range(chance.randrange(4)))
            opens = chance.random() < 0.3
            closes = depth and chance.random() < 0.4
            depth += opens - (closes and not opens)
            text += " {" if opens else "; }\n" if closes else ";\n"
        path = tmp_path / f"{number}.conf"
        path.write_text(text + "}" * depth)
        oracle = crossplane.parse(str(path), single=True, check_ctx=False)
        assert oracle["status"] == "ok"
        assert simplified(read(path.read_text()).directives) == expected(oracle["config"][0]["parsed"])
