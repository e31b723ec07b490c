"""What names of a Python configuration are bound to: constants, the environment, choices, paths, siblings."""

import pytest

from python_texts import module, told, value_of
from serveaudit.command import Environment
from serveaudit.values import Branch, Range, Unknown, Value

UNREAD = Environment({}, Unknown(".env is not in the repository"))


CONSTANT = {
    "a number": ("timeout = 120", "120"),
    "arithmetic": ("a = 60 * 2 + 1", "121"),
    "the last of two assignments": ("a = 1\na = 2", "2"),
    "an annotated one": ("a: int = 3", "3"),
    "several targets": ("a = b = 4", "4"),
    "a tuple that is taken apart": ("b, a = 1, 2", "2"),
    "a tuple with a star": ("b, *a = 1, 2, 3", "[2, 3]"),
    "a percent format": ("port = 80\na = '%s:%s' % ('x', port)", "'x:80'"),
    "str.format": ("a = '{}:{}'.format('x', 80)", "'x:80'"),
    "an f-string": ("port = 80\na = f'x:{port}'", "'x:80'"),
    "join that makes garbage": ("a = '0.0.0.0'.join('.')", "'.'"),
    "augmented": ("a = [1]\na += [2]", "[1, 2]"),
    "appended": ("a = [1]\na.append(2)", "[1, 2]"),
    "inserted": ("a = [2]\na.insert(0, 1)", "[1, 2]"),
    "removed": ("a = [1, 2]\na.remove(1)", "[2]"),
    "a key set": ("a = {'x': 1}\na['y'] = 2", "{x: 1, y: 2}"),
    "updated": ("a = {'x': 1}\na.update({'x': 2}, z=3)", "{x: 2, z: 3}"),
    "set in a nested dictionary": ("a = {'default': {'x': 1}}\na['default']['x'] = 2", "{default: {x: 2}}"),
    "changed under another name": ("a = {'default': {}}\nb = a['default']\nb['x'] = 1", "{default: {x: 1}}"),
    "a list under two names": ("a = b = [1]\nb += [2]", "[1, 2]"),
    "a tuple under two names": ("a = b = (1,)\nb += (2,)", "[1]"),
    "a key set again keeps its place": (
        "m = {'x': 1, 'y': 2}\nm['x'] = 3\na = []\nfor v in m.values():\n    a.append(v)",
        "[3, 2]",
    ),
    "a key deleted": ("a = {'x': 1, 'y': 2}\ndel a['x']", "{y: 2}"),
    "a name deleted": ("a = 1\ndel a", "not bound"),
    "a loop over constants": ("a = 0\nfor n in range(4):\n    a += n", "6"),
    "a loop over a dictionary": ("a = []\nfor k, v in {'x': 1}.items():\n    a.append((k, v))", "[['x', 1]]"),
    "a loop left early": ("for a in [1, 2, 3]:\n    if a == 2:\n        break", "2"),
    "a known condition": ("x = 3\nif x > 2:\n    a = 1\nelse:\n    a = 2", "1"),
    "a match": ("e = 'prod'\nmatch e:\n    case 'dev':\n        a = 1\n    case 'prod' | 'live':\n        a = 2", "2"),
    "an assignment in a condition": ("if (b := 5) > 3:\n    a = b", "5"),
    "a comprehension": ("a = [f'app{n}' for n in range(2)]", "['app0', 'app1']"),
    "a class attribute": ("class C:\n    x = 7\na = C.x", "7"),
    "an inherited class attribute": ("class B:\n    x = 7\nclass C(B):\n    pass\na = C.x", "7"),
    "an object's attribute": ("class C:\n    def __init__(self, n):\n        self.n = n + 1\na = C(1).n", "2"),
    "a property": ("class C:\n    n = 1\n    @property\n    def m(self):\n        return self.n + 1\na = C().m", "2"),
    "through globals()": ("globals()['a'] = 5", "5"),
    "a global set by a function": ("def f():\n    global a\n    a = 5\nf()", "5"),
    "what runs only as a script": ("a = 1\nif __name__ == '__main__':\n    a = 2", "1"),
    "text with other letters before it": ("ü = 'ß'; a = ü + 'x'", "'ßx'"),
}


