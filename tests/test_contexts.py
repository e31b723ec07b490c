"""Which deployments of a repository are for production, and which for development."""

from pathlib import Path

import pytest

from folders import gathered
from serveaudit.contexts import kind_of

IMAGE = 'FROM python:3.12\nWORKDIR /app\nCOPY . .\nCMD ["gunicorn", "app:app"]\n'
APP = "from flask import Flask\n\napp = Flask(__name__)\n"


def service(command: str = "", mounts: str = "", file: str = "Dockerfile") -> str:
    lines = ["services:", "  web:", "    build:", "      context: .", f"      dockerfile: {file}"]
    lines += [f"    command: {command}"] if command else []
    lines += ["    volumes:", f"      - {mounts}"] if mounts else []
    return "\n".join(lines) + "\n"


def contexts(tmp_path: Path, files: dict[str, str]) -> dict[str, str]:
    """The deployments that start something, and what each is for."""
    groups = gathered(tmp_path, {"Dockerfile": IMAGE, "app.py": APP, **files})
    return {group.group.name: group.kind for group in groups if any(starting.started for starting in group.startings)}


@pytest.mark.parametrize(
    "path",
    [
        *("docker-compose.override.yml", "compose/local.yml", "docker-compose.dev.yml", ".devcontainer/compose.yml"),
        *(
            "examples/compose.yml",
            "docs/nginx.conf",
            "docs/k8s/50-deployment.yaml",
            "tests/gunicorn.conf.py",
            "uwsgi.dev.ini",
            "Dockerfile.dev",
        ),
    ],
)
def test_names_tell_development(path: str) -> None:
    assert kind_of(path) == "development"


@pytest.mark.parametrize("path", ["compose.prod.yml", "deploy/gunicorn.conf.py", "docs/compose.prod.yml", "nginx.conf"])
def test_other_names_are_for_production(path: str) -> None:
    assert kind_of(path) == "production"


def test_a_compose_file_beside_one_for_production_is_for_development(tmp_path: Path) -> None:
    found = contexts(tmp_path, {"compose.yml": service("flask run"), "compose.prod.yml": service("gunicorn -w 4 app:app")})
    assert found == {"compose.yml": "development", "compose.prod.yml": "production"}


def test_a_base_with_the_file_for_production_over_it_is_for_production(tmp_path: Path) -> None:
    found = contexts(tmp_path, {"compose.yml": service(), "compose.prod.yml": "services:\n  web:\n    restart: always\n"})
    assert found["compose.yml + compose.prod.yml"] == "production"


@pytest.mark.parametrize("command", ["flask run --host 0.0.0.0", "uvicorn app:app --reload", "gunicorn --reload app:app"])
def test_a_working_tree_in_a_container_that_restarts_with_it_is_for_development(tmp_path: Path, command: str) -> None:
    assert contexts(tmp_path, {"compose.yml": service(command, ".:/app")})["compose.yml"] == "development"


@pytest.mark.parametrize(
    ("name", "command", "mounts"),
    [
        ("compose.yml", "uvicorn app:app --reload", ""),
        ("compose.yml", "uvicorn app:app --reload", "./media:/media"),
        ("compose.yml", "gunicorn app:app", ".:/app"),
        ("compose.prod.yml", "uvicorn app:app --reload", ".:/app"),
    ],
)
def test_one_of_both_alone_or_a_name_for_production_is_not(tmp_path: Path, name: str, command: str, mounts: str) -> None:
    found = contexts(tmp_path, {name: service(command, mounts), "media/a.txt": ""})
    assert found[name] == "production"


def test_an_image_that_only_development_builds_is_run_in_production_as_it_is(tmp_path: Path) -> None:
    found = contexts(tmp_path, {"compose.dev.yml": service("flask run", ".:/app")})
    assert found == {"compose.dev.yml": "development", "Dockerfile": "production"}


def test_an_image_that_production_builds_is_not_run_apart_from_it(tmp_path: Path) -> None:
    files = {"compose.prod.yml": service("gunicorn -w 4 app:app"), "compose.dev.yml": service("flask run")}
    assert "Dockerfile" not in contexts(tmp_path, files)


def test_a_script_that_an_image_only_copies_and_changes_is_one_for_the_host(tmp_path: Path) -> None:
    image = "FROM python:3.12\nCOPY start.sh /start\nRUN sed -i 's/a/b/' /start\n"
    found = contexts(tmp_path, {"Dockerfile": image, "start.sh": "#!/bin/sh\nexec gunicorn app:app\n"})
    assert found == {"host": "production"}


def test_an_image_beside_one_for_production_is_for_development(tmp_path: Path) -> None:
    found = contexts(tmp_path, {"Dockerfile": IMAGE.replace("gunicorn", "flask"), "Dockerfile.prod": IMAGE})
    assert found["Dockerfile.prod"] == "production"
    assert found.get("Dockerfile", "development") == "development"


def test_a_makefile_is_for_development(tmp_path: Path) -> None:
    found = contexts(tmp_path, {"Makefile": "run:\n\tflask run --port 8000\n"})
    assert found["development host"] == "development"


PROFILES = """\
services:
  web:
    build: .
    profiles: [prod]
  web-dev:
    build: .
    command: gunicorn --reload app:app
    profiles: [dev]
"""


def test_services_of_a_development_profile_are_a_deployment_of_their_own(tmp_path: Path) -> None:
    found = contexts(tmp_path, {"compose.yaml": PROFILES})
    assert found == {"compose.yaml": "production", "compose.yaml, development profiles": "development"}


def test_a_profile_of_another_name_is_for_production(tmp_path: Path) -> None:
    found = contexts(tmp_path, {"compose.yaml": PROFILES.replace("[dev]", "[reporting]")})
    assert found == {"compose.yaml": "production"}


def test_a_service_of_two_profiles_is_in_both_deployments(tmp_path: Path) -> None:
    found = contexts(tmp_path, {"compose.yaml": PROFILES.replace("[prod]", "[prod, dev]")})
    assert found == {"compose.yaml": "production", "compose.yaml, development profiles": "development"}


POD = """\
apiVersion: v1
kind: Pod
metadata: {name: x}
spec: {containers: [{name: x, image: x, command: [gunicorn, 'app:app']}]}
"""


def test_manifests_for_development_do_not_make_those_beside_them_so(tmp_path: Path) -> None:
    found = contexts(tmp_path, {"k8s/web.yaml": POD, "k8s/web-prod.yaml": POD, "k8s/web-debug.yaml": POD})
    assert found["k8s/web-prod.yaml + k8s/web.yaml"] == "production"
    assert found["k8s/web-debug.yaml + k8s/web.yaml"] == "development"
