import socket
import time

import pytest
from laboratory import Laboratory, Running

pytestmark = pytest.mark.proof

OUTSIDE = "127.0.0.2"
"""Stands for the host's address that other machines reach."""

FASTAPI = """
from fastapi import FastAPI
app = FastAPI()
"""
FASTAPI_WITHOUT_DOCS = """
from fastapi import FastAPI
app = FastAPI(docs_url=None, openapi_url=None)
"""
FLASK = """
from flask import Flask
app = Flask(__name__)
@app.get("/broken")
def broken():
    password = "hunter2"
    raise ValueError
"""
URLS = """
from django.conf import settings
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path("secret-office/", lambda request: HttpResponse(f"debug={settings.DEBUG}\\n"))]
"""
WSGI = """
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_dev")
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
"""


def reached(port: int) -> bool:
    """Whether another machine would get a connection."""
    with socket.socket() as client:
        return client.connect_ex((OUTSIDE, port)) == 0


def site(lab: Laboratory, env: dict[str, str]) -> Running:
    """A Django project with settings for development and for production, and a wsgi.py that falls back to the first."""
    for name, debug in (("dev", True), ("prod", False)):
        text = f"DEBUG = {debug}\nSECRET_KEY = 'x' * 50\nROOT_URLCONF = 'site_urls'\nALLOWED_HOSTS = ['*']\n"
        lab.write(f"site_{name}.py", text)
    lab.write("site_urls.py", URLS)
    lab.write("site_wsgi.py", WSGI)
    return lab.serve("gunicorn site_wsgi:application --bind 127.0.0.1:{port}", env)


def test_app_port_published(lab: Laboratory) -> None:
    password = lab.write("password", "ann:{PLAIN}secret\n")
    closed = f"auth_basic staff; auth_basic_user_file {password};"

    def asked(host: str) -> tuple[int, bool]:
        app = lab.serve(f"uvicorn asgi_app:app --host {host} --port {{port}}").port
        return lab.get(lab.site(closed, app)).status, reached(app)

    assert asked("0.0.0.0") == (401, True)
    assert asked("127.0.0.1") == (401, False)


def test_no_reverse_proxy(lab: Laboratory) -> None:
    """One client that sends slowly keeps a sync worker; a proxy keeps it off."""
    app = lab.serve("gunicorn wsgi_app:app --workers 1 --bind 127.0.0.1:{port}").port
    proxy = lab.site("", app)

    def beside_a_slow_client(port: int) -> int:
        with socket.create_connection(("127.0.0.1", port)) as slow:
            slow.sendall(b"GET / HTTP/1.1\r\nHost: example.com\r\n")
            time.sleep(0.3)
            return lab.get(port, patience=1.5).status

    assert beside_a_slow_client(app) == 0
    assert beside_a_slow_client(proxy) == 200


def test_debug_mode_in_production(lab: Laboratory) -> None:
    debugging = lab.get(site(lab, {"DJANGO_SETTINGS_MODULE": "site_dev"}).port, "/nothing")
    serving = lab.get(site(lab, {"DJANGO_SETTINGS_MODULE": "site_prod"}).port, "/nothing")
    assert debugging.status == serving.status == 404
    assert "secret-office" in debugging.text and "secret-office" not in serving.text


def test_development_settings_in_production(lab: Laboratory) -> None:
    assert lab.get(site(lab, {}).port, "/secret-office/").line("debug") == "True"
    assert lab.get(site(lab, {"DJANGO_SETTINGS_MODULE": "site_prod"}).port, "/secret-office/").line("debug") == "False"


def test_development_server(lab: Laboratory) -> None:
    lab.write("shop.py", FLASK)
    development = lab.serve("flask --app shop run --debug --no-reload --port {port}")
    production = lab.serve("gunicorn shop:app --bind 127.0.0.1:{port}")
    broken = lab.get(development.port, "/broken")
    assert "hunter2" in broken.text and "EVALEX = true" in broken.text
    assert development.says("development server")
    assert "hunter2" not in lab.get(production.port, "/broken").text


def test_auto_reload_in_production(lab: Laboratory) -> None:
    """A deployment that is copied in halves: the server that watches it restarts itself into the broken half."""
    watching = lab.serve("uvicorn asgi_app:app --port {port} --reload")
    serving = lab.serve("uvicorn asgi_app:app --port {port}")
    assert lab.get(watching.port).status == lab.get(serving.port).status == 200
    lab.write("asgi_app.py", "from not_copied_yet import app\n")
    assert watching.says("not_copied_yet")
    assert lab.get(watching.port, patience=2).status == 0
    assert lab.get(serving.port).status == 200


def test_internal_pages_public(lab: Laboratory) -> None:
    lab.write("with_docs.py", FASTAPI)
    lab.write("without_docs.py", FASTAPI_WITHOUT_DOCS)
    with_docs = lab.serve("uvicorn with_docs:app --port {port}").port
    without = lab.serve("uvicorn without_docs:app --port {port}").port
    open_site, closed_site = lab.site("", with_docs), lab.site("deny all;", with_docs)
    pages = ("/docs", "/openapi.json")
    assert [lab.get(open_site, page).status for page in pages] == [200, 200]
    assert [lab.get(closed_site, page).status for page in pages] == [403, 403]
    assert [lab.get(lab.site("", without), page).status for page in pages] == [404, 404]