@pytest.mark.parametrize("case", CONSTANT)
def test_constant_texts(case: str) -> None:
    text, expected = CONSTANT[case]
    assert value_of("a" if text != "timeout = 120" else "timeout", text) == expected


HELPER = """
import os
def _env_int(name, default):
    raw = os.getenv(name)
    try:
        return int(raw)
    except (TypeError, ValueError):
        return default
a = _env_int("TIMEOUT", 30)
"""
FROM_ENVIRONMENT = {
    "a default": ("import os\na = int(os.environ.get('A', 4))", "4 if $A is not set"),
    "getenv": ("from os import getenv\na = getenv('A', '4')", "'4' if $A is not set"),
    "environ imported": ("from os import environ as e\na = e.get('A') or 1", "1 if $A is not set"),
    "environ under another name": ("import os\nenv = os.environ\na = env.get('A', 5)", "5 if $A is not set"),
    "no default": ("import os\na = os.environ.get('A')", "None if $A is not set"),
    "a key without default": ("import os\na = os.environ['A']", "unknown: $A is not set, and has no default"),
    "tested by `in`": ("import os\na = os.environ['A'] if 'A' in os.environ else 2", "2 if $A is not set"),
    "bool() of text": ("import os\na = bool(os.environ.get('A', 'False'))", "True if $A is not set"),
    "a helper with try": (HELPER, "30 if $TIMEOUT is not set"),
    "a caught KeyError": ("import os\ntry:\n    a = os.environ['A']\nexcept KeyError:\n    a = 3", "3 if $A is not set"),
    "what was bound before an exception": (
        "import os\ntry:\n    try:\n        a = 1\n        b = os.environ['A']\n    except ValueError:\n        a = 2\n"
        "except KeyError:\n    pass",
        "1",
    ),
    "set in one way only": (
        "import os\nif x():\n    os.environ['A'] = '1'\ntry:\n    a = int(os.environ['A'])\nexcept KeyError:\n    a = 2",
        "no KeyError in line 4: x(): 1; not x(): unknown: $A is not set, and has no default; KeyError in line 4: 2",
    ),
    "a suppressed KeyError": (
        "import os\nfrom contextlib import suppress\na = 1\nwith suppress(KeyError):\n    a = os.environ['A']",
        "1",
    ),
    "a condition": ("import os\nif os.environ.get('A'):\n    a = 1\nelse:\n    a = 2", "2 if $A is not set"),
    "setdefault": ("import os\nos.environ.setdefault('A', 'x')\na = os.environ['A']", "'x' if $A is not set"),
    "set by the file itself": ("import os\nos.environ['A'] = 'x'\na = os.environ['A']", "'x'"),
    "decouple": ("from decouple import config\na = config('A', default='False', cast=bool)", "False if $A is not set"),
    "decouple's list": ("from decouple import config, Csv\na = config('A', default='x,y', cast=Csv())", "['x', 'y']"),
    "django-environ": ("import environ\nenv = environ.Env()\na = env.int('A', 1)", "1 if $A is not set"),
    "django-environ's scheme": ("import environ\nenv = environ.Env(A=(bool, False))\na = env('A')", "False if $A is not set"),
    "environs": ("from environs import Env\nenv = Env()\na = env.list('A', ['x'])", "['x']"),
    "starlette": ("from starlette.config import Config\nc = Config()\na = c('A', cast=int, default=3)", "3 if $A is not set"),
    "strtobool": ("import os\nfrom distutils.util import strtobool\na = strtobool(os.getenv('A', 'no'))", "0 if $A is not set"),
    "pydantic's settings": (
        "from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    port: int = 8000\na = S().port",
        "8000 if $PORT is not set",
    ),
}


@pytest.mark.parametrize("case", FROM_ENVIRONMENT)
def test_the_environment_does_not_set_it(case: str) -> None:
    text, expected = FROM_ENVIRONMENT[case]
    assert value_of("a", text) == expected


