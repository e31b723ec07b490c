"""What servers can do that no rule is about, for the choice among them."""

import socket
import ssl
from contextlib import ExitStack

import pytest
from clients import at_once
from laboratory import PATIENCE, Laboratory

pytestmark = pytest.mark.proof

GUNICORN = "gunicorn {app} --bind 127.0.0.1:{{port}} --certfile {certificate} --keyfile {key} --http-protocols h2,h1 "
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
SETTINGS = 4


def test_http_2(lab: Laboratory) -> None:
    """Over TLS client and server agree on a protocol; waitress has no TLS, and is spoken to in HTTP/2 without it."""
    certificate, key = lab.certificate()
    wsgi = GUNICORN.format(app="wsgi_app:app", certificate=certificate, key=key)
    asgi = GUNICORN.format(app="asgi_app:app", certificate=certificate, key=key)
    speaking = [
        wsgi + "--threads 2",
        wsgi + "--worker-class gevent",
        asgi + "--worker-class asgi",
        f"hypercorn asgi_app:app --bind 127.0.0.1:{{port}} --certfile {certificate} --keyfile {key}",
        f"granian asgi_app:app --interface asgi --port {{port}} --ssl-certificate {certificate} --ssl-keyfile {key}",
        f"granian wsgi_app:app --interface wsgi --port {{port}} --ssl-certificate {certificate} --ssl-keyfile {key}",
        f"daphne asgi_app:app --endpoint ssl:{{port}}:privateKey={key}:certKey={certificate}:interface=127.0.0.1",
    ]
    silent = [
        wsgi,
        wsgi.replace("h2,h1", "h1") + "--threads 2",
        asgi + "--worker-class uvicorn_worker.UvicornWorker",
        f"uvicorn asgi_app:app --port {{port}} --ssl-certfile {certificate} --ssl-keyfile {key}",
        f"uwsgi --https-socket 127.0.0.1:{{port}},{certificate},{key} --module wsgi_app:app --master",
    ]
    assert [_speaks_http_2(lab.serve(command).port, tls=True) for command in speaking] == [True] * len(speaking)
    assert not any(_speaks_http_2(lab.serve(command).port, tls=True) for command in silent)
    assert not _speaks_http_2(lab.serve("waitress-serve --listen 127.0.0.1:{port} wsgi_app:app").port)
    assert _speaks_http_2(lab.serve("hypercorn asgi_app:app --bind 127.0.0.1:{port}").port)


def _speaks_http_2(port: int, tls: bool = False) -> bool:
    """Whether a server answers HTTP/2's preface with its settings: gunicorn's sync worker agrees to h2, and can't speak it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    with ExitStack() as closing:
        connection = closing.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE))
        if tls:
            connection = closing.enter_context(context.wrap_socket(connection))
        connection.sendall(PREFACE)
        answer = connection.recv(9)
    return len(answer) == 9 and answer[3] == SETTINGS


WORKERS = ("--threads 4", "--worker-class gevent")
ASGI_WORKERS = ("--worker-class asgi", "--worker-class uvicorn_worker.UvicornWorker")


def _gunicorns(flags: str = "") -> list[str]:
    """gunicorn with each kind of worker, the sync one first."""
    wsgi = [f"gunicorn wsgi_app:app --bind 127.0.0.1:{{port}} {flags} {worker}" for worker in ("", *WORKERS)]
    return wsgi + [f"gunicorn asgi_app:app --bind 127.0.0.1:{{port}} {flags} {worker}" for worker in ASGI_WORKERS]


def test_what_ends_a_request(lab: Laboratory) -> None:
    """A request of four seconds where two are allowed: only the sync worker, uWSGI's harakiri and daphne end it."""
    ending = ["uwsgi --http-socket 127.0.0.1:{port} --module wsgi_app:app --master --harakiri 2"]
    ending += ["daphne asgi_app:app --port {port} --http-timeout 2"]
    ports = [lab.serve(command).port for command in (*_gunicorns("--timeout 2"), *ending)]
    answers = at_once(len(ports), lambda number: lab.get(ports[number], "/slow?4"))
    assert [answer.status == 200 for answer in answers] == [False, True, True, True, True, False, False]


def test_requests_finished_at_sigterm(lab: Laboratory) -> None:
    commands = [*_gunicorns(), "hypercorn asgi_app:app --bind 127.0.0.1:{port}"]
    servers = [lab.serve(command) for command in commands]
    answers = [lab.ask(server, "/slow?2") for server in servers]
    at_once(len(servers), lambda number: servers[number].stop(9, "TERM"))
    assert [answer.result().status for answer in answers] == [200] * len(servers)
