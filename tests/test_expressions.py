from __future__ import annotations

import ast
import time
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serveaudit.expressions import Scope, choose, evaluate, evaluate_test
from serveaudit.source import SourceFile
from serveaudit.values import Branch, Items, Partial, Place, Range, Table, Unknown, Value

FILE = SourceFile("gunicorn.conf.py", "0123456789")
HERE, THERE = Place(FILE.span(0, 1)), Place(FILE.span(2, 3))
NOT_READ = Unknown("settings.py was not read", "settings.py")


def by(choice: str, yes: Any, no: Any) -> Value[Any]:
    return Value(Branch(choice, ((f"{choice} is set", Value(yes)), (f"{choice} is not set", Value(no)))))


class Given(Scope):
    """Some names, a number of CPUs that is not known, and an environment in which nothing is set."""

    def call(self, dotted: str, args: tuple[Value[Any], ...], keywords: Mapping[str, Value[Any]]) -> Value[Any] | None:
        if dotted == "cpu_count":
            return Value(Range(1), depends=("cpus",))
        if dotted == "getenv":
            name = args[0].x
            default = args[1].x if len(args) > 1 else None
            return Value(default, assumes=(f"${name} is not set",), depends=(f"env:{name}",))
        return None

    def dotted(self, dotted: str) -> Value[Any] | None:
        return Value({"PORT": "80"}) if dotted == "os.environ" else None

    def method(
        self, base: Value[Any], name: str, args: tuple[Value[Any], ...], keywords: Mapping[str, Value[Any]]
    ) -> Value[Any] | None:
        if name == "__getitem__":
            return Value(base.x[args[0].x])
        return Value(args[0].x in base.x) if name == "__contains__" else None


SCOPE = Given(
    {
        "unread": Value(NOT_READ),
        "host": Value("web", places=(THERE,)),
        "numbers": Value(Items((Value(1), Value(2)))),
        "fast": by("$FAST", 1, 2),
        "slow": by("$SLOW", "x", "y"),
        "DEBUG": Value(Unknown("$DEBUG is not known", "$DEBUG")),
        "nothing": Value(None),
        "address": Value(Partial(("web:", Unknown("$PORT is not known", "$PORT")))),
    }
)


def read(text: str, scope: Scope = SCOPE) -> Value[Any]:
    return evaluate(ast.parse(text, mode="eval").body, scope)


def test_of(text: str) -> Any:
    return evaluate_test(ast.parse(text, mode="eval").body, SCOPE).x


test_of.__test__ = False  # type: ignore[attr-defined]


def plain(x: Any) -> Any:
    """A value as bare Python, for known ones."""
    if isinstance(x, Value):
        return plain(x.x)
    if isinstance(x, Items):
        return [plain(member) for member in x.members] if x.complete is True else ([plain(m) for m in x.members], x.complete)
    return {key: plain(value) for key, value in x.entries} if isinstance(x, Table) else x