@pytest.mark.parametrize(
    ("call", "text", "expected"),
    [
        ("bool(os.environ['A'])", "False", "True"),
        ("int(os.environ['A'])", "7", "7"),
        ("config('A', cast=bool)", "False", "False"),
        ("env.bool('A')", "off", "False"),
        ("env.list('A')", "x, y", "['x', 'y']"),
        ("strtobool(os.environ['A'])", "yes", "1"),
        ("S().a", "7", "7"),
        ("os.environ.get('A', 5)", "7", "'7'"),
    ],
)
def test_the_environment_sets_it(call: str, text: str, expected: str) -> None:
    imports = "import os, environ\nfrom decouple import config\nfrom distutils.util import strtobool\nenv = environ.Env()\n"
    imports += "from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    a: int = 1\n"
    env = Environment({"A": Value(text)})
    assert value_of("a", f"{imports}a = {call}", env) == expected
    assert module(f"{imports}a = {call}", env).bindings["a"].value.depends == ("env:A",)


def test_a_refused_number_is_caught() -> None:
    assert value_of("a", HELPER, Environment({"TIMEOUT": Value("soon")})) == "30"


def test_an_unread_file_may_set_it() -> None:
    text = "import os\na = os.environ.get('A', '4')"
    assert (
        value_of("a", text, UNREAD) == "$A is set: unknown: .env is not in the repository; $A is not set: '4' if $A is not set"
    )


def test_after_load_dotenv_a_file_may_set_it() -> None:
    text = "import os\nfrom dotenv import load_dotenv\nload_dotenv()\na = os.environ.get('A', '4')"
    assert value_of("a", text).startswith("$A is set: unknown: a file of variables")


def test_the_number_of_cpus_is_a_range() -> None:
    text = "import multiprocessing\na = multiprocessing.cpu_count() * 2 + 1"
    value = module(text).bindings["a"].value
    assert value.x == Range(3) and value.depends == ("cpus",)
    assert value_of(
        "a", text.replace("multiprocessing.cpu_count()", "len(os.sched_getaffinity(0))").replace("import ", "import os, ")
    ) == repr(Range(3))
    assert told(module(text, cpus=4).value("a")) == "9"


def test_a_range_is_held_by_min_and_max() -> None:
    text = "import os\nfrom os import cpu_count\na = min(int(os.getenv('MAX', 4)), max(2, cpu_count() * 2 + 1))"
    assert value_of("a", text) == repr(Range(3, 4)) + " if $MAX is not set"


UNDECIDED = {
    "an unknown condition": ("if x():\n    a = 1\nelse:\n    a = 2", "x(): 1; not x(): 2"),
    "without else": ("a = 1\nif x():\n    a = 2", "x(): 2; not x(): 1"),
    "bound in one way only": ("if x():\n    a = 2", "x(): 2; not x(): None"),
    "the same in both": ("if x():\n    a = 1\nelse:\n    a = 1", "1"),
    "the same condition twice": (
        "if x():\n    b = 1\nelse:\n    b = 2\nif not x():\n    a = b\nelse:\n    a = b + 5",
        "x(): 6; not x(): 2",
    ),
    "a way that raises": ("if x():\n    raise ValueError\nelse:\n    a = 2", "2"),
    "a way that exits": ("import sys\na = 1\nif x():\n    a = 3\n    sys.exit(1)", "1"),
    "a conditional expression": ("a = 4 if x() else 2", "x(): 4; not x(): 2"),
    "a return": ("def f():\n    if x():\n        return 1\n    return 2\na = f()", "x(): 1; not x(): 2"),
    "what is bound before an import fails": (
        "a = 0\ntry:\n    a = 1\n    import uvloop\n    a = 2\nexcept ImportError:\n    pass",
        "no ImportError in line 2: 2; ImportError in line 2: 1",
    ),
    "a test in a loop is another choice in each round": (
        "a = []\nfor n in (1, 2):\n    if n > x():\n        a.append(n)",
        "n > x(): n > x(): [1, 2]; not n > x(): [2]; not n > x(): n > x(): [1]; not n > x(): []",
    ),
    "an import that may fail": (
        "try:\n    import uvloop\n    a = 'uvloop'\nexcept ImportError:\n    a = 'asyncio'",
        "uvloop is there: 'uvloop'; uvloop is not there: 'asyncio'",
    ),
    "a list that only one way has": ("if x():\n    a = [1]\na.append(2)", "x(): [1, 2]; not x(): None"),
    "a list that is extended": ("a = [1]\nif x():\n    a.append(2)", "x(): [1, 2]; not x(): [1]"),
}


