"""What the user states in [tool.serveaudit.deployment] changes the answer of a rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from folders import write
from serveaudit.audit import audit
from serveaudit.config import load
from serveaudit.finding import Certainty

WEB = "gunicorn --workers {workers} --bind 0.0.0.0:8000 shop.wsgi"
BARE = {"run.sh": "exec uvicorn api:app --host 0.0.0.0 --workers 2\n"}
SITE = """
server {
    listen 80;
    server_name shop.example.com;
    location / { proxy_pass http://127.0.0.1:8000; proxy_set_header Host $host; }
}
"""
PLAIN = {"nginx.conf": SITE, "run.sh": "exec gunicorn --workers 4 --bind 127.0.0.1:8000 shop.wsgi\n"}
SECURE = {
    "nginx.conf": SITE.replace(
        "listen 80;", "listen 443 ssl;\n    ssl_certificate /etc/ssl/shop.pem;\n    ssl_certificate_key /etc/ssl/shop.key;"
    )
    + 'add_header Strict-Transport-Security "max-age=60";',
    "fly.toml": "[http_service]\ninternal_port = 8080\n",
}
COMPOSE = """
services:
  api:
    build: .
    command: uvicorn --host 0.0.0.0 --forwarded-allow-ips {peers} main:app
  nginx:
    image: nginx:1.27
    ports: ["443:443"]
    volumes: ["./site.conf:/etc/nginx/conf.d/default.conf:ro"]
"""
TRUSTING = {
    "compose.yaml": COMPOSE.format(peers="172.20.0.0/16"),
    "Dockerfile": "FROM python:3.12-slim\nWORKDIR /srv\nCOPY . .\n",
    "main.py": "from fastapi import FastAPI\napp = FastAPI()\n",
    "requirements.txt": "uvicorn==0.38.0\n",
    "site.conf": SECURE["nginx.conf"]
    .replace("127.0.0.1", "api")
    .replace("proxy_set_header Host", "proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header Host"),
}
REMOVED = {"requirements.txt": "gunicorn==26.0.0\n", "gunicorn.conf.py": 'worker_class = "eventlet"\n'}


def said(files: dict[str, str], stated: str, rule: str, folder: Path) -> list[Certainty]:
    """How sure the rule's findings are."""
    write(folder, files | {"serveaudit.toml": f'select = ["{rule}"]\n[deployment]\n{stated}\n'})
    return [finding.certainty for finding in audit(["."], load(folder)).findings]


@pytest.mark.parametrize(
    ("files", "rule", "stated", "speaks"),
    [
        (BARE, "no-reverse-proxy", "", True),
        (BARE, "no-reverse-proxy", 'proxy = "external"', False),
        (BARE, "no-reverse-proxy", 'proxy = "nginx"', False),
        (BARE, "no-reverse-proxy", 'proxy = "none"', True),
        (BARE | {"fly.toml": "[http_service]\n"}, "no-reverse-proxy", "", False),
        (BARE | {"fly.toml": "[http_service]\n"}, "no-reverse-proxy", 'proxy = "none"', True),
        (PLAIN, "no-tls-anywhere", "", True),
        (PLAIN, "no-tls-anywhere", 'tls = "external"', False),
        (PLAIN, "no-tls-anywhere", 'tls = "nginx"', False),
        (PLAIN, "no-tls-anywhere", 'tls = "none"', True),
        (PLAIN | {"install.sh": "certbot --nginx\n"}, "no-tls-anywhere", "", False),
        (PLAIN | {"install.sh": "certbot --nginx\n"}, "no-tls-anywhere", 'tls = "none"', True),
        ({"run.sh": WEB.format(workers=64)}, "more-workers-than-cpus", "cpus = 64", False),
        ({"run.sh": WEB.format(workers=64)}, "more-workers-than-cpus", "cpus = 2", True),
        ({"run.sh": WEB.format(workers=8)}, "workers-exceed-memory", 'memory = "1Gi"\nmemory-per-worker = "512m"', True),
        ({"run.sh": WEB.format(workers=8)}, "workers-exceed-memory", 'memory = "8Gi"\nmemory-per-worker = "512m"', False),
        ({"run.sh": WEB.format(workers=8)}, "workers-exceed-memory", 'memory = "1Gi"', False),
        (TRUSTING, "proxy-not-trusted", "", False),
        (TRUSTING, "proxy-not-trusted", 'trusted-proxies = ["172.20.0.7"]', False),
        (TRUSTING, "proxy-not-trusted", 'trusted-proxies = ["10.0.0.0/8"]', True),
        (TRUSTING, "proxy-not-trusted", 'trusted-proxies = ["172.16.0.0/12"]', False),
    ],
)
def test_what_is_stated_decides(files: dict[str, str], rule: str, stated: str, speaks: bool, here: Path) -> None:
    assert said(files, stated, rule, here).count(Certainty.CERTAIN) == speaks


@pytest.mark.parametrize(
    ("stated", "certainty"),
    [
        ("", Certainty.POSSIBLE),
        ('proxy = "nginx"', Certainty.CERTAIN),
        ('tls = "nginx"', Certainty.CERTAIN),
        ('proxy = "external"', None),
        ('tls = "external"', None),
    ],
)
def test_who_faces_the_clients_can_be_stated(stated: str, certainty: Certainty | None, here: Path) -> None:
    found = said(PLAIN | SECURE, stated, "no-effective-hsts", here)
    assert found == ([certainty] if certainty is not None else [])


@pytest.mark.parametrize(("python", "speaks"), [("", False), ('python = "3.9"', False), ('python = "3.12"', True)])
def test_a_stated_python_decides_which_requirements_hold(python: str, speaks: bool, here: Path) -> None:
    old = REMOVED | {"requirements.txt": 'gunicorn==23.0.0; python_version < "3.10"\n'}
    assert bool(said(old, python, "worker-class-unavailable", here)) is speaks


@pytest.mark.parametrize(("gunicorn", "speaks"), [("", True), ('gunicorn = "26.0"', True), ('gunicorn = "23.0"', False)])
def test_a_stated_release_goes_before_the_requirements(gunicorn: str, speaks: bool, here: Path) -> None:
    assert bool(said(REMOVED, gunicorn, "worker-class-unavailable", here)) is speaks


def test_what_would_settle_a_question_is_told(here: Path) -> None:
    write(here, SECURE | TRUSTING | {"serveaudit.toml": 'select = ["no-effective-hsts", "proxy-not-trusted"]\n'})
    result = audit(["."], load(here))
    conditions = [condition for finding in result.findings for condition in finding.conditions]
    assert any(condition.endswith("; state `proxy` in [tool.serveaudit.deployment]") for condition in conditions)
    whys = [question.why for question in result.undecided]
    assert (
        "whether 172.20.0.0/16 is the proxy's address is not known; state `trusted-proxies` in [tool.serveaudit.deployment]"
        in whys
    )
