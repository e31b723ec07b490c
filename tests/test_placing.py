"""Configurations that are only written onto a host, from their text to the deployment."""

from __future__ import annotations

from pathlib import Path

import pytest

from folders import deployed
from serveaudit.config import Config
from serveaudit.deployment import Context, Deployment
from serveaudit.discover import discover
from serveaudit.legibility import reports

SCRIPT = """\
#!/bin/bash
PORT=8000
cat > /etc/nginx/sites-available/app <<EOF
server {
  listen 80;
  location / { proxy_pass http://127.0.0.1:$PORT; proxy_set_header Host \\$host; }
}
EOF
ln -s /etc/nginx/sites-available/app /etc/nginx/sites-enabled/app
cat > /etc/systemd/system/app.service <<EOF
[Service]
ExecStart=/srv/venv/bin/gunicorn -b 127.0.0.1:$PORT app:app
EOF
"""
USER_DATA = """\
#cloud-config
write_files:
  - path: /etc/nginx/conf.d/app.conf
    content: |
      server {
        listen 80;
        location / { proxy_pass http://127.0.0.1:8000; }
      }
  - path: /etc/systemd/system/app.service
    content: |
      [Service]
      ExecStart=/srv/venv/bin/gunicorn -b 127.0.0.1:8000 app:app
"""
ROLES = {
    "roles/web/tasks/main.yml": "- template: {src: site.conf.j2, dest: /etc/nginx/sites-enabled/app}\n",
    "roles/web/templates/site.conf.j2": "server {\n  listen 80;\n  location / { proxy_pass http://127.0.0.1:{{ port }}; }\n}\n",
    "roles/app/tasks/main.yml": "- template: {src: app.service.j2, dest: /etc/systemd/system/app.service}\n",
    "roles/app/templates/app.service.j2": "[Service]\nExecStart=/srv/venv/bin/gunicorn -b 127.0.0.1:{{ port }} app:app\n",
    "group_vars/all.yml": "port: 8000\n",
}


def host(directory: Path, files: dict[str, str]) -> Context:
    (context,) = deployed(directory, files).contexts
    return context


@pytest.mark.parametrize(
    ("files", "lines"),
    [
        ({"install.sh": SCRIPT}, ("install.sh:3", "install.sh:12")),
        ({"user-data.yaml": USER_DATA}, ("user-data.yaml:5", "user-data.yaml:12")),
        (ROLES, ("roles/web/templates/site.conf.j2:1", "roles/app/templates/app.service.j2:2")),
    ],
    ids=["script", "user data", "roles"],
)
def test_a_site_and_a_unit_that_are_written_onto_a_host_make_a_pair(
    tmp_path: Path, files: dict[str, str], lines: tuple[str, str]
) -> None:
    context = host(tmp_path, files)
    (proxy,), (process,) = context.proxies, context.processes
    assert [found.process for found in proxy.pairs] == [process]
    assert str(process.running.place.span) == lines[1]
    assert str(proxy.config.sites[0].place.span).partition(":")[0] == lines[0].partition(":")[0]


def test_a_script_that_writes_other_files_is_nothing_that_serves(tmp_path: Path) -> None:
    assert deployed(tmp_path, {"make.sh": "echo 'server { listen 80; }' > /tmp/x.conf\n"}).contexts == []


def test_what_a_script_only_copies_is_told_as_it_lies_in_the_repository(tmp_path: Path) -> None:
    site = ROLES["roles/web/templates/site.conf.j2"].replace("{{ port }}", "8000")
    script = (
        "cp site.conf /etc/nginx/sites-enabled/site.conf\nln -s $PWD/site.conf /etc/nginx/conf.d/site.conf\ngunicorn app:app\n"
    )
    context = host(tmp_path, {"site.conf": site, "setup.sh": script})
    assert [proxy.config.root.path for proxy in context.proxies] == ["site.conf"]


def test_a_file_that_a_role_copies_is_told_in_the_repository(tmp_path: Path) -> None:
    task = "- copy: {src: site.conf, dest: /etc/nginx/sites-enabled/app}\n"
    site = "server {\n  listen 80;\n  location / { proxy_pass http://127.0.0.1:8000; }\n}\n"
    context = host(tmp_path, {"roles/web/tasks/main.yml": task, "roles/web/files/site.conf": site})
    assert [str(site.place.span) for proxy in context.proxies for site in proxy.config.sites] == ["roles/web/files/site.conf:1"]


def test_a_chart_is_read_with_its_values_and_without_its_tests(tmp_path: Path) -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec:\n  containers:\n"
    web = "    - {name: app, image: x, command: [gunicorn, -w, {{ .Values.workers | quote }}, 'app:app']}\n"
    files = {
        "chart/Chart.yaml": "name: shop\n",
        "chart/values.yaml": "workers: 3\n",
        "chart/templates/web.yaml": pod % "web" + web,
        "chart/templates/tests/test.yaml": pod % "test"
        + "    - {name: t, image: x, command: [gunicorn, 'x:{{ .Values.y }}']}\n",
    }
    context = host(tmp_path, files)
    (process,) = context.processes
    assert (context.group.name, context.kind) == ("chart", "production")
    assert process.running.unit is not None
    assert [word.x for word in process.running.unit.steps[0].argv] == ["gunicorn", "-w", "3", "app:app"]
    told = {report.path: report.status for report in reports(discover([tmp_path], Config(), tmp_path), Deployment([context]))}
    assert told["chart/templates/web.yaml"] == "partly"


@pytest.mark.parametrize(
    ("services", "read"),
    [
        ("  web: {image: acme/web, volumes: ['./site.conf:/etc/nginx/conf.d/site.conf']}\n", ["web"]),
        ("  web: {image: acme/web, volumes: ['./site.conf:/opt/site.conf']}\n", ["host"]),
        (
            "  certbot: {image: certbot/certbot, volumes: ['.:/etc/nginx/conf.d']}\n"
            "  web: {image: nginx, volumes: ['.:/etc/nginx/conf.d']}\n",
            ["web"],
        ),
    ],
    ids=["where nginx reads it", "elsewhere", "lent"],
)
def test_a_configuration_in_an_image_that_is_not_known_is_read_by_its_nginx(
    tmp_path: Path, services: str, read: list[str]
) -> None:
    site = "server {\n  listen 80;\n  location / { proxy_pass http://app:8000; }\n}\n"
    context = host(tmp_path, {"site.conf": site, "compose.yaml": f"services:\n{services}"})
    assert [proxy.running.machine.name for proxy in context.proxies] == read