@pytest.mark.parametrize("case", UNDECIDED)
def test_undecided_choices_keep_both_values(case: str) -> None:
    text, expected = UNDECIDED[case]
    assert value_of("a", text) == expected


def test_each_call_of_a_helper_is_a_choice_of_its_own() -> None:
    text = "def f(name):\n    try:\n        return g(name)\n    except ValueError:\n        return name\na = f('X')\nb = f('Y')"
    ons = {value.x.on for name in "ab" if isinstance((value := module(text).bindings[name].value).x, Branch)}
    assert ons == {"try in gunicorn.conf.py:2 (name = 'X')", "try in gunicorn.conf.py:2 (name = 'Y')"}


def test_what_is_not_computed_any_more_is_unknown() -> None:
    rounds = "\n".join(f"{' ' * n}for v{n} in range(9):" for n in range(7)) + f"\n{' ' * 7}x = 1"
    assert value_of("a", f"a = 1\n{rounds}\na = 2") == "unknown: too much to compute"


def test_too_many_choices_are_not_kept() -> None:
    text = "\n".join(f"if x({n}):\n    a = {n}" for n in range(60))
    value = module(text).bindings["a"].value
    assert len(value.worlds()) <= 32 and told(value).endswith("unknown: it depends on too many choices")


def test_a_name_that_one_way_does_not_bind_is_absent_there() -> None:
    value = module("if x():\n    a = 2").bindings["a"].value
    assert isinstance(value.x, Branch)
    assert [(case.x, [place.how for place in case.places]) for _, case in value.x.cases] == [
        (2, ["written"]),
        (None, ["absent"]),
    ]


def test_what_is_not_bound_under_an_assumption_is_told() -> None:
    read = module("import os\nif os.environ.get('DEBUG'):\n    reload = True")
    assert "reload" not in read.bindings
    assert read.unbound["reload"].assumes == ("$DEBUG is not set",)


NOT_FOLLOWED = {
    "an unknown call": "a = x()",
    "eval": "a = eval('1 + f()')",
    "an endless loop": "while True:\n    a = 1",
    "a loop over the unknown": "for n in x():\n    a = n",
    "a tower of powers": "a = 10 ** 10 ** 10",
    "an endless text": "a = 'x' * 10 ** 10",
    "a text that doubles": "a = 'x' * 1000\nfor n in range(60):\n    a = a + a",
    "a function without end": "def f(n):\n    return f(n) + 1\na = f(1)",
    "after a star import that is not there": "a = 1\nfrom local_settings import *",
    "after exec": "a = 1\nexec(open('x').read())",
    "after locals() is given away": "import django_heroku\na = 1\ndjango_heroku.settings(locals())",
    "a file's text": "with open('x') as f:\n    a = f.read()",
    "deep nesting": "a = " + "[" * 90 + "x()" + "]" * 90 + "[0]" * 90,
    "a long sum": "a = " + " + ".join(["1"] * 900),
}


@pytest.mark.parametrize("case", NOT_FOLLOWED)
def test_what_is_not_followed_is_unknown(case: str) -> None:
    assert value_of("a", NOT_FOLLOWED[case]).startswith("unknown: ")


def test_the_rest_of_a_file_is_read_after_what_is_not_followed() -> None:
    for text in NOT_FOLLOWED.values():
        assert value_of("last", f"{text}\nlast = 2") == "2"


PATHS = {
    "Path(__file__).resolve().parent / 'x'": "proj/x",
    "Path(__file__).resolve().parent.parent / 'static'": "static",
    "Path(__file__).parents[1]": ".",
    "Path(__file__).parents[2]": "..",
    "os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'media', 'x')": "media/x",
    "os.path.join('/var', 'www')": "/var/www",
    "Path('/var/www').joinpath('x').name": "'x'",
    "Path('a').resolve()": "a",
}


@pytest.mark.parametrize("text", PATHS)
def test_paths_are_told_from_the_root_of_the_repository(text: str) -> None:
    assert told(module(f"import os\nfrom pathlib import Path\na = {text}", path="proj/settings.py").value("a")) == PATHS[text]


