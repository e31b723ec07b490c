"""Whose forwarded headers a server believes: by its program, its worker, and as whom nginx comes to it."""

import json

import pytest
from laboratory import Answer, Laboratory

pytestmark = pytest.mark.proof

SENT = "proxy_set_header X-Forwarded-Proto https; proxy_set_header X-Forwarded-For $remote_addr;"
ANOTHER_MACHINE = "proxy_bind 127.0.0.2;"
WSGI = "gunicorn wsgi_app:app"
ASGI = "gunicorn asgi_app:app"
UVICORN = "uvicorn asgi_app:app"


def scheme(answer: Answer) -> str:
    return answer.line("wsgi.url_scheme") or answer.line("scheme")


def from_machine(lab: Laboratory, command: str) -> str:
    """The scheme that a server takes from nginx on its own machine."""
    return scheme(lab.get(lab.site(SENT, lab.serve(command).port)))


def from_another(lab: Laboratory, command: str) -> str:
    """The scheme that a server takes from nginx on another machine."""
    return scheme(lab.get(lab.site(f"{ANOTHER_MACHINE} {SENT}", lab.serve(command).port)))


def through_socket(lab: Laboratory, command: str) -> str:
    """The scheme that a server takes from nginx through a unix socket."""
    path = lab.serve(command).socket
    return scheme(lab.get(lab.site(f"proxy_pass http://unix:{path}:; {SENT}")))


@pytest.mark.parametrize(
    "command",
    [
        f"{WSGI} --bind 127.0.0.1:{{port}}",
        f"{WSGI} --threads 2 --bind 127.0.0.1:{{port}}",
        f"{WSGI} --worker-class gevent --bind 127.0.0.1:{{port}}",
        f"{ASGI} --worker-class asgi --bind 127.0.0.1:{{port}}",
        f"{ASGI} --worker-class uvicorn_worker.UvicornWorker --bind 127.0.0.1:{{port}}",
        f"{UVICORN} --port {{port}}",
    ],
    ids=["sync", "gthread", "gevent", "asgi", "uvicorn-worker", "uvicorn"],
)
def test_proxy_not_trusted(lab: Laboratory, command: str) -> None:
    assert from_machine(lab, command) == "https"
    assert from_another(lab, command) == "http"
    assert from_another(lab, f"{command} --forwarded-allow-ips 127.0.0.2") == "https"


def test_proxy_not_trusted_through_socket(lab: Laboratory) -> None:
    assert through_socket(lab, f"{WSGI} --bind unix:{{socket}}") == "https"
    assert through_socket(lab, f"{ASGI} --worker-class asgi --bind unix:{{socket}}") == "https"
    worker = f"{ASGI} --worker-class uvicorn_worker.UvicornWorker --bind unix:{{socket}}"
    for command in (worker, f"{UVICORN} --uds {{socket}}"):
        assert through_socket(lab, command) == "http"
        assert through_socket(lab, f"{command} --forwarded-allow-ips *") == "https"


def test_everybody_tells_uwsgi(lab: Laboratory) -> None:
    command = "uwsgi --http-socket 127.0.0.1:{port} --wsgi-file wsgi_app.py --callable app --master"
    assert from_another(lab, command) == "https"


def test_forwarded_headers_unread(lab: Laboratory) -> None:
    for command in (
        "hypercorn asgi_app:app --bind 127.0.0.1:{port}",
        "granian --interface asgi --port {port} asgi_app:app",
        "daphne -p {port} asgi_app:app",
        f"{UVICORN} --port {{port}} --no-proxy-headers",
    ):
        assert from_machine(lab, command) == "http", command
    assert from_machine(lab, "daphne -p {port} --proxy-headers asgi_app:app") == "https"
    assert from_another(lab, "daphne -p {port} --proxy-headers asgi_app:app") == "https"
    lab.write("fixed_app.py", FIXED)
    assert from_machine(lab, "hypercorn fixed_app:app --bind 127.0.0.1:{port}") == "https"


FIXED = """
from hypercorn.middleware import ProxyFixMiddleware
from asgi_app import app as inner
app = ProxyFixMiddleware(inner, mode="legacy", trusted_hops=1)
"""


