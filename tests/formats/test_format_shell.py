"""Shell scripts: statements, words with their parts and places, here-documents, mistakes."""

import pytest

from serveaudit.formats.shell import interpreter, parse
from serveaudit.formats.shell.tree import (
    AndOr,
    Arithmetic,
    Background,
    Case,
    Function,
    Group,
    If,
    Loop,
    Not,
    Opaque,
    Output,
    Part,
    Pipeline,
    Simple,
    Statement,
    Text,
    Variable,
    Word,
)
from serveaudit.source import SourceFile


def read(text: str) -> list[str]:
    """The statements of a script, each spelled so that its structure shows."""
    return [spelled(statement) for statement in parse(SourceFile("x.sh", text)).body]


def spelled(statement: Statement) -> str:
    match statement:
        case Simple():
            return simple(statement)
        case If() | Case() | Loop():
            return compound(statement)
        case Pipeline():
            return " | ".join(map(spelled, statement.stages))
        case AndOr():
            return spelled(statement.first) + "".join(f" {sign} {spelled(each)}" for sign, each in statement.rest)
        case Not():
            return f"not({spelled(statement.body)})"
        case Background():
            return f"background({spelled(statement.body)})"
        case Group():
            return f"{'subshell' if statement.subshell else 'group'}({body(statement.body)})"
        case Function():
            return f"function({statement.name}: {body(statement.body)})"


def simple(command: Simple) -> str:
    assigned = [f"{each.name}{'+' * each.append}={word(each.value) if each.value else ''}" for each in command.assignments]
    redirects = [f"{each.descriptor}{each.operator}{word(each.target)}" for each in command.redirects]
    return " ".join([*assigned, *map(word, command.words), *redirects])


def compound(statement: If | Case | Loop) -> str:
    match statement:
        case If():
            branches = [f"{body(condition)}: {body(then)}" for condition, then in statement.branches]
            return (
                "if(" + ", ".join([*branches, *([f"else: {body(statement.otherwise)}"] if statement.otherwise else [])]) + ")"
            )
        case Case():
            arms = [f"{'|'.join(map(word, arm.patterns))}: {body(arm.body)}" for arm in statement.arms]
            return f"case({word(statement.subject)}, {', '.join(arms)})"
        case Loop():
            words = "arguments" if statement.words is None else " ".join(map(word, statement.words))
            return f"{statement.kind}({statement.name or body(statement.condition)} {words}: {body(statement.body)})"


def body(statements: tuple[Statement, ...]) -> str:
    return "; ".join(map(spelled, statements))


def word(each: Word) -> str:
    return "".join(map(part, each.parts)) or "''"


