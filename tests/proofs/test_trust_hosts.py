"""The host: which one the application believes that it was asked for."""

import socket

import pytest
from applications import DJANGO, django
from laboratory import Laboratory
from test_trust import CHECKED, FORM

pytestmark = pytest.mark.proof

HOST = "proxy_set_header Host $host;"
ASKED = {"Host": "example.com"}
FIXED = """
from flask import Flask, url_for
from werkzeug.middleware.proxy_fix import ProxyFix
app = Flask(__name__)
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1, x_prefix=1)
@app.get("/")
def page():
    return f"url={url_for('page', _external=True)}\\n"
"""


def test_host_not_forwarded(lab: Laboratory) -> None:
    listed, anybody = django(lab, ALLOWED_HOSTS=["example.com"]), django(lab)
    assert lab.get(lab.site("", listed), headers=ASKED).status == 400
    assert lab.get(lab.site("", anybody), headers=ASKED).line("url") == f"http://127.0.0.1:{anybody}/"
    assert lab.get(lab.site(HOST, listed), headers=ASKED).line("url") == "http://example.com/"
    named = f"upstream app_server {{ server 127.0.0.1:{anybody}; }}"
    port = lab.block("location / { proxy_pass http://app_server; }", named)
    assert lab.get(port, headers=ASKED).status == 400


def test_forwarded_host_from_client(lab: Laboratory) -> None:
    forged = {**ASKED, "X-Forwarded-Host": "evil.example", "X-Forwarded-Prefix": "/evil"}
    believing = django(lab, USE_X_FORWARDED_HOST=True)
    own = "proxy_set_header X-Forwarded-Host $host;"
    assert lab.get(lab.site(HOST, believing), headers=forged).line("url") == "http://evil.example/"
    assert lab.get(lab.site(HOST + own, believing), headers=forged).line("url") == "http://example.com/"
    lab.write("fixed_app.py", FIXED)
    fixed = lab.serve("gunicorn fixed_app:app --bind 127.0.0.1:{port}").port
    cleared = 'proxy_set_header X-Forwarded-Host $server_name; proxy_set_header X-Forwarded-Prefix "";'
    assert lab.get(lab.site(HOST, fixed), headers=forged).line("url") == "http://evil.example/evil/"
    assert lab.get(lab.site(HOST + cleared, fixed), headers=forged).line("url") == "http://example.com/"


def test_any_host_accepted(lab: Laboratory) -> None:
    anybody, listed = django(lab), django(lab, ALLOWED_HOSTS=["example.com"])
    evil = {"Host": "evil.example"}
    assert lab.get(lab.site(HOST, anybody), headers=evil).line("url") == "http://evil.example/"
    assert lab.get(lab.site(HOST, listed), headers=evil).status == 400
    port = lab.port()
    where = f"location / {{ proxy_pass http://127.0.0.1:{anybody}; {HOST} }}"
    refusing = f"server {{ listen 127.0.0.1:{port} default_server; return 403; }}"
    lab.nginx(f"{refusing} server {{ listen 127.0.0.1:{port}; server_name example.com; {where} }}", port)
    assert lab.get(port, headers=evil).status == 403
    assert lab.get(port, headers=ASKED).status == 200


def test_server_name_not_allowed(lab: Laboratory) -> None:
    names = "server_name example.com www.example.com;"
    before = lab.site(HOST, django(lab, ALLOWED_HOSTS=["example.com"]), names)
    after = lab.site(HOST, django(lab, ALLOWED_HOSTS=[".example.com"]), names)
    for port, expected in ((before, [200, 400]), (after, [200, 200])):
        assert [lab.get(port, headers={"Host": name}).status for name in ("example.com", "www.example.com")] == expected


def test_port_lost_from_host(lab: Laboratory) -> None:
    lab.write("django_app.py", DJANGO + FORM)
    app = django(lab, **CHECKED)
    before, after = lab.site(HOST, app), lab.site("proxy_set_header Host $http_host;", app)
    assert [_post(lab, before), _post(lab, after)] == [403, 200]


def _post(lab: Laboratory, port: int) -> int:
    """The status of the answer to a form that a browser sends from this port."""
    asked = {"Host": f"example.com:{port}"}
    page = lab.get(port, "/form/", asked)
    token = {"Cookie": page.headers["set-cookie"].partition(";")[0], "X-CSRFToken": page.text}
    origin = {"Origin": f"http://example.com:{port}"}
    return lab.get(port, "/form/", {**asked, **token, **origin}, "POST", b"a=1").status


def test_two_host_headers(lab: Laboratory) -> None:
    twice = f"{HOST} proxy_set_header Host $http_host;"
    for command in (
        "gunicorn wsgi_app:app --bind 127.0.0.1:{port}",
        "gunicorn asgi_app:app --worker-class asgi --bind 127.0.0.1:{port}",
        "hypercorn asgi_app:app --bind 127.0.0.1:{port}",
        "uvicorn asgi_app:app --http h11 --port {port}",
    ):
        app = lab.serve(command).port
        assert [lab.get(lab.site(lines, app)).status for lines in (twice, HOST)] == [400, 200], command


def test_two_hosts_are_taken(lab: Laboratory) -> None:
    twice = f"{HOST} proxy_set_header Host $http_host;"
    for command in (
        "gunicorn asgi_app:app --worker-class uvicorn_worker.UvicornWorker --bind 127.0.0.1:{port}",
        "uvicorn asgi_app:app --http httptools --port {port}",
        "daphne -p {port} asgi_app:app",
        "granian --interface asgi --port {port} asgi_app:app",
        "waitress-serve --listen 127.0.0.1:{port} wsgi_app:app",
        "uwsgi --http-socket 127.0.0.1:{port} --wsgi-file wsgi_app.py --callable app --master",
    ):
        assert lab.get(lab.site(twice, lab.serve(command).port)).status == 200, command


def test_host_chosen_by_client(lab: Laboratory) -> None:
    app = django(lab)
    before = lab.site("proxy_set_header Host $arg_site;", app)
    assert lab.get(before, "/?site=evil.example", ASKED).line("host") == "evil.example"
    assert lab.get(lab.site(HOST, app), "/?site=evil.example", ASKED).line("host") == "example.com"


def test_header_walks_past_the_names_of_servers(lab: Laboratory) -> None:
    app, port = lab.serve("uvicorn asgi_app:app --port {port}").port, lab.port()
    names = {"header.example": "$http_host", "asked.example": "$host"}
    sites = "".join(
        f"server {{ listen 127.0.0.1:{port}; server_name {name};"
        f" location / {{ proxy_pass http://127.0.0.1:{app}; proxy_set_header Host {host}; }} }}\n"
        for name, host in names.items()
    )
    lab.nginx(f"server {{ listen 127.0.0.1:{port} default_server; return 444; }}\n{sites}", port)
    arrived = [_sent(port, f"GET http://{name}/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n") for name in names]
    assert ["evil.example" in text for text in arrived] == [True, False]


def _sent(port: int, request: str) -> str:
    """What comes back to a request in these words."""
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.sendall(request.encode())
        return b"".join(iter(lambda: client.recv(65536), b"")).decode(errors="replace")