def test_forwarded_headers_unread_by_gevent(lab: Laboratory) -> None:
    port = lab.port()
    lab.write("serve.py", GEVENT)
    lab.start("python", "serve.py", port, port=port)
    assert scheme(lab.get(lab.site(SENT, port))) == "http"
    assert lab.get(lab.site(SENT, port)).line("HTTP_X_FORWARDED_PROTO") == "https"


GEVENT = """
import sys
from gevent.pywsgi import WSGIServer
from wsgi_app import app
WSGIServer(("127.0.0.1", int(sys.argv[1])), app).serve_forever()
"""


def test_waitress_strips_forwarded_headers(lab: Laboratory) -> None:
    django = {"SECURE_PROXY_SSL_HEADER": ["HTTP_X_FORWARDED_PROTO", "https"]}
    env = {"SETTINGS": json.dumps(django)}
    command = "waitress-serve --listen 127.0.0.1:{port} django_app:application"
    trusting = "--trusted-proxy 127.0.0.1 --trusted-proxy-headers x-forwarded-proto"
    answers = [
        scheme(lab.get(lab.site(SENT, lab.serve(command.replace("--listen", f"{options} --listen"), env).port)))
        for options in ("", trusting, "--no-clear-untrusted-proxy-headers")
    ]
    assert answers == ["http", "https", "https"]


def test_any_peer_trusted(lab: Laboratory) -> None:
    forged = {"X-Forwarded-For": "192.0.2.66", "X-Forwarded-Proto": "https"}
    everybody = lab.serve(f"{UVICORN} --port {{port}} --forwarded-allow-ips *").port
    named = lab.serve(f"{UVICORN} --port {{port}} --forwarded-allow-ips 127.0.0.2").port
    appends = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
    alone = "proxy_set_header X-Forwarded-For $remote_addr;"

    def client(port: int) -> str:
        return lab.get(port, headers=forged).line("client")

    assert "192.0.2.66" in client(everybody)
    assert "192.0.2.66" in client(lab.site(appends, everybody))
    assert "192.0.2.66" not in client(lab.site(alone, everybody))
    assert "192.0.2.66" not in client(named)
    assert "127.0.0.1" in client(lab.site(f"{ANOTHER_MACHINE} {appends}", named))


def test_networks_trusted(lab: Laboratory) -> None:
    for command in (
        f"{WSGI} --bind 127.0.0.1:{{port}}",
        f"{ASGI} --worker-class uvicorn_worker.UvicornWorker --bind 127.0.0.1:{{port}}",
        f"{UVICORN} --port {{port}}",
    ):
        near, far = (from_another(lab, f"{command} --forwarded-allow-ips {net}") for net in ("127.0.0.2/31", "127.0.0.4/31"))
        assert (near, far) == ("https", "http"), command
    waitress = "waitress-serve --listen 127.0.0.1:{port} --trusted-proxy-headers x-forwarded-proto --trusted-proxy"
    assert [from_another(lab, f"{waitress} {peer} wsgi_app:app") for peer in ("127.0.0.2/31", "127.0.0.2")] == ["http", "https"]


def test_waitress_knows_a_unix_peer_as_localhost(lab: Laboratory) -> None:
    waitress = "waitress-serve --unix-socket {socket} --unix-socket-perms 666 --trusted-proxy-headers x-forwarded-proto"
    found = [through_socket(lab, f"{waitress} --trusted-proxy {peer} wsgi_app:app") for peer in ("127.0.0.1", "localhost", "*")]
    assert found == ["http", "https", "https"]


def test_outer_proxy_not_trusted(lab: Laboratory) -> None:
    command = f"{UVICORN} --port {{port}}"
    before, after = (lab.serve(f"{command} {trusting}").port for trusting in ("", "--forwarded-allow-ips 127.0.0.2"))
    ignored, believed = (lab.get(lab.site(f"{ANOTHER_MACHINE} {SENT}", port)) for port in (before, after))
    assert (scheme(ignored), scheme(believed)) == ("http", "https")