@pytest.mark.parametrize(
    "text",
    """
    2 * 3 + 1 - 4 // 3 % 2 ** 3
    7 / 2
    -3 + +2
    1 << 4 | 3 & 1
    "a" "b" + "c" * 2
    "web" in ["web", "db"] and 5 not in (1, 2)
    [1, *[2, 3]] + [4]
    {"a": 1, **{"b": 2}}
    {"a": [1, 2]}["a"][1]
    [1, 2, 3][-1]
    [1, 2, 3][0:2]
    "abc"[1:]
    [n * 2 for n in [1, 2, 3] if n > 1]
    {k: v for k, v in {"a": 1}.items()}
    sum(n for n in range(5))
    ",".join(str(n) for n in [1, 2])
    f"{'web'}:{8000:05d}!{'x'!r}"
    "%s:%d%%" % ("web", 80)
    "%(a)s-%(b)03d" % {"a": 1, "b": 2}
    "{0}-{1}-{name:>4}".format(1, 2, name="x") + "{}{}".format(1, 2)
    " a,b ".strip().upper().split(",")
    "a-b".replace("-", "_").startswith(("a", "c"))
    min(3, 1), max([2, 5]), round(2.567, 1), abs(-3), len("four")
    int("12") + float("1.5")
    bool("False"), bool(""), str(5), list((1, 2)), sorted([3, 1, 2], reverse=True)
    dict(a=1).get("b", 7)
    None or 0 or "last"
    1 and [] and 2
    1 if not [] else 2
    1 < 2 < 3
    None is None
    "a" == "a" != "b"
    any([0, 1]), all([]), all([1, 0])
    not "x"
    """.strip().splitlines(),
)
def test_what_is_known_is_what_python_gives(text: str) -> None:
    def bare(x: Any) -> Any:
        return [bare(y) for y in x] if isinstance(x, list | tuple) else x

    assert plain(read(text.strip())) == bare(eval(text.strip()))


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("cpu_count() * 2 + 1", Range(3)),
        ("min(cpu_count() * 2 + 1, 9)", Range(3, 9)),
        ("max(2, unread)", Range(2)),
        ("min(8, unread)", Range(float("-inf"), 8)),
        ("cpu_count() // 2", Range(0)),
        ("-cpu_count()", Range(float("-inf"), -1)),
        ("cpu_count() / cpu_count()", Range(0)),
        ("10 / (cpu_count() - 1)", Unknown("it may be divided by zero")),
        ("cpu_count() > 0", True),
        ("cpu_count() == 0", False),
        ("cpu_count() > 4", Unknown("known only to be at least 1")),
        ("len([1, *unread])", Range(1)),
        ("round(cpu_count() * 0.6)", Range(1)),
    ],
)
def test_ranges_are_computed_with_and_decide_where_they_can(text: str, x: Any) -> None:
    assert read(text).x == x


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("f'0.0.0.0:{unread}'", "0.0.0.0:<settings.py>"),
        ("'0.0.0.0:' + unread", "0.0.0.0:<settings.py>"),
        ("'%s:%s' % (host, unread)", "web:<settings.py>"),
        ("'{}:{port}'.format(host, port=unread)", "web:<settings.py>"),
        ("','.join(['a', unread, 'b'])", "a,<settings.py>,b"),
        ("address.upper()", "WEB:<$PORT>"),
        ("(address + '/ ').strip()", "web:<$PORT>/"),
    ],
)
def test_text_with_an_unknown_part_keeps_its_known_parts(text: str, shown: str) -> None:
    assert str(read(text).x) == shown


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("address == 'db:80'", False),
        ("address != 'db:80'", True),
        ("address.startswith('web')", True),
        ("address.startswith(('db', 'we'))", True),
        ("address.startswith('db')", False),
        ("'web' in address", True),
        ("address in ('db:80', 'cache:1')", False),
        ("bool(address)", True),
    ],
)
def test_text_with_gaps_decides_where_its_known_parts_do(text: str, x: bool) -> None:
    assert read(text).x is x


@pytest.mark.parametrize("text", ["address == 'web:80'", "address.endswith('80')", "'80' in address", "address.split(':')"])
def test_text_with_gaps_is_undecided_where_the_gap_decides(text: str) -> None:
    assert read(text).x == Unknown("$PORT is not known", "$PORT")