def part(each: Part) -> str:
    match each:
        case Text():
            return each.text
        case Variable():
            operand = word(each.operand) if each.operand and each.operand.parts else ""
            return f"<{each.name}{each.op}{operand}>"
        case Output():
            return f"<output {body(each.body)}>"
        case Arithmetic():
            return "<sum " + " ".join(token if isinstance(token, str) else part(token) for token in each.tokens) + ">"
        case Opaque():
            return f"<opaque {each.what}>"


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("cd /app && a || b; c &", ["cd /app && a || b", "background(c)"]),
        ("exec gunicorn \\\n  --bind :80 \\\n  app", ["exec gunicorn --bind :80 app"]),
        ("a | tee log 2>&1", ["a | tee log 2>&1"]),
        ("! a | b", ["not(a | b)"]),
        ("(cd x; a); { b; c; } > f", ["subshell(cd x; a)", "group(b; c)"]),
        ('if [ "$A" = b ]; then c; elif d; then e; else f; fi', ["if([ <A> = b ]: c, d: e, else: f)"]),
        ('case "$1" in web|w*) a;; *) b;; esac', ["case(<1>, web|w*: a, *: b)"]),
        ("for i in 1 2; do a; done; for i; do b; done", ["for(i 1 2: a)", "for(i arguments: b)"]),
        ("while ! a; do b; done; until c; do d; done", ["while(not(a) : b)", "until(c : d)"]),
        ("f() { a; }; function g { b; }", ["function(f: group(a))", "function(g: group(b))"]),
        ("A=1 B=$C\nD=2\nexport E=3", ["A=1 B=<C> D=2", "export E=3"]),
        ('A=${A:-1} B="x y"\nexport C=1', ["A=<A:-1> B=x y", "export C=1"]),
        ("X+=' more'; PORT= gunicorn", ["X+= more", "PORT= gunicorn"]),
        ("[[ -z $A && ( $B == x* || ! -f c ) ]]", ["[[ -z <A> && ( <B> == x* || ! -f c ) ]]"]),
        ("[ -z ${A+x} ] && a", ["[ -z <A+x> ] && a"]),
        ("a < in > out 2>> err", ["a <in >out 2>>err"]),
        ("a # comment\n# another\nb", ["a", "b"]),
        ("python - <<PY\nx\nPY", ["python - <<x\n"]),
    ],
)
def test_statements_are_read_in_order_and_structure(text: str, statements: list[str]) -> None:
    assert read(text) == statements


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('"$@" $* $# $1 ${10} "$0"', "<@> <*> <#> <1> <10> <0>"),
        ('${A:-8000} ${A:=b} ${A:+--c "$D"} ${A:?no}', "<A:-8000> <A:=b> <A:+--c <D>> <A:?no>"),
        ("${A%.*} ${A##*/} ${A,,} ${#A} ${A:0:1} ${A//x/y}", "<A%.*> <A##*/> <A,,> <Alength> <A:0:1> <A//x/y>"),
        ('${A[@]} "${A[0]}" ${!A}', "<Aall> <Aindex> <Aindirect>"),
        ('$(nproc) `nproc` $(a "$(b)")', "<output nproc> <output nproc> <output a <output b>>"),
        ('${A:-`python3 -c "print(1)"`}', "<A:-<output python3 -c print(1)>>"),
        ("$((2 * $(nproc) + W))", "<sum 2 * <output nproc> + W>"),
        (r"""a\ b 'c $d' "e\"f\$g" $'h\ti'""", 'a b c $d e"f$g h\ti'),
        ("/venv/*/bin/gunicorn ~/x", "/venv/*/bin/gunicorn ~/x"),
        ('"pkg:build(apis=${apis}, ui=${UI})"', "pkg:build(apis=<apis>, ui=<UI>)"),
        ('"${A:+listen $A;}"', "<A:+listen <A>;>"),
        ("--workers={{ workers }} {{ a }}/b", "--workers=<opaque {{ workers }}> <opaque {{ a }}>/b"),
        ("<(a)", "<opaque <(a)>"),
        ('$ a$ "$"', "$ a$ $"),
    ],
)
def test_a_word_is_literal_text_and_what_the_shell_puts_in(text: str, parts: str) -> None:
    assert read(f"x {text}") == [f"x {parts}"]


def test_every_word_and_part_has_its_place() -> None:
    text = 'export A=1\ngunicorn --bind "0.0.0.0:$PORT" app\n'
    command = parse(SourceFile("x.sh", text)).body[1]
    assert isinstance(command, Simple)
    assert [each.span.text for each in command.words] == ["gunicorn", "--bind", '"0.0.0.0:$PORT"', "app"]
    assert [each.span.text for each in command.words[2].parts] == ["0.0.0.0:", "$PORT"]
    assert command.words[2].span.line == 2


def test_places_count_characters_also_behind_other_alphabets() -> None:
    command = parse(SourceFile("x.sh", "echo 'größer' ${ü:-ä}\nexec gunicorn # ü\n")).body[1]
    assert isinstance(command, Simple)
    assert [each.span.text for each in command.words] == ["exec", "gunicorn"]


