"""Functions that say the same wherever they run, and calls of what is known by another name."""

import pytest

from python_texts import module, told, value_of
from serveaudit.command import Environment
from serveaudit.values import Range, Unknown, Value

FUNCTIONS = {
    "a lambda": ("f = lambda x, y=2: x + y\na = f(1)", "3"),
    "a lambda that reads the environment": (
        "import os\nenv = lambda n, d: os.getenv(n, d)\na = env('X', 3)",
        "3 if $X is not set",
    ),
    "functools.partial": ("from functools import partial\ndef f(x, y): return x - y\ng = partial(f, 5)\na = g(y=2)", "3"),
    "map over texts": ("a = [x for x in map(int, '1,2'.split(','))]", "[1, 2]"),
    "isinstance": ("x = '1'\na = 'text' if isinstance(x, (str, bytes)) or isinstance(x, str) else 'none'", "'text'"),
    "getattr with a default": ("import conf\na = getattr(conf, 'WORKERS', 2), getattr(conf, 'THREADS', 4)", "[3, 4]"),
    "json.loads": ("import json\na = json.loads('{\"x\": [1, null]}')['x']", "[1, None]"),
    "a literal": ("import ast\na = ast.literal_eval('[1]')", "[1]"),
    "eval of a literal": ("a = eval('2')", "2"),
    "rounding": ("import math\na = math.ceil(1.2), math.floor(1.8)", "[2, 1]"),
    "enumerate": ("a = [f'{n}{x}' for n, x in enumerate('xy', 1)]", "['1x', '2y']"),
    "zip and dict": ("a = dict(zip('xy', [1, 2]), z=3)", "{x: 1, y: 2, z: 3}"),
    "a dictionary of another with more": ("b = {'x': 1}\na = dict(b, y=2)", "{x: 1, y: 2}"),
    "next": ("a = next((x for x in [1, 2, 3] if x > 1), 0)", "2"),
    "next of nothing": ("a = next((x for x in [1] if x > 1), 0)", "0"),
    "reversed, divmod and pow": ("a = [*reversed([1, 2])], divmod(7, 2), pow(2, 3)", "[[2, 1], [3, 1], 8]"),
    "a method of a module's name": ("import conf\na = conf.NAME.lower()", "'shop'"),
    "format with all names": (
        "x = 1\na = '{x}'.format(**locals()), '%(x)d' % globals(), '{x}'.format_map(locals())",
        "['1', '1', '1']",
    ),
    "a type by another name": (
        "def cast(x, kind): return kind(x) if kind is not bool else x == 'yes'\na = cast('3', int)",
        "3",
    ),
    "a type compared": ("def cast(x, kind=None): return x == 'yes' if kind is bool else x\na = cast('yes', bool)", "True"),
    "names from a dictionary": ("globals().update({'a': 1}, b=2)", "1"),
    "the field of a dataclass": (
        "from dataclasses import dataclass, field\n@dataclass\nclass C:\n    x: list = field(default_factory=list)\n"
        "    y: int = 3\nc = C(y=4)\na = c.x, c.y",
        "[[], 4]",
    ),
    "a while loop": ("a = 0\nwhile a < 3:\n    a += 1", "3"),
    "a while loop that is left": ("a = 0\nwhile True:\n    a += 1\n    if a == 2:\n        break", "2"),
    "match with a name": ("match 'x':\n    case 'y':\n        a = 1\n    case other:\n        a = other", "'x'"),
    "Python's version": ("import sys\na = sys.version_info[0] == 3 and sys.version_info >= (3,)", "True"),
    "the platform": ("import sys\na = sys.platform.startswith('linux')", "True"),
}


@pytest.mark.parametrize("case", FUNCTIONS)
def test_a_function_gives_what_python_gives(case: str) -> None:
    text, expected = FUNCTIONS[case]
    assert told(module(text, conf="WORKERS = 3\nNAME = 'Shop'").value("a")) == expected


def test_what_python_refuses_is_unknown_with_its_reason() -> None:
    assert value_of("a", "import json\na = json.loads('{')") == "unknown: '{' is no literal"
    assert value_of("a", "import math\na = math.sqrt(-1)") == "unknown: math domain error"


def test_rounding_keeps_the_bounds_of_a_range() -> None:
    text = "import math, os\nworkers = math.ceil(os.cpu_count() * 1.5)"
    assert module(text).bindings["workers"].value.x == Range(2)


def test_variables_with_a_prefix_are_settings() -> None:
    text = "import os\nfor k, v in os.environ.items():\n    if k.startswith('G_'):\n        locals()[k[2:].lower()] = v"
    read = module(text, Environment({"G_BIND": Value(":1"), "HOME": Value("/")}))
    assert {name: told(read.value(name)) for name in ("bind", "home")} == {"bind": "':1'", "home": "not bound"}


def test_all_variables_of_a_machine_are_not_known() -> None:
    text = "import os\na = [k for k, v in os.environ.items()]"
    assert told(module(text, Environment({"X": Value("1")})).value("a")) == "['X', …]"


CHOICES = {
    "a key of a table": ("a = {'x': 1}.get(os.environ.get('K', 'x'), 2)", "$K is set: unknown: .env is not in the repository"),
    "names from a dictionary that hangs on a choice": (
        "options = {'a': 1}\nif os.environ.get('K'):\n    options['a'] = 2\nglobals().update(options)",
        "$K is set: os.environ.get('K'): 2; not os.environ.get('K'): 1; $K is not set: 1",
    ),
    "the same either way": ("a = len([os.environ.get('K', 'x')])", "1"),
}


@pytest.mark.parametrize("case", CHOICES)
def test_a_variable_that_an_unread_file_may_set_leaves_both_ways(case: str) -> None:
    text, expected = CHOICES[case]
    env = Environment({}, Unknown(".env is not in the repository"))
    found = told(module(f"import os\n{text}", env).value("a"))
    assert found == expected or found.startswith(f"{expected};")
