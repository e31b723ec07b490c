"""Who waits for whom, and how long: the chains that end at a server."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from folders import deployed
from serveaudit.chains import Joint, Link, joints_of, shortest
from serveaudit.units import Seconds
from serveaudit.values import Branch, Unknown, Value

NGINX = """\
    server {
        listen 80;
        location / { proxy_pass http://127.0.0.1:8000; proxy_read_timeout 1m30s; }
    }
    """
POOL = """\
    upstream app { server 127.0.0.1:8000; keepalive 8; keepalive_timeout 1h; }
    server {
        listen 80;
        location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; }
    }
    """
SUPERVISED = """\
    services:
      web:
        image: shop
        command: supervisord -c /etc/app.conf
        volumes: ["./app.conf:/etc/app.conf"]
    """


@pytest.fixture
def joints(tmp_path: Path):
    """The joints of a repository's chains as text: `answer: nginx 90 s, gunicorn 30 s`."""

    def read(chain: str, **files: str) -> list[str]:
        contexts = deployed(tmp_path, {name.replace("__", "."): dedent(text) for name, text in files.items()}).contexts
        found = [joint for context in contexts for process in context.processes for joint in joints_of(process)]
        return [_told(joint) for joint in found if joint.chain == chain]

    return read


def _told(joint: Joint) -> str:
    return ", ".join(f"{link.who} {link.time.x}" for link in (joint.outer, joint.inner))


def test_nginx_waits_for_a_worker_that_has_a_limit(joints) -> None:
    found = joints("answer", nginx__conf=NGINX, run__sh="exec gunicorn --timeout 120 --bind 127.0.0.1:8000 shop.wsgi\n")
    assert "nginx 90 s, gunicorn 120 s" in found


def test_the_timeout_of_threads_is_no_limit(joints) -> None:
    found = joints("answer", nginx__conf=NGINX, run__sh="exec gunicorn --threads 4 --timeout 120 -b 127.0.0.1:8000 shop.wsgi\n")
    assert "nginx 90 s, gunicorn None" in found


def test_behind_uwsgis_router_an_answer_takes_no_longer_than_the_router_waits(joints) -> None:
    ini = "[uwsgi]\nhttp = 127.0.0.1:8000\nmodule = shop.wsgi\nharakiri = 240\n"
    found = joints("answer", nginx__conf=NGINX, uwsgi__ini=ini)
    assert found == ["uWSGI's router 60 s, uwsgi 240 s", "nginx 90 s, uWSGI's router 60 s"]


def test_a_socket_beside_the_router_has_no_router_before_it(joints) -> None:
    ini = "[uwsgi]\nhttp = :8080\nhttp-socket = 127.0.0.1:8000\nmodule = shop.wsgi\nharakiri = 240\n"
    assert "nginx 90 s, uwsgi 240 s" in joints("answer", nginx__conf=NGINX, uwsgi__ini=ini)


def test_without_harakiri_nothing_tells_how_long_an_answer_takes(joints) -> None:
    ini = "[uwsgi]\nhttp = 127.0.0.1:8000\nmodule = shop.wsgi\n"
    assert "nginx 90 s, uwsgi None" in joints("answer", nginx__conf=NGINX, uwsgi__ini=ini)


def test_herokus_router_waits_half_a_minute_and_keeps_connections_for_longer(joints) -> None:
    files = {"Procfile": "web: gunicorn --timeout 90 --bind 0.0.0.0:$PORT shop.wsgi\n", "heroku__yml": "build: {}\n"}
    assert "Heroku's router 30 s, gunicorn 90 s" in joints("answer", **files)
    assert joints("idle", **files) == ["Heroku's router 90 s, gunicorn None"]


def test_a_pool_keeps_connections_as_long_as_its_line_says(joints) -> None:
    found = joints("idle", nginx__conf=POOL, run__sh="exec gunicorn --threads 4 --bind 127.0.0.1:8000 shop.wsgi\n")
    assert found == ["nginx 3600 s, gunicorn 2 s"]


def test_docker_stops_the_supervisor_that_stops_the_server(joints) -> None:
    found = joints(
        "stop",
        compose__yaml=SUPERVISED,
        app__conf="[program:web]\ncommand = gunicorn --graceful-timeout 40 shop.wsgi\nstopwaitsecs = 45\n",
    )
    assert found == ["supervisor 45 s, gunicorn 40 s", "compose 10 s, gunicorn 40 s"]


def test_a_supervisor_that_kills_sooner_is_what_its_container_waits_for(joints) -> None:
    found = joints(
        "stop",
        compose__yaml=SUPERVISED,
        app__conf="[program:web]\ncommand = gunicorn --graceful-timeout 40 shop.wsgi\nstopwaitsecs = 5\n",
    )
    assert found[-1] == "compose 10 s, supervisor 5 s"


def test_a_supervisor_behind_a_shell_is_never_told_to_stop(joints) -> None:
    found = joints(
        "stop",
        Dockerfile="FROM debian\nCOPY app.conf /etc/app.conf\nCMD migrate; supervisord -n -c /etc/app.conf; true\n",
        app__conf="[program:web]\ncommand = gunicorn --graceful-timeout 40 shop.wsgi\nstopwaitsecs = 45\n",
    )
    assert found == ["supervisor 45 s, gunicorn 40 s"]


def test_links_without_a_limit_shorten_nothing() -> None:
    none, long = Link("router", Value(None)), Link("worker", Value(Seconds(120)))
    assert shortest((none, long)) is long
    assert shortest((none, Link("worker", Value(None)))).time.x is None


def test_what_is_not_known_is_not_compared() -> None:
    unknown = Link("router", Value(Unknown("it comes from a variable")))
    assert isinstance(shortest((unknown, Link("worker", Value(Seconds(120))))).time.x, Unknown)


def test_a_choice_is_made_once_for_the_whole_chain() -> None:
    cases = (("DEBUG", Value(Seconds(600))), ("not DEBUG", Value(Seconds(30))))
    found = shortest((Link("router", Value(Seconds(60))), Link("worker", Value(Branch("DEBUG", cases)))))
    assert [(label, case.x) for label, case in found.time.x.cases] == [("DEBUG", 60), ("not DEBUG", 30)]
