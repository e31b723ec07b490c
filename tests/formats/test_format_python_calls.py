"""Calls, functions and classes of a Python file; texts that are no Python, and texts that want to do harm."""

import pytest

from python_texts import module, told
from serveaudit.formats.python import ClassRef, FunctionRef, Made
from serveaudit.values import Unknown


def test_a_worker_class_keeps_its_arguments() -> None:
    text = """
from uvicorn_worker import UvicornWorker
class A(UvicornWorker):
    CONFIG_KWARGS = UvicornWorker.CONFIG_KWARGS
    CONFIG_KWARGS.update({"lifespan": "off"})
class B(UvicornWorker):
    CONFIG_KWARGS = {"reload": bool("False")}
class C(B):
    pass
"""
    classes = module(text).classes
    assert told(classes["A"].attribute("CONFIG_KWARGS")) == "{loop: 'auto', http: 'auto', lifespan: 'off'}"
    assert told(classes["C"].attribute("CONFIG_KWARGS")) == "{reload: True}"
    assert classes["C"].inherits("uvicorn_worker.UvicornWorker")


CALLS = """
import asyncio, os
import uvicorn
from hypercorn.config import Config
from hypercorn.asyncio import serve
from gevent.pywsgi import WSGIServer
from flask import Flask
app = Flask(__name__)
@app.route("/x", methods=["POST"])
def index():
    return answer(1)
async def main():
    config = Config()
    config.bind = ["0.0.0.0:80"]
    await serve(app, config)
def run(port=8000):
    options = {"log_level": "info"}
    uvicorn.run("m:app", port=port, **options)
if __name__ == "__main__":
    run(9000)
    asyncio.run(main())
    WSGIServer(("", 5000), app).serve_forever()
    if os.environ.get("DEBUG"):
        app.run(debug=True)
    if x():
        app.run(use_reloader=True)
"""


def test_calls_are_told_by_their_full_names() -> None:
    read = module(CALLS, path="serve.py")
    by_name = {call.name: call for call in read.calls}
    run = by_name["uvicorn.run"]
    assert {name: told(value) for name, (value, _) in run.keywords.items()} == {"port": "9000", "log_level": "'info'"}
    assert (told(run.args[0]), run.under_main, run.function, run.keywords["port"][1].span.text) == (
        "'m:app'",
        True,
        "run",
        "port=port",
    )
    config = by_name["hypercorn.asyncio.serve"].args[1]
    assert isinstance(config.x, Made) and told(config.x.attributes["bind"]) == "['0.0.0.0:80']"
    assert told(by_name["gevent.pywsgi.WSGIServer.serve_forever"].receiver) == "<gevent.pywsgi.WSGIServer>"
    assert told(by_name["gevent.pywsgi.WSGIServer"].args[0]) == "['', 5000]"
    debug, reloader = [call for call in read.calls if call.name == "flask.Flask.run"]
    assert (debug.reachable, reloader.reachable, reloader.conditions) == (False, True, ("x()",))


def test_decorators_are_calls_with_their_arguments() -> None:
    (route,) = module(CALLS).functions["index"].decorators
    assert (route.name, told(route.args[0]), told(route.receiver)) == ("flask.Flask.route", "'/x'", "<flask.Flask>")


def test_functions_tell_what_they_are() -> None:
    text = "async def a(x, y=1):\n    yield x\nclass C:\n    def m(self):\n        return 5\n"
    text += "def f():\n    def inner(): ...\n    return C()"
    functions = module(text).functions
    assert list(functions) == ["a", "C.m", "f", "f.inner"]
    assert (functions["a"].is_async, functions["a"].yields, functions["a"].parameters) == (True, True, ("x", "y"))
    assert (told(functions["C.m"].returns), told(functions["f"].returns)) == ("5", "<gunicorn.conf.C>")


def test_a_call_in_code_that_is_never_reached() -> None:
    calls = {call.name: call for call in module("def f():\n    return 1\n    g(2)\nh = lambda: k(3)").calls}
    assert (calls["g"].reachable, told(calls["g"].args[0]), calls["g"].function) == (False, "2", "f")
    assert calls["k"].reachable


def test_a_call_in_a_loop_is_told_for_each_round() -> None:
    calls = module("for n in (1, 2):\n    f(n)").calls
    assert [told(call.args[0]) for call in calls] == ["1", "2"]


def test_arguments_that_are_passed_on_leave_a_call_incomplete() -> None:
    (call,) = [call for call in module("import uvicorn\nuvicorn.run('a:b', **options())").calls if call.name == "uvicorn.run"]
    assert isinstance(call.complete, Unknown) and told(call.args[0]) == "'a:b'"


def test_flask_keeps_what_is_set_in_its_configuration() -> None:
    text = "from flask import Flask\napp = Flask('x')\napp.config['A'] = 1\napp.config.update(B=2)"
    app = module(text).bindings["app"].value.x
    assert isinstance(app, Made) and told(app.attributes["config"]) == "{A: 1, B: 2, …}"


def test_hooks_and_classes_are_unknown_to_whoever_asks_for_a_value() -> None:
    bindings = module("def post_fork(s, w): ...\nclass W: ...").bindings
    assert isinstance(bindings["post_fork"].value.x, FunctionRef) and isinstance(bindings["W"].value.x, ClassRef)
    assert not bindings["post_fork"].value.known


REFUSED = {
    "Python 2": ("bind = 'x'\nprint bind\n", 2, "written for Python 2"),
    "a Jinja template": ("bind = 'x'\nworkers = {{ n }}\n{% if x %}\n{% endif %}\n", 3, "a template, not Python yet"),
    "a broken line": ("bind = 'x'\ndef f(:\n", 2, "not valid Python: invalid syntax"),
    "parentheses without end": ("a = " + "(" * 500, 1, "not valid Python: too many nested parentheses"),
    "a sum without end": ("a = " + "1+" * 50_000 + "1", 1, "nested too deeply to be read as Python"),
    "a number without end": ("a = " + "9" * 10_000, 1, "not valid Python: Exceeds the limit"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_python_has_a_problem_with_its_line(case: str) -> None:
    text, line, message = REFUSED[case]
    read = module(text)
    (problem,) = read.problems
    assert problem.span.line == line and problem.message.startswith(message)
    assert not read.bindings and isinstance(read.complete, Unknown)
    assert told(read.value("bind")).startswith("unknown: gunicorn.conf.py: ")


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"{' ' * n}if x:" for n in range(99)) + f"\n{' ' * 99}a = 1",
        "if x: pass\n" + "elif y: a = 1\n" * 400,
        "import os\nx = []\n" + "".join(f"if os.path.exists('{n}'): x.append({n})\n" for n in range(60)),
        "x = []\nfor i in range(150):\n for j in range(150):\n  for k in range(150):\n   x.append(i)",
        "x = " + "f(" * 180 + "1" + ")" * 180,
        "def f(n):\n    return f(n - 1) + f(n - 2)\nx = f(40)",
        "x = [1]\n" + "x = x + x\n" * 100 + "y = {}\n" + "y['k'] = y\n" * 50,
        "class A(A): pass\nx = A.y.z\nfrom . import *\nfrom .... import q",
        "",
        "\\",
        "a\rb",
    ],
    ids=["nested", "elif", "choices", "rounds", "calls", "recursion", "doubling", "odd", "empty", "backslash", "return"],
)
def test_hostile_texts_end_soon_and_without_an_exception(text: str) -> None:
    assert module(text).calls is not None
