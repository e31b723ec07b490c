"""The graph of a deployment: what stands in it, and why each edge is there."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from folders import write
from serveaudit.audit import audit
from serveaudit.config import Config, load
from serveaudit.graph import Edge, Graph

Draw = Callable[..., Graph]

PROXY = """\
    server {
        listen 80;
        location / { proxy_pass http://TARGET; }
    }
"""


@pytest.fixture
def draw(here: Path) -> Draw:
    """Draws the first context of a repository of these files."""

    def drawn(files: dict[str, str], configured: bool = False) -> Graph:
        write(here, {name: dedent(text) for name, text in files.items()})
        return audit(["."], load(here) if configured else Config()).map[0]

    return drawn


def proxy(target: str) -> str:
    return PROXY.replace("TARGET", target)


def told(graph: Graph, edge: Edge) -> tuple[str, str, str, bool]:
    return graph.node(edge.start).label, graph.node(edge.end).label, edge.reason, edge.certain


def ways(graph: Graph) -> list[tuple[str, str, str, bool]]:
    """The edges, but for those inside a site and inside a server."""
    kinds = ("location", "application")
    return [told(graph, edge) for edge in graph.edges if graph.node(edge.end).kind not in kinds]


def test_a_server_on_loopback_is_reached_on_the_same_machine(draw: Draw) -> None:
    graph = draw({"nginx.conf": proxy("127.0.0.1:8000"), "run.sh": "exec gunicorn -b 127.0.0.1:8000 app:app\n"})
    assert ways(graph) == [
        ("location /", "gunicorn sync", "127.0.0.1:8000 on the same machine", True),
        ("the internet", "any name", "http, port 80 of the host", True),
    ]
    reached = graph.arriving("server-1")[0]
    assert [str(place.span) for place in reached.places] == ["nginx.conf:3", "run.sh:1"]


SOCKETS = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.websocket('/live')\nasync def live(ws): ...\n"
COMPOSE = """\
    services:
      web:
        image: python:3.12
        command: gunicorn -b BIND app:app
        volumes: ["run:/run/app"]
      proxy:
        image: nginx:1.27
        ports: ["8080:80"]
        volumes: ["./nginx.conf:/etc/nginx/conf.d/default.conf", "run:/sockets"]
"""


def test_a_service_is_reached_by_its_name_and_a_site_by_a_published_port(draw: Draw) -> None:
    graph = draw({"compose.yaml": COMPOSE.replace("BIND", "0.0.0.0:8000"), "nginx.conf": proxy("web:8000")})
    assert ways(graph) == [
        ("location /", "gunicorn sync", "service name web, port 8000", True),
        ("the internet", "any name", "http, port 80, published as 8080", True),
    ]
    assert [node.label for node in graph.of_kind("machine")] == ["container proxy", "container web"]
    assert graph.node("server-1").within == "machine-2"


def test_a_socket_is_reached_through_a_shared_volume(draw: Draw) -> None:
    compose = COMPOSE.replace("BIND", "unix:/run/app/app.sock")
    graph = draw({"compose.yaml": compose, "nginx.conf": proxy("unix:/sockets/app.sock")})
    edge = graph.arriving("server-1")[0]
    assert edge.reason == "socket /sockets/app.sock through a shared volume"
    assert {str(place.span) for place in edge.places} >= {"compose.yaml:5", "compose.yaml:9", "nginx.conf:3"}


def test_a_socket_that_systemd_opens_is_told_as_such(draw: Draw) -> None:
    graph = draw(
        {
            "app.service": "[Unit]\nRequires=app.socket\n[Service]\nExecStart=/usr/bin/gunicorn app:app\n",
            "app.socket": "[Socket]\nListenStream=/run/app.sock\n[Install]\nWantedBy=sockets.target\n",
            "nginx.conf": proxy("unix:/run/app.sock"),
        }
    )
    assert graph.arriving("server-1")[0].reason == "socket /run/app.sock, opened by systemd"
    assert "systemd: app.service" in graph.node("server-1").facts


def test_what_nobody_is_proved_to_answer_is_an_assumption(draw: Draw) -> None:
    graph = draw({"compose.yaml": COMPOSE.replace("BIND", "0.0.0.0:8000"), "nginx.conf": proxy("web:9000")})
    target = next(graph.of_kind("target"))
    assert (target.label, target.certain) == ("http://web:9000", False)
    assert [edge.certain for edge in graph.arriving(target.id)] == [False]
    assert "no way from outside is known" in graph.node("server-1").facts


def test_a_sign_of_a_proxy_stands_between_the_clients_and_nginx(draw: Draw) -> None:
    files = {"compose.yaml": COMPOSE.replace("BIND", "0.0.0.0:8000"), "nginx.conf": proxy("web:8000")}
    graph = draw({**files, "Caddyfile": "example.com {\n    reverse_proxy localhost:8080\n}\n"})
    assert ways(graph)[1:] == [
        ("the internet", "Caddy", "a sign of it in the files", False),
        ("Caddy", "any name", "http, port 80, published as 8080", False),
    ]


def test_labels_of_the_container_make_a_proxy_certain(draw: Draw) -> None:
    labels = '    labels: ["traefik.enable=true", "traefik.http.routers.x.rule=Host(`a.org`)"]\n'
    compose = dedent(COMPOSE).replace("BIND", "unix:/x.sock").replace('    ports: ["8080:80"]\n', labels)
    graph = draw({"compose.yaml": compose, "nginx.conf": proxy("web:8000")})
    ends = [way for way in ways(graph) if way[0] == "Traefik" or way[1] == "Traefik"]
    assert [(start, end, certain) for start, end, _, certain in ends] == [
        ("the internet", "Traefik", True),
        ("Traefik", "any name", True),
    ]


def test_a_proxy_that_the_configuration_states_is_certain(draw: Draw) -> None:
    files = {"compose.yaml": COMPOSE.replace("BIND", "0.0.0.0:8000"), "nginx.conf": proxy("web:8000")}
    graph = draw({**files, "serveaudit.toml": '[deployment]\nproxy = "external"\n'}, configured=True)
    assert ways(graph)[1:] == [
        ("the internet", "another proxy", "what the configuration says", True),
        ("another proxy", "any name", "http, port 80, published as 8080", True),
    ]


def test_locations_say_what_they_do_with_a_request(draw: Draw) -> None:
    nginx = """\
        server {
            listen 443 ssl;
            server_name shop.example.com;
            location /static/ { root /srv; }
            location /files/ { root /srv; try_files $uri @missing; }
            location @missing { return 404; }
            location /old/ { return 301 /new/; }
            location /ws/ {
                proxy_pass http://127.0.0.1:8000;
                proxy_http_version 1.1;
                proxy_set_header Upgrade $http_upgrade;
                proxy_set_header Connection "upgrade";
                proxy_read_timeout 5m;
            }
        }
    """
    graph = draw({"nginx.conf": nginx})
    assert graph.node("site-1").facts == ("nginx on 443 ssl", "TLS ends here")
    assert [(node.label, node.facts) for node in graph.of_kind("location")] == [
        ("location /static/", ("files below /srv",)),
        ("location /files/", ("files below /srv", "else location @missing")),
        ("location @missing", ("answers 404",)),
        ("location /old/", ("redirects to /new/",)),
        ("location /ws/", ("waits 300 s for an answer", "passes websockets on")),
    ]


def test_a_server_says_its_workers_its_times_and_whether_it_takes_websockets(draw: Draw) -> None:
    graph = draw({"run.sh": "exec uvicorn --port 9000 --workers 3 --timeout-keep-alive 7 app:app\n", "app.py": SOCKETS})
    assert graph.node("server-1").facts == (
        "listens on 127.0.0.1:9000",
        "3 processes",
        "keeps idle connections 7 s",
        "takes websockets",
        "no way from outside is known",
    )
    assert graph.node("application-1").told == (
        "fastapi",
        "needs ASGI (app.py:3); uvicorn speaks it",
        "needs websockets at /live (app.py:6); uvicorn serves them",
    )


EVENTS = "\n@app.get('/events')\ndef events():\n    return Response(stream(), mimetype='text/event-stream')\n"
FLASK = "from flask import Flask, Response\n\napp = Flask(__name__)\n"
SOCK = FLASK + "from flask_sock import Sock\n\nsock = Sock(app)\n\n\n@sock.route('/echo')\ndef echo(ws): ...\n"
ROUTES = """\
from django.urls import path
from chat import consumers

websocket_urlpatterns = [path('ws/', consumers.Chat.as_asgi())]
"""
WSGI = "from django.core.wsgi import get_wsgi_application\n\napplication = get_wsgi_application()\n"
ROUTED = """\
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from chat.routing import websocket_urlpatterns

application = ProtocolTypeRouter({"http": get_asgi_application(), "websocket": URLRouter(websocket_urlpatterns)})
"""


@pytest.mark.parametrize(
    ("command", "app", "told"),
    [
        (
            "gunicorn -w 2 app:app",
            FLASK + EVENTS,
            "needs event streams at /events (app.py:5); each takes a worker of gunicorn sync",
        ),
        (
            "gunicorn --threads 9 app:app",
            FLASK + EVENTS,
            "needs event streams at /events (app.py:5); each takes a thread of gunicorn gthread",
        ),
        (
            "gunicorn -k gevent app:app",
            FLASK + EVENTS,
            "needs event streams at /events (app.py:5); gunicorn gevent keeps them open",
        ),
        ("gunicorn --threads 9 app:app", SOCK, "needs websockets at /echo (app.py:9); gunicorn gthread serves them"),
        (
            "waitress-serve --listen 127.0.0.1:8000 app:app",
            SOCK,
            "needs websockets at /echo (app.py:9); waitress can't serve them",
        ),
        (
            "uvicorn --ws none app:app",
            SOCKETS,
            "needs websockets at /live (app.py:6); uvicorn can't serve them, it has no library for them",
        ),
        ("gunicorn app:app", SOCKETS, "needs ASGI (app.py:3); gunicorn sync speaks WSGI to it"),
        ("gunicorn app:app", SOCKETS, "needs websockets at /live (app.py:6); gunicorn sync can't serve them"),
    ],
)
def test_an_application_says_what_it_needs_and_whether_its_server_can(draw: Draw, command: str, app: str, told: str) -> None:
    assert told in draw({"run.sh": f"exec {command}\n", "app.py": app}).node("application-1").told


def test_websockets_that_another_server_of_the_project_serves_are_needed_of_that_one(draw: Draw) -> None:
    files = {"proj/wsgi.py": WSGI, "proj/asgi.py": ROUTED, "chat/routing.py": ROUTES, "chat/__init__.py": ""}
    alone = draw({**files, "run.sh": "exec gunicorn proj.wsgi\n"})
    told = [str(need) for node in alone.of_kind("application") for need in node.needs if need.served is False]
    assert told == ["needs websockets at /ws/ (chat/routing.py:4); gunicorn sync can't serve them"]
    both = draw({**files, "run.sh": "gunicorn proj.wsgi &\nexec daphne -p 8001 proj.asgi:application\n"})
    told = [str(need) for node in both.of_kind("application") for need in node.needs if need.what.startswith("websockets")]
    assert told == ["needs websockets at /ws/ (chat/routing.py:4); daphne serves them"]


@pytest.mark.parametrize(("server", "served"), [("hypercorn -b 127.0.0.1:8000", True), ("uvicorn", False)])
def test_a_location_that_passes_grpc_on_needs_http_2(draw: Draw, server: str, served: bool) -> None:
    nginx = proxy("127.0.0.1:8000").replace("proxy_pass http", "grpc_pass grpc")
    graph = draw({"run.sh": f"exec {server} app:app\n", "nginx.conf": nginx, "app.py": SOCKETS})
    assert [(need.what, need.served) for need in graph.node("application-1").needs][-1] == ("HTTP/2", served)


def test_a_location_says_that_it_passes_no_websockets_on_where_there_are_some(draw: Draw) -> None:
    files = {"run.sh": "exec uvicorn app:app\n", "nginx.conf": proxy("127.0.0.1:8000")}
    assert draw({**files, "app.py": SOCKETS}).node("location-1").facts[1:] == ("passes no websockets on",)
    assert draw({**files, "app.py": SOCKETS.partition("@")[0]}).node("location-1").facts[1:] == ()


def test_an_nginx_without_sites_is_no_map(draw: Draw) -> None:
    with pytest.raises(IndexError):
        draw({"nginx.conf": "events {}\nhttp {\n    server_tokens off;\n}\n"})


def test_a_start_under_a_condition_says_the_condition(draw: Draw) -> None:
    script = 'if [ "$MODE" = dev ]; then\n  exec flask --app app run\nelse\n  exec gunicorn app:app\nfi\n'
    graph = draw({"Dockerfile": 'FROM python:3.12\nCOPY run.sh .\nCMD ["sh", "run.sh"]\n', "run.sh": script})
    assert [node.told[-1] for node in graph.of_kind("server")] == ["only if $MODE = dev", "only if $MODE != dev"]
