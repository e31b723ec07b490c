"""What `module:attribute` is: WSGI or ASGI, of which framework, behind which layers."""

import pytest

from python_texts import program, told
from serveaudit.application.asgi import Application, application_kind
from serveaudit.values import Unknown


def kind(attribute: str, text: str, **files: str) -> Application:
    module = program(main=text, **files).open("main")
    assert module is not None and not isinstance(module, Unknown)
    return application_kind(module, attribute)


def shown(app: Application) -> str:
    return " ".join([told(app.kind), app.framework, *(["factory"] if app.factory else [])]).strip()


KINDS = {
    "Django's WSGI object": (
        "from django.core.wsgi import get_wsgi_application\napp = get_wsgi_application()",
        "'wsgi' django",
    ),
    "Django's ASGI object": (
        "from django.core.asgi import get_asgi_application\napp = get_asgi_application()",
        "'asgi' django",
    ),
    "FastAPI": ("from fastapi import FastAPI\napp = FastAPI()", "'asgi' fastapi"),
    "Starlette": ("from starlette.applications import Starlette\napp = Starlette()", "'asgi' starlette"),
    "Flask": ("import flask\napp = flask.Flask('x')", "'wsgi' flask"),
    "a subclass of Flask": ("import flask\nclass A(flask.Flask): ...\napp = A('x')", "'wsgi' flask"),
    "Flask under ASGI": (
        "from flask import Flask\nfrom asgiref.wsgi import WsgiToAsgi\napp = WsgiToAsgi(Flask('x'))",
        "'asgi' flask",
    ),
    "FastAPI under WSGI": ("import fastapi, a2wsgi\napp = a2wsgi.ASGIMiddleware(fastapi.FastAPI())", "'wsgi' fastapi"),
    "Socket.IO": ("import socketio\napp = socketio.ASGIApp(socketio.AsyncServer())", "'asgi' socketio"),
    "a WSGI function": ("def app(environ, start_response):\n    return []", "'wsgi'"),
    "an ASGI function": ("async def app(scope, receive, send):\n    pass", "'asgi'"),
    "a WSGI object": ("class A:\n    def __call__(self, environ, start_response): ...\napp = A()", "'wsgi'"),
    "an ASGI object": ("class A:\n    async def __call__(self, scope, receive, send): ...\napp = A()", "'asgi'"),
    "a factory": (
        "from flask import Flask\ndef app(config=None):\n    app = Flask('x')\n    return app",
        "'wsgi' flask factory",
    ),
    "a name that is not there": ("x = 1", "None"),
    "a name that a star import may bring": ("from x import *", "unknown: x was not found, and may set it"),
    "a computed name": ("def __getattr__(name): ...", "unknown: main computes its names"),
    "an object from elsewhere": ("from elsewhere import app", "<elsewhere.app>"),
    "an unknown layer": (
        "from flask import Flask\nfrom x import wrap\napp = wrap(Flask('x'))",
        "unknown: whether x.wrap() gives WSGI or ASGI is not known flask",
    ),
    "no application at all": ("app = 5", "unknown: it is no application that is known here"),
    "the same either way": (
        "import flask\nif x():\n    app = flask.Flask('a')\nelse:\n    app = flask.Flask('b')",
        "'wsgi' flask",
    ),
    "one or the other": (
        "import flask, fastapi\nif x():\n    app = flask.Flask('a')\nelse:\n    app = fastapi.FastAPI()",
        "x(): 'wsgi'; not x(): 'asgi' flask",
    ),
}


@pytest.mark.parametrize("case", KINDS)
def test_the_kind_of_an_object(case: str) -> None:
    text, expected = KINDS[case]
    assert shown(kind("app", text)) == expected


def test_a_factory_that_is_called() -> None:
    text = "from flask import Flask\ndef create_app(config=None):\n    return Flask('x')"
    assert shown(kind("create_app()", text)) == "'wsgi' flask"
    assert shown(kind("create_app(config='y')", text)) == "'wsgi' flask"


def test_a_factory_of_another_module() -> None:
    app = kind(
        "app",
        "from shop import create_app\napp = create_app()",
        shop="from flask import Flask\ndef create_app():\n    return Flask('x')",
    )
    assert shown(app) == "'wsgi' flask"
    assert app.place is not None and str(app.place.span) == "main.py:2"


def test_the_layers_around_an_application() -> None:
    text = """
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise
flask = Flask("x")
flask.wsgi_app = ProxyFix(flask.wsgi_app, x_for=1, x_host=1)
app = WhiteNoise(flask, root="static")
"""
    whitenoise, proxyfix = kind("app", text).layers
    assert (whitenoise.name, proxyfix.name) == ("whitenoise.WhiteNoise", "werkzeug.middleware.proxy_fix.ProxyFix")
    value, place = proxyfix.keywords["x_host"]
    assert (told(value), place.span.text) == ("1", "x_host=1")


def test_layers_that_are_added() -> None:
    text = """
from fastapi import FastAPI
from fastapi.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
app = FastAPI(middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["x"])])
app.add_middleware(ProxyHeadersMiddleware, trusted_hosts="*")
other = FastAPI()
"""
    names = [layer.name.rpartition(".")[2] for layer in kind("app", text).layers]
    assert names == ["ProxyHeadersMiddleware", "TrustedHostMiddleware"]
    assert kind("other", text).layers == ()


CHANNELS = """
from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application
app = ProtocolTypeRouter({"http": get_asgi_application(), "websocket": x()})
"""


def test_the_protocols_of_channels() -> None:
    app = kind("app", CHANNELS)
    assert shown(app) == "'asgi' channels" and list(app.protocols or ()) == ["http", "websocket"]
    assert kind("app", "from django.core.asgi import get_asgi_application\napp = get_asgi_application()").protocols is None
