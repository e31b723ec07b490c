"""Signs of something outside that stands before a server."""

from __future__ import annotations

import time

import pytest
from repositories import Repository

from serveaudit.launch.compose import read_project
from serveaudit.launch.outside import of_files, of_group, of_machine
from serveaudit.launching import Machine, Sign
from serveaudit.source import SourceFile


def in_file(path: str, text: str) -> list[tuple[str, bool, bool, int]]:
    return [(s.what, s.proxies, s.terminates_tls, s.place.span.line) for s in of_files({path: SourceFile(path, text)})]


@pytest.mark.parametrize(
    ("path", "text", "sign"),
    [
        ("Caddyfile", "app.example.com {\n  reverse_proxy web:8000\n}\n", ("Caddy", True, True, 2)),
        ("caddy/Caddyfile", ":80 {\n  reverse_proxy web:8000\n}\n", ("Caddy", True, False, 2)),
        ("haproxy.cfg", "frontend www\n  bind *:443 ssl crt /x.pem\n", ("HAProxy", True, True, 1)),
        ("haproxy.cfg", "frontend www\n  bind *:80\n", ("HAProxy", True, False, 1)),
        ("apache/site.conf", "<VirtualHost *:443>\n  ProxyPass / http://127.0.0.1:8000/\n", ("Apache", True, True, 2)),
        ("site.conf", "<VirtualHost *:80>\n  ProxyPass / http://127.0.0.1:8000/\n", ("Apache", True, False, 2)),
        ("fly.toml", "app = 'x'\n[http_service]\n", ("Fly.io's proxy", True, True, 1)),
        ("render.yaml", "services:\n  - type: web\n    name: x\n", ("Render's router", True, True, 2)),
        ("app.yaml", "runtime: python312\n", ("App Engine's front end", True, True, 1)),
        ("Procfile", "release: x\nweb: gunicorn app\n", ("the platform's router (Procfile)", True, True, 2)),
        (".ebextensions/01.config", "option_settings:\n", ("Elastic Beanstalk's balancer", True, True, 1)),
        ("deploy/task-definition.json", '{\n "containerDefinitions": []}', ("an ECS service's balancer", True, True, 2)),
        ("infra/main.tf", 'resource "aws_lb" "x" {\n', ("a balancer or platform that Terraform sets up", True, True, 1)),
        (".github/workflows/d.yml", "run: |\n  gcloud run deploy x\n", ("Cloud Run's front end", True, True, 2)),
        ("README.md", "Then\n\n    sudo certbot --nginx\n", ("certbot", False, True, 3)),
    ],
)
def test_a_file_tells_of_what_is_outside(path: str, text: str, sign: tuple[str, bool, bool, int]) -> None:
    assert in_file(path, text) == [sign]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Procfile", "worker: celery\n"),
        ("nginx.conf", "server { proxy_pass http://a; }\n"),
        ("app.yaml", "debug: true\n"),
        ("application.yml", "runtime: x\n"),
        ("data.json", '{"a": 1}'),
        ("README.md", "Deploy it with git push heroku main, or fly deploy.\n"),
        ("deploy.sh", "systemctl restart nginx\n"),
        ("Caddyfile", "example.com {\n  file_server\n}\n"),
    ],
)
def test_other_files_tell_nothing(path: str, text: str) -> None:
    assert in_file(path, text) == []


@pytest.mark.parametrize("text", ["\n" * 1000000, "a." * 500000, " " * 1000000, "x\n" * 500000, '"' * 1000000])
@pytest.mark.parametrize("path", ["Caddyfile", "a.json", "haproxy.cfg", "deploy.sh", "app.json", "a.tf", "x.conf"])
def test_large_files_take_no_time(path: str, text: str) -> None:
    started = time.process_time()
    in_file(path, text)
    assert time.process_time() - started < 2


def compose(text: str) -> list[Machine]:
    repository = Repository({"compose.yaml": text})
    return read_project(["compose.yaml"], repository.read, repository).machines


def told(signs: list[Sign]) -> list[tuple[str, bool, bool]]:
    return [(sign.what, sign.proxies, sign.terminates_tls) for sign in signs]


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("image: traefik:v3, ports: ['80:80', '443:443']", ("Traefik", True, True)),
        ("image: traefik:v3, ports: ['80:80']", ("Traefik", True, False)),
        ("image: docker.io/library/caddy:2-alpine", ("Caddy", True, True)),
        ("image: jwilder/nginx-proxy", ("a proxy that manages certificates", True, True)),
        ("image: cloudflare/cloudflared:latest", ("a Cloudflare tunnel", True, True)),
        ("image: certbot/certbot", ("certbot", False, True)),
        ("image: 'haproxy:2.9', ports: ['443:443']", ("HAProxy", True, True)),
    ],
)
def test_a_container_may_be_the_proxy(text: str, sign: tuple[str, bool, bool]) -> None:
    assert told(of_group(compose(f"services: {{x: {{{text}}}}}"))) == [sign]


@pytest.mark.parametrize("image", ["nginx:1.27", "acme/traefik-demo-app", "redis", "python:3.12", "mycaddyapp"])
def test_other_containers_are_no_proxy(image: str) -> None:
    assert of_group(compose(f"services: {{x: {{image: '{image}'}}}}")) == []


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("labels: ['traefik.http.routers.a.tls.certresolver=le']", [("Traefik", True, True)]),
        ("labels: ['traefik.http.routers.a.entrypoints=websecure']", [("Traefik", True, True)]),
        ("labels: ['traefik.http.routers.a.entrypoints=web']", [("Traefik", True, True)]),
        ("labels: ['traefik.enable=false', 'traefik.x=y']", []),
        ("labels: {caddy: example.com, caddy.reverse_proxy: '{{upstreams 8000}}'}", [("Caddy", True, True)]),
        ("environment: {VIRTUAL_HOST: example.com}", [("nginx-proxy", True, True)]),
        ("labels: ['com.example=x'], environment: {HOST: x}", []),
    ],
)
def test_labels_and_variables_tell_what_stands_before(text: str, signs: list[tuple[str, bool, bool]]) -> None:
    (machine,) = compose(f"services: {{x: {{image: app, {text}}}}}")
    assert told(of_machine(machine, [machine])) == signs


def test_a_traefik_of_the_same_project_settles_whether_tls_ends_there() -> None:
    text = "services: {t: {image: 'traefik:v3', ports: ['80:80']}, "
    text += "x: {image: app, labels: ['traefik.http.routers.a.entrypoints=web']}}"
    machines = compose(text)
    assert told(of_machine(machines[1], machines)) == [("Traefik", True, False)]


def test_an_external_network_of_a_proxy_is_a_sign() -> None:
    (machine,) = compose("services: {x: {image: app, networks: [p]}}\nnetworks: {p: {external: true, name: traefik_public}}")
    assert told(of_machine(machine)) == [("the external network traefik_public", True, True)]
    (machine,) = compose("services: {x: {image: app, networks: [proxy]}}\nnetworks: {proxy: {}}")
    assert of_machine(machine) == []
