"""How many proxies a layer around an application believes, and which header tells it the scheme."""

import pytest

from python_texts import program, told
from serveaudit.application import forwarding
from serveaudit.application.asgi import application_kind
from serveaudit.formats.python import Call
from serveaudit.values import Unknown, Value

FLASK = "from flask import Flask\nfrom werkzeug.middleware.proxy_fix import ProxyFix\napp = Flask('x')\n"
FIXED = FLASK + "app.wsgi_app = ProxyFix(app.wsgi_app{})\n"
HYPERCORN = (
    "from hypercorn.middleware import ProxyFixMiddleware\nfrom fastapi import FastAPI\napp = ProxyFixMiddleware(FastAPI(){})\n"
)


def layers(text: str) -> list[Call]:
    module = program(main=text).open("main")
    assert module is not None and not isinstance(module, Unknown)
    return list(application_kind(module, "app").layers)


def nothing(_: str) -> Value[None]:
    return Value(None)


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        (FLASK, {"x_for": "0", "x_proto": "0", "x_host": "0"}),
        (FIXED.format(""), {"x_for": "1", "x_proto": "1", "x_host": "0", "x_prefix": "0"}),
        (FIXED.format(", x_for=2, x_proto=0, x_host=1"), {"x_for": "2", "x_proto": "0", "x_host": "1"}),
        (FIXED.format(", 1, 1, 1, 1, 1"), {"x_host": "1", "x_port": "1", "x_prefix": "1"}),
        (HYPERCORN.format(""), {"x_for": "1", "x_proto": "1", "x_host": "1", "x_prefix": "0"}),
        (HYPERCORN.format(", mode='modern', trusted_hops=2"), {"x_for": "2", "x_host": "2"}),
        (HYPERCORN.format(", 'legacy', 0"), {"x_for": "0", "x_proto": "0", "x_host": "0"}),
    ],
)
def test_how_many_proxies_are_believed(text: str, counts: dict[str, str]) -> None:
    assert {what: told(forwarding.hops(layers(text), what)) for what in counts} == counts


@pytest.mark.parametrize(
    ("text", "header"),
    [
        (FIXED.format(""), "X-Forwarded-Proto"),
        (FIXED.format(", x_proto=0"), None),
        (FLASK, None),
        (HYPERCORN.format(""), "X-Forwarded-Proto"),
    ],
)
def test_which_header_tells_the_scheme(text: str, header: str | None) -> None:
    found = forwarding.scheme_header(layers(text), nothing).x
    assert (str(found) if found else None) == header


def test_one_value_is_none_for_who_counts_two() -> None:
    assert isinstance(forwarding.scheme_header(layers(FIXED.format(", x_proto=2")), nothing).x, Unknown)