@pytest.mark.parametrize(
    "text",
    [
        "unread + 1",
        "unread or 1",
        "not unread",
        "unread.lower()",
        "int(unread)",
        "unread[0]",
        "'a' in unread",
        "unread > 3",
        "1 if unread > 3 else unread",
    ],
)
def test_the_unknown_stays_unknown_with_its_reason(text: str) -> None:
    assert NOT_READ in (read(text).x, *[case.x for _, case in getattr(read(text).x, "cases", ())])


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("unread or True", True),
        ("True or unread", True),
        ("unread and False", False),
        ("not (unread or 1)", False),
        ("unread and True", NOT_READ),
        ("unread or 0", NOT_READ),
    ],
)
def test_a_test_is_answered_as_soon_as_one_part_decides(text: str, x: Any) -> None:
    assert test_of(text) == x


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("nothing + 1", "nothing is None here"),
        ("nothing < 3", "nothing is None here"),
        ("nothing['a']", "nothing is None here"),
        ("'a' + 1", "str and int don't go together"),
        ("1 / 0", "division by zero"),
        ("int('abc')", "int(): invalid literal for int() with base 10: 'abc'"),
        ("numbers[5]", "numbers[5]: there is no such member"),
        ("{'a': 1}['b']", "{'a': 1}['b']: there is no such member"),
        ("missing", "missing is not known here"),
        ("missing.name", "missing.name is not known here"),
        ("missing(1)", "missing(1) is not evaluated"),
        ("host.unheard()", "host.unheard() is not evaluated"),
        ("lambda: 1", "lambda: 1 is not evaluated"),
        ("'%d' % 'x'", "%d format: a real number is required, not str"),
    ],
)
def test_what_python_would_stop_at_and_what_is_not_read_is_unknown(text: str, why: str) -> None:
    assert read(text).why == why


def test_values_that_hang_on_one_choice_are_never_combined_contradictorily() -> None:
    assert read("fast + fast").x == by("$FAST", 2, 4).x
    assert [(label, value.x) for label, value in read("(fast, fast * 10)[1]").worlds()] == [
        (("$FAST is set",), 10),
        (("$FAST is not set",), 20),
    ]


def test_independent_choices_give_a_world_for_each_combination() -> None:
    assert [value.x for _, value in read("str(fast) + slow").worlds()] == ["1x", "1y", "2x", "2y"]


def test_more_choices_than_are_tried_leave_it_unknown() -> None:
    scope = Scope({f"c{n}": by(f"$C{n}", 0, 1) for n in range(6)})
    assert read("c0 + c1 + c2 + c3 + c4", scope).known is False
    assert len(read("c0 + c1 + c2 + c3 + c4", scope).worlds()) == 32
    assert "too many choices" in read("c0 + c1 + c2 + c3 + c4 + c5", scope).why


def test_cases_that_come_out_alike_are_one_value() -> None:
    assert read("fast > 0").x is True


def test_an_unknown_condition_gives_both_cases_and_the_same_test_the_same_choice() -> None:
    assert [(label, value.x) for label, value in read("1 if DEBUG else 4").worlds()] == [(("DEBUG",), 1), (("not DEBUG",), 4)]
    assert [value.x for _, value in read("(1 if DEBUG else 4) + (10 if not DEBUG else 20)").worlds()] == [21, 14]


def test_choosing_by_an_unknown_test_names_the_choice_as_a_conditional_expression_does() -> None:
    test = ast.parse("not DEBUG", mode="eval").body
    chosen = choose(test, SCOPE.names["DEBUG"], Value(4), Value(1))
    assert chosen.x == read("1 if DEBUG else 4").x
    assert choose(test, SCOPE.names["DEBUG"], Value(4), Value(4)).x == 4


def test_what_an_unknown_list_holds_is_kept_open() -> None:
    assert plain(read("numbers + unread")) == ([1, 2], NOT_READ)
    assert plain(read("[*numbers, *unread]")) == ([1, 2], NOT_READ)
    assert read("2 in numbers + unread").x is True
    assert read("3 in numbers + unread").x == NOT_READ
    assert read("3 in ['a', unread]").x == NOT_READ


def test_an_unknown_key_forgets_what_it_may_have_replaced() -> None:
    assert read("{'a': 1, unread: 2}['a']").x == NOT_READ
    assert read("{unread: 2, 'a': 1}['a']").x == 1
    assert read("{**unread, 'a': 1}['b']").x == NOT_READ
    assert read("{**unread, 'a': 1}.get('a')").x == 1


def test_a_value_rests_on_all_that_was_read_for_it() -> None:
    value = read("int(getenv('TIMEOUT', '60')) * 2 + cpu_count()")
    assert value.assumes == ("$TIMEOUT is not set",)
    assert value.depends == ("env:TIMEOUT", "cpus")
    assert read("getenv('A') or getenv('B', 5)").assumes == ("$A is not set", "$B is not set")


