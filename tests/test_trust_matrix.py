"""The trust matrix: server × peer × header × release, what arrives × what nginx says, and who relies on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from command_lines import command
from folders import write
from nginx_texts import http, location, shown
from serveaudit import trust
from serveaudit.audit import audit
from serveaudit.config import Stated, load
from serveaudit.recognising import started_by
from serveaudit.values import Items, Unknown, Value

PEERS = ("loopback", "unix", "neighbour")
SYNC = "gunicorn app:app"
WORKER = "gunicorn -k uvicorn_worker.UvicornWorker app:app"
UVICORN = "uvicorn app:app"
NETWORK = "--forwarded-allow-ips 172.20.0.0/16"


@dataclass
class Coming:
    """Somebody who comes to a server."""

    process: Any
    peer: Any


def coming(line: str, peer: str, version: str | None = None, proxies: tuple[str, ...] = (), app: Any = None) -> Coming:
    server = started_by(command(line))[0].server
    server.version = Value(version) if version else server.version
    context = SimpleNamespace(stated=Stated(trusted_proxies=Value(proxies or None)))
    return Coming(SimpleNamespace(server=server, app=app, running=SimpleNamespace(context=context)), peer)


def django(**settings: Any) -> Any:
    """An application whose settings are these."""
    return SimpleNamespace(found=SimpleNamespace(layers=()), setting=lambda name: settings.get(name, Value(None)))


def pair(*members: str) -> Value[Items]:
    return Value(Items(tuple(map(Value, members))))


def believed(hop: Coming) -> str:
    """What the server takes from this peer, as the first letters of scheme and address; `?` for what is not known."""
    told = {what: trust.believes(hop, what).x for what in ("scheme", "address")}
    letters = [what[0] if yes is True else "" if yes is False else "?" for what, yes in told.items()]
    return "".join(letters) or "-"


@pytest.mark.parametrize(
    ("line", "by_peer"),
    [
        (SYNC, "s s -"),
        ("gunicorn --threads 4 app:app", "s s -"),
        ("gunicorn -k gevent app:app", "s s -"),
        ("gunicorn -k asgi app:app", "s s -"),
        (WORKER, "sa - -"),
        (f"{WORKER} --forwarded-allow-ips *", "sa sa sa"),
        (f"{SYNC} --forwarded-allow-ips 10.0.0.7", "- s ?"),
        (UVICORN, "sa - -"),
        (f"{UVICORN} --forwarded-allow-ips *", "sa sa sa"),
        (f"{UVICORN} --forwarded-allow-ips 127.0.0.1,10.0.0.7", "sa - ??"),
        (f"{UVICORN} --no-proxy-headers --forwarded-allow-ips *", "- - -"),
        ("fastapi run app.py", "sa - -"),
        ("hypercorn app:app", "- - -"),
        ("granian --interface asgi app:app", "- - -"),
        ("daphne app:app", "- - -"),
        ("daphne --proxy-headers app:app", "sa sa sa"),
        ("waitress-serve app:app", "- - -"),
        ("waitress-serve --trusted-proxy 127.0.0.1 app:app", "s - -"),
        ("waitress-serve --trusted-proxy localhost app:app", "s s -"),
        ("waitress-serve --trusted-proxy * --trusted-proxy-headers x-forwarded-for app:app", "a a a"),
        ("uwsgi --http-socket :8000 --wsgi-file app.py", "s s s"),
    ],
)
def test_who_is_believed(line: str, by_peer: str) -> None:
    assert " ".join(believed(coming(line, peer)) for peer in PEERS) == by_peer


@pytest.mark.parametrize(
    ("line", "version", "by_release"),
    [
        (f"{UVICORN} {NETWORK}", "0.30.6", False),
        (f"{UVICORN} {NETWORK}", "0.31.0", True),
        (f"{SYNC} {NETWORK}", "23.0.0", False),
        (f"{SYNC} {NETWORK}", "24.1.0", True),
        (f"{SYNC} --forwarded-allow-ips 172.20.0.7", "23.0.0", True),
        ("waitress-serve --trusted-proxy 172.20.0.0/16 app:app", "3.0.2", False),
    ],
)
def test_networks_are_known_since_a_release(line: str, version: str, by_release: bool) -> None:
    assert trust.trusts_peer(coming(line, "neighbour", version, ("172.20.0.7",))).x is by_release


def test_a_release_that_is_not_known_leaves_a_choice() -> None:
    found = trust.trusts_peer(coming(f"{SYNC} {NETWORK}", "neighbour", proxies=("172.20.0.7",)))
    assert shown(found) == {"gunicorn before 24.1.0": False, "gunicorn 24.1.0 or newer": True}


@pytest.mark.parametrize(
    ("listed", "proxies", "held"),
    [
        ("10.0.0.7", ("10.0.0.7",), True),
        ("10.0.0.7", ("10.0.0.8",), False),
        ("10.0.0.0/8", ("10.1.0.0/16",), True),
        ("10.1.0.0/16", ("10.0.0.0/8",), None),
        ("proxy", ("10.0.0.7",), None),
        ("10.0.0.7", (), None),
        ("127.0.0.1,::1", (), False),
    ],
)
def test_another_machine_is_held_only_as_it_is_stated(listed: str, proxies: tuple[str, ...], held: bool | None) -> None:
    found = trust.trusts_peer(coming(f"{UVICORN} --forwarded-allow-ips {listed}", "neighbour", "0.40.0", proxies)).x
    assert (None if isinstance(found, Unknown) else found) is held


@pytest.mark.parametrize(
    ("line", "settings", "ignored"),
    [
        (UVICORN, {}, ["X-Forwarded-Proto", "X-Forwarded-For"]),
        (SYNC, {}, ["X-Forwarded-Proto"]),
        (SYNC, {"SECURE_PROXY_SSL_HEADER": pair("HTTP_X_FORWARDED_PROTO", "https")}, []),
        (UVICORN, {"SECURE_PROXY_SSL_HEADER": pair("HTTP_X_FORWARDED_PROTO", "https")}, ["X-Forwarded-For"]),
        (f"{UVICORN} --no-proxy-headers", {}, []),
        ("hypercorn app:app", {}, []),
    ],
)
def test_what_nobody_reads_of_another_machine(line: str, settings: dict[str, Any], ignored: list[str]) -> None:
    assert [each.x for each in trust.ignored(coming(line, "neighbour", app=django(**settings))).x] == ignored


@pytest.mark.parametrize(
    ("flags", "header"),
    [
        ("", None),
        ("--no-clear-untrusted-proxy-headers", "X-Forwarded-Proto"),
        ("--trusted-proxy 127.0.0.1 --trusted-proxy-headers x-forwarded-proto", "X-Forwarded-Proto"),
    ],
)
def test_waitress_keeps_the_header_from_django(flags: str, header: str | None) -> None:
    app = django(SECURE_PROXY_SSL_HEADER=pair("HTTP_X_FORWARDED_PROTO", "https"))
    found = trust.own_scheme_header(coming(f"waitress-serve {flags} app:app", "loopback", app=app)).x
    assert (str(found) if found else None) == header


@pytest.mark.parametrize(
    ("lines", "header", "sender", "plain", "tls", "outer"),
    [
        ("", "X-Forwarded-Proto", "client", None, None, "https"),
        ("proxy_set_header X-Forwarded-Proto $scheme;", "X-Forwarded-Proto", "set", "http", "https", "http"),
        ("proxy_set_header X-Forwarded-Proto https;", "x-forwarded-proto", "set", "https", "https", "https"),
        ('proxy_set_header X-Forwarded-Proto "";', "X-Forwarded-Proto", "cleared", None, None, None),
        (
            "proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;",
            "X-Forwarded-Proto",
            "client",
            None,
            None,
            "https",
        ),
        ("proxy_set_header X-Forwarded-Proto $kept;", "X-Forwarded-Proto", "set", "http", "https", "https"),
        ("include proxy_params;", "X-Forwarded-Proto", "set", "http", "https", "http"),
        ("proxy_set_header X-Real-IP $remote_addr;", "X-Forwarded-Proto", "client", None, None, "https"),
    ],
)
def test_what_arrives(lines: str, header: str, sender: str, plain: Any, tls: Any, outer: Any) -> None:
    made = located(f"proxy_pass http://127.0.0.1:8000; {lines}")
    requests = (
        {"scheme": "http", "https": "", "http_x_forwarded_proto": ""},
        trust.over_tls(),
        trust.from_outer_tls(),
    )
    arrived = [trust.arrives(made, made.request_headers[header], request).x for request in requests]
    assert (trust.sender(made, header).x, *arrived) == (sender, plain, tls, outer)


def located(lines: str) -> Any:
    """The location with these lines, below the map that keeps what a proxy before nginx said."""
    kept = "map $http_x_forwarded_proto $kept { default $scheme; https https; }"
    return http(f"{kept}\nserver {{ location / {{ {lines} }} }}").sites[0].locations[0]


@pytest.mark.parametrize(
    ("lines", "sender"),
    [
        ("", "client"),
        ("include uwsgi_params;", "client"),
        ("uwsgi_param HTTP_X_FORWARDED_PROTO $scheme;", "set"),
        ('uwsgi_param HTTP_X_FORWARDED_PROTO "";', "cleared"),
        ("proxy_set_header X-Forwarded-Proto $scheme;", "client"),
        ("uwsgi_pass_request_headers off;", "dropped"),
    ],
)
def test_uwsgi_pass_has_parameters_of_its_own(lines: str, sender: str) -> None:
    made = location(f"uwsgi_pass 127.0.0.1:3031; {lines}")
    assert trust.sender(made, "X-Forwarded-Proto").x == sender


@pytest.mark.parametrize(
    ("lines", "appended"),
    [
        ("", "$http_x_forwarded_for"),
        ("proxy_set_header X-Forwarded-For $remote_addr;", None),
        ("proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;", "$proxy_add_x_forwarded_for"),
        ('proxy_set_header X-Forwarded-For "$http_x_forwarded_for, $remote_addr";', "$http_x_forwarded_for, $remote_addr"),
    ],
)
def test_where_the_clients_own_addresses_come_first(lines: str, appended: str | None) -> None:
    assert trust.appended(location(f"proxy_pass http://127.0.0.1:8000; {lines}")).x == appended


BESIDE = """
services:
  web:
    build: .
    command: {line}
    ports: ["8000:8000"]
  nginx:
    image: nginx:1.27
    ports: ["80:80"]
    volumes: ["./site.conf:/etc/nginx/conf.d/default.conf"]
"""


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ("gunicorn -b 0.0.0.0:8000 app:app", "warning"),
        ("gunicorn -b 0.0.0.0:8000 --forwarded-allow-ips '*' app:app", "error"),
        ("uvicorn --host 0.0.0.0 --forwarded-allow-ips '*' app:app", "error"),
        ("uvicorn --host 0.0.0.0 --forwarded-allow-ips '*' --no-proxy-headers app:app", "warning"),
        ("daphne -b 0.0.0.0 --proxy-headers app:app", "error"),
    ],
)
def test_a_port_beside_the_proxy_is_worse_where_everybody_is_believed(line: str, severity: str, here: Path) -> None:
    site = "server { listen 80; location / { proxy_pass http://web:8000; proxy_set_header Host $host; } }\n"
    files = {"compose.yaml": BESIDE.format(line=line), "Dockerfile": "FROM python:3.12\nWORKDIR /app\n", "site.conf": site}
    write(here, files | {"serveaudit.toml": 'select = ["app-port-published"]\n'})
    assert [str(finding.severity) for finding in audit(["."], load(here)).findings] == [severity]
