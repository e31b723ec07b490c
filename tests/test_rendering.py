"""nginx's templates as its image renders them."""

from __future__ import annotations

from pathlib import Path

import pytest

from folders import write
from serveaudit.audit import audit
from serveaudit.config import load

_TEMPLATE = """\
server {
    listen 80;
    location / {
        proxy_pass http://web:${APP_PORT};
        proxy_set_header Host $host;
    }
}
"""
_COMPOSE = """\
services:
  nginx:
    image: nginx:1.27
    environment: {ENVIRONMENT}
    ports: ["127.0.0.1:8080:80"]
    volumes: ["./templates:/etc/nginx/templates:ro"]
  web:
    image: python:3.13
    command: gunicorn -b 0.0.0.0:8000 shop.wsgi
"""


def _nobody_listens(
    folder: Path, environment: str, template: str = _TEMPLATE, name: str = "default.conf"
) -> list[tuple[str, int]]:
    compose = _COMPOSE.replace("ENVIRONMENT", environment)
    write(folder, {f"templates/{name}.template": template, "compose.yaml": compose})
    found = [finding for finding in audit(["."], load(Path())).findings if finding.rule == "upstream-nobody-listens"]
    return [(finding.primary.span.path, finding.primary.span.line) for finding in found]


def test_a_wrong_port_of_the_environment_is_told_at_its_line_of_the_template(here: Path) -> None:
    assert _nobody_listens(here, "APP_PORT: 8001") == [("templates/default.conf.template", 4)]


@pytest.mark.parametrize(
    "environment",
    ["APP_PORT: 8000", "OTHER: 8001", "APP_PORT: 8001, NGINX_ENVSUBST_FILTER: ^NGINX_", "APP_PORT: '${PORT}'"],
    ids=["the right port", "not set", "left out by the filter", "not known"],
)
def test_nothing_is_told_of_a_port_that_is_right_or_not_put_in(here: Path, environment: str) -> None:
    assert _nobody_listens(here, environment) == []


def test_a_template_of_the_whole_configuration_is_rendered_beside_the_images_own(here: Path) -> None:
    whole = f"events {{}}\nhttp {{\n{_TEMPLATE}}}\n"
    environment = "APP_PORT: 8001, NGINX_ENVSUBST_OUTPUT_DIR: /etc/nginx"
    assert _nobody_listens(here, environment, whole, "nginx.conf") == [("templates/nginx.conf.template", 6)]


def test_a_template_with_another_ending_is_rendered_where_the_environment_says_so(here: Path) -> None:
    environment = "APP_PORT: 8001, NGINX_ENVSUBST_TEMPLATE_SUFFIX: .conf.template"
    assert _nobody_listens(here, environment) == []


def test_a_file_of_variables_that_is_not_there_leaves_those_that_are_known(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "_COMPOSE", _COMPOSE.replace("    ports", "    env_file: .env.production\n    ports"))
    assert _nobody_listens(here, "APP_PORT: 8001") == [("templates/default.conf.template", 4)]