def test_places_in_a_substitution_are_those_of_the_script() -> None:
    command = parse(SourceFile("x.sh", "a\ngunicorn -w $(cat workers)")).body[1]
    assert isinstance(command, Simple)
    output = command.words[2].parts[0]
    assert isinstance(output, Output)
    assert output.body[0].span.text == "cat workers"
    assert str(output.body[0].span) == "x.sh:2"


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("cat > f <<EOF\na $B \\$c ${D:-e;} $(f)\nEOF\ng", ["cat >f <<a <B> $c <D:-e;> <output f>\n", "g"]),
        ("cat <<'EOF' > f\na $B\nEOF", ["cat <<a $B\n >f"]),
        ('cat <<"EOF"\n$B\nEOF', ["cat <<$B\n"]),
        ("cat <<-EOF\n\ta\n\tEOF\nb", ["cat <<-\ta\n", "b"]),
        ("cat <<EOF | tee -a f && g\nx\nEOF", ["cat <<x\n | tee -a f && g"]),
        ("cat <<EOF; b\nx\nEOF\nc", ["cat <<x\n", "b", "c"]),
        ("a <<A <<B\n1\nA\n2\nB\nc", ["a <<1\n <<2\n", "c"]),
        ('a <<< "$B"', ["a <<<<B>"]),
        ("cat << EOF\n'unbalanced\nEOF\nb", ["cat <<'unbalanced\n", "b"]),
        ("a $((1 << N))\nb", ["a <sum 1 << N>", "b"]),
    ],
)
def test_a_here_document_is_the_target_of_its_redirection(text: str, statements: list[str]) -> None:
    assert read(text) == statements


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("gunicorn app\nif true; then\n", ["gunicorn app"]),
        ("gunicorn app(x=1)\necho after", ["gunicorn app(x=1)", "echo after"]),
        ("cat <<EOF\nnever ends", []),
        ("a )\nexec gunicorn app", ["exec gunicorn app"]),
    ],
)
def test_a_mistake_is_a_problem_and_the_rest_is_read(text: str, statements: list[str]) -> None:
    script = parse(SourceFile("x.sh", text))
    assert script.problems
    assert [each for each in map(spelled, script.body) if each in statements] == statements


def test_a_template_is_read_with_holes_and_said_to_be_one() -> None:
    script = parse(SourceFile("x.sh", "{% if a %}\ngunicorn {{ b }}\n{% endif %}"))
    assert [spelled(each) for each in script.body] == ["if(<opaque {% if a %}>: gunicorn <opaque {{ b }}>)"]
    assert [problem.span.text for problem in script.problems] == ["{% if a %}"]
    script = parse(SourceFile("x.sh", "{% for a in b %}\ngunicorn {% if a %}b{% endif %}\n{% endfor %}"))
    assert [spelled(each) for each in script.body] == ["gunicorn b"]


@pytest.mark.parametrize(
    ("text", "shell"),
    [
        ("#!/bin/sh\n", "sh"),
        ("#! /usr/bin/env bash\n", "bash"),
        ("#!/usr/bin/env -S bash -e\n", "bash"),
        ("#!/bin/bash -eu\n", "bash"),
        ("#!/command/with-contenv bash\n", "bash"),
        ("#!/usr/bin/env python3", "python3"),
        ("echo", ""),
    ],
)
def test_the_first_line_names_the_interpreter(text: str, shell: str) -> None:
    assert interpreter(text) == shell


@pytest.mark.parametrize(
    "text",
    [
        "if a; then\n" * 2000 + "fi\n" * 2000,
        "if a; then\n" * 5000,
        "a && " * 5000 + "b",
        "$(" * 3000,
        "x ${a:-" * 2000 + "}" * 2000,
        "x " + "$(a " * 1000 + ")" * 1000,
        "x $((" + "1+" * 5000 + "1))",
        "[[ " + "a || " * 5000 + "b ]]",
        '"' * 20001,
        "a" * 200_000,
        "case a in " * 3000,
        "\x01\x02\x7f",
        "<<A " * 2000,
    ],
)
def test_hostile_text_is_read_in_bounded_time_and_depth(text: str) -> None:
    parse(SourceFile("x.sh", text))