def test_a_case_rests_on_the_choice_and_on_what_it_read() -> None:
    value = read("host if getenv('X') else 'none'")
    assert (value.x, value.assumes) == ("none", ("$X is not set",))


class Placing(Given):
    def place(self, node: ast.expr) -> Place | None:
        return Place(FILE.span(node.col_offset, node.col_offset + 1))


def test_a_literal_stands_where_it_is_written_and_a_name_where_it_was_bound() -> None:
    value = read("['a', host]", Placing({"host": Value("web", places=(THERE,))}))
    assert [member.places for member in value.x] == [(Place(FILE.span(1, 2)),), (THERE,)]
    assert read("'x' * 2", Placing()).places == (HERE,)


def test_a_scope_answers_for_its_own_objects() -> None:
    assert read("os.environ['PORT']").x == "80"
    assert read("'HOST' in os.environ").x is False
    assert read("'HOST' not in os.environ").x is True


def test_the_same_name_may_be_a_loop_variable() -> None:
    assert plain(read("[host for host in ['a']] + [host]")) == ["a", "web"]


HOSTILE = [
    "10 ** 10 ** 10",
    "1 << 10 ** 9",
    "'a' * 10 ** 9",
    "[0] * 10 ** 9",
    "range(10 ** 30)",
    "f'{1:1000000000}'",
    "'%1000000000d' % 5",
    "'{:>1000000000}'.format(1)",
    "'x'.ljust(10 ** 9)",
    "'a'.replace('', 'b' * 20000)",
    "[['x' * 20000 for i in range(5000)] for j in range(5000)]",
    "[[[1 for i in range(5000)] for j in range(5000)] for k in range(5000)]",
    "sum([n for n in range(5000)] * 4) * 'ab' * 10 ** 6",
    "int('9' * 20000)",
    "+".join(["'a'"] * 900),
    "[" * 90 + "]" * 90,
    "not " * 150 + "1",
    "(" + "1 if 0 else " * 100 + "2)",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_expressions_take_no_time_and_never_raise(text: str) -> None:
    started = time.perf_counter()
    read(text)
    assert time.perf_counter() - started < 2


def test_a_tree_deeper_than_python_can_walk_is_unknown() -> None:
    node: ast.expr = ast.Constant(1)
    for _ in range(5000):
        node = ast.BinOp(node, ast.Add(), ast.Constant(1))
    assert not evaluate(node, SCOPE).known


leaves = st.sampled_from(
    [
        "unread",
        "host",
        "numbers",
        "fast",
        "slow",
        "DEBUG",
        "nothing",
        "address",
        "cpu_count()",
        "getenv('A', '1')",
        "1",
        "2.5",
        "'a'",
        "[]",
        "{}",
        "None",
        "()",
        "'%s'",
    ]
)
shapes = [
    "({} + {})",
    "({} % {})",
    "({} * {})",
    "({} or {})",
    "({} and not {})",
    "({} == {})",
    "({} < {})",
    "({} in {})",
    "[{}, *{}]",
    "{{{}: {}}}",
    "({})[{}]",
    "({} if {} else 3)",
    "[n for n in {} if {}]",
    "'{{}}:{{}}'.format({}, {})",
    "max({}, {})",
    "str({}).split(str({}))",
    "({}).join({})",
    "dict({}, **{})",
]
expressions = st.recursive(
    leaves, lambda inner: st.builds(lambda shape, a, b: shape.format(a, b), st.sampled_from(shapes), inner, inner), max_leaves=8
)


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@settings(max_examples=300, deadline=None)
@given(expressions)
def test_any_expression_gives_a_value(text: str) -> None:
    value = read(text)
    assert isinstance(value, Value)
    assert isinstance(evaluate_test(ast.parse(text, mode="eval").body, SCOPE).x, bool | Unknown | Branch)