def test_a_path_in_a_text_stays_relative() -> None:
    text = "from pathlib import Path\nBASE = Path(__file__).parent\na = f'unix:{BASE}/x.sock'"
    assert value_of("a", text) == "'unix:./x.sock'"


def test_a_value_is_told_at_its_assigned_text_first() -> None:
    read = module("cores = 4\nworkers = cores * 2\n")
    workers = read.bindings["workers"]
    assert [place.span.text for place in workers.value.places] == ["cores * 2", "4"]
    assert (workers.place.span.text, workers.by, workers.read_again) == ("workers", "assign", False)
    assert read.bindings["cores"].read_again


OWN_NAMES = """
name = "shop"
port = 8000
host = "127.0.0.1"
count = 3
def worker_abort(worker, host=host):
    for name, line in worker.frames:
        worker.log.info("%s %s", name, host)
    return [count for count in (1, 2)] and count + port
"""


def test_a_name_that_a_function_has_of_its_own_is_not_the_modules() -> None:
    read = module(OWN_NAMES)
    found = {name for name, binding in read.bindings.items() if binding.read_again}
    assert found == {"port", "host", "count"}


def test_a_name_that_is_set_twice_tells_both_assignments() -> None:
    assigned = module("import os\ntimeout = 30\nif os.environ.get('X'):\n    pass\ntimeout = 60").bindings["timeout"].assigned
    assert [(each.value.x, each.place.span.line) for each in assigned] == [(30, 2), (60, 5)]


def test_how_a_name_is_bound() -> None:
    text = "import bind\nfrom x import reload as daemon\ndef post_fork(s, w): ...\nclass user: ...\nfor workers in [1]: ..."
    bound = {name: binding.by for name, binding in module(text).bindings.items()}
    assert bound == {"bind": "import", "daemon": "import", "post_fork": "def", "user": "class", "workers": "for"}


def test_columns_after_other_letters_count_characters() -> None:
    read = module('ü = "ßß"; bind = "x"')
    assert read.bindings["bind"].value.places[0].span.text == '"x"'


TIANGOLO = """
import json, multiprocessing, os
workers_per_core_str = os.getenv("WORKERS_PER_CORE", "1")
max_workers_str = os.getenv("MAX_WORKERS")
use_max_workers = None
if max_workers_str:
    use_max_workers = int(max_workers_str)
web_concurrency_str = os.getenv("WEB_CONCURRENCY", None)
host = os.getenv("HOST", "0.0.0.0")
port = os.getenv("PORT", "80")
bind_env = os.getenv("BIND", None)
use_loglevel = os.getenv("LOG_LEVEL", "info")
if bind_env:
    use_bind = bind_env
else:
    use_bind = f"{host}:{port}"
cores = multiprocessing.cpu_count()
workers_per_core = float(workers_per_core_str)
default_web_concurrency = workers_per_core * cores
if web_concurrency_str:
    web_concurrency = int(web_concurrency_str)
    assert web_concurrency > 0
else:
    web_concurrency = max(int(default_web_concurrency), 2)
    if use_max_workers:
        web_concurrency = min(web_concurrency, use_max_workers)
accesslog_var = os.getenv("ACCESS_LOG", "-")
use_accesslog = accesslog_var or None
loglevel = use_loglevel
workers = web_concurrency
bind = use_bind
worker_tmp_dir = "/dev/shm"
accesslog = use_accesslog
log_data = {"loglevel": loglevel, "workers": workers, "bind": bind}
print(json.dumps(log_data))
"""


def test_a_well_known_configuration_with_many_helper_names() -> None:
    read = module(TIANGOLO)
    assert told(read.value("workers")).startswith(repr(Range(2)))
    unset = {"$WEB_CONCURRENCY is not set", "$WORKERS_PER_CORE is not set", "$MAX_WORKERS is not set"}
    assert set(read.bindings["workers"].value.assumes) == unset
    assert told(read.value("bind")) == "'0.0.0.0:80' if $HOST is not set and $PORT is not set and $BIND is not set"
    assert all(read.bindings[name].read_again for name in ("host", "port", "cores", "bind"))
