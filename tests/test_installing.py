"""What an image's build installs: text in, versions with their places out."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from folders import deployed
from serveaudit.deployment import Process, Proxy
from serveaudit.distributions import distribution_of, program_of, upstream
from serveaudit.values import Unknown

Files = dict[str, str]


def process(folder: Path, build: str, files: Files | None = None, base: str = "python:3.12-slim") -> Process:
    """The gunicorn of an image with these steps."""
    dockerfile = f'FROM {base}\nWORKDIR /app\n{dedent(build)}\nCMD ["gunicorn", "shop.wsgi"]\n'
    return _processes(folder, {**(files or {}), "Dockerfile": dockerfile})[0]


def proxy(folder: Path, dockerfile: str) -> Proxy:
    config = "events {}\nhttp { server { listen 80; location / { proxy_pass http://127.0.0.1:8000; } } }\n"
    files = {
        "Dockerfile": f'{dedent(dockerfile)}\nCOPY nginx.conf /etc/nginx/nginx.conf\nCMD ["nginx"]\n',
        "nginx.conf": config,
    }
    return next(each for context in deployed(folder, files).contexts for each in context.proxies)


def _processes(folder: Path, files: Files) -> list[Process]:
    return [each for context in deployed(folder, files).contexts for each in context.processes]


def version(found: Process, name: str = "gunicorn") -> str:
    told = found.installed.version(name)
    return f"{told.x} ({told.places[0].span})" if isinstance(told.x, str) else "unknown"


@pytest.mark.parametrize(
    "build",
    [
        "RUN pip install gunicorn==22.0.0",
        'RUN ["pip", "install", "gunicorn==22.0.0"]',
        "RUN python3 -m pip install -U --index-url https://example.com 'gunicorn[gevent]==22.0.0'",
        "RUN python -m venv /venv && /venv/bin/pip3.12 install flask gunicorn==22.0.0",
        "RUN uv pip install --system gunicorn==22.0.0",
        "RUN uv tool install gunicorn@22.0.0",
        "RUN pipx install gunicorn==22.0.0",
        "RUN --mount=type=cache,target=/root/.cache set -ex; pip install gunicorn==22.0.0",
        "RUN pip wheel --wheel-dir /wheels gunicorn==22.0.0 && pip install /wheels/*",
        "RUN pip install --target lib gunicorn==22.0.0",
    ],
)
def test_a_command_that_installs_by_name(here: Path, build: str) -> None:
    assert version(process(here, build)) == "22.0.0 (Dockerfile:3)"


def test_a_here_document(here: Path) -> None:
    assert version(process(here, "RUN <<EOF\nset -e\npip install gunicorn==22.0.0\nEOF")) == "22.0.0 (Dockerfile:5)"


def test_a_script_that_the_build_runs(here: Path) -> None:
    files = {"install.sh": "#!/bin/sh\npip install gunicorn==22.0.0\n"}
    assert version(process(here, "COPY install.sh .\nRUN ./install.sh", files)) == "22.0.0 (install.sh:2)"


def test_a_build_argument_tells_the_version_unless_it_is_given(here: Path) -> None:
    found = process(here, "ARG GUNICORN_VERSION=22.0.0\nRUN pip install gunicorn==${GUNICORN_VERSION}")
    told = found.installed.version("gunicorn")
    assert (told.x, told.assumes) == ("22.0.0", ("the build argument GUNICORN_VERSION is not given",))
    assert [str(place.span) for place in told.places] == ["Dockerfile:4", "Dockerfile:3"]


def test_a_build_argument_without_a_default_leaves_it_open(here: Path) -> None:
    found = process(here, "ARG V\nRUN pip install gunicorn==$V")
    assert version(found) == "unknown"
    assert isinstance(found.installed.version("gunicorn").x, Unknown)


def test_a_variable_of_the_image(here: Path) -> None:
    assert version(process(here, "ENV V=22.0.0\nRUN pip install gunicorn==$V")) == "22.0.0 (Dockerfile:4)"


def test_only_the_stages_count_that_the_image_comes_from(here: Path) -> None:
    stages = """\
        FROM python:3.12 AS test
        RUN pip install gunicorn==19.0
        FROM python:3.12 AS build
        RUN pip install --prefix=/install gunicorn==22.0.0
        FROM python:3.12-slim
        COPY --from=build /install /usr/local"""
    assert version(process(here, stages)) == "22.0.0 (Dockerfile:6)"


def test_what_is_installed_last_stays(here: Path) -> None:
    files = {"requirements.txt": "gunicorn==21.2.0\n"}
    build = "COPY requirements.txt .\nRUN pip install -r requirements.txt && pip install gunicorn==22.0.0"
    assert version(process(here, build, files)) == "22.0.0 (Dockerfile:4)"


def test_a_file_is_found_where_the_build_copies_it(here: Path) -> None:
    files = {"a/requirements.txt": "gunicorn==21.2.0\n", "b/requirements.txt": "gunicorn==22.0.0\n"}
    for target in ("/wd/", "/wd", "/wd/r.txt"):
        name = target if target.endswith(".txt") else "/wd/requirements.txt"
        build = f"WORKDIR /wd\nCOPY b/requirements.txt {target}\nRUN pip install --no-cache-dir -r {name}"
        assert version(process(here, build, files)) == "22.0.0 (b/requirements.txt:1)"


def test_a_file_that_was_not_read_leaves_the_list_open(here: Path) -> None:
    found = process(here, "RUN pip install -r made.txt", {"uv.lock": '[[package]]\nname = "gunicorn"\nversion = "22.0.0"\n'})
    assert version(found) == "22.0.0 (uv.lock:3)"


@pytest.mark.parametrize(
    ("build", "name"),
    [
        ("RUN uv sync --frozen --no-dev --group prod", "uv.lock"),
        ("RUN uv export -o r.txt && pip install -r r.txt", "uv.lock"),
        ("RUN poetry install --only main --with prod", "poetry.lock"),
        ("RUN pip install poetry==1.8 && poetry export -f requirements.txt > r.txt", "poetry.lock"),
        ("RUN pdm install --prod", "pdm.lock"),
    ],
)
def test_a_build_that_installs_a_project_by_its_lock(here: Path, build: str, name: str) -> None:
    files = {name: '[[package]]\nname = "gunicorn"\nversion = "22.0.0"\n', "requirements.txt": "gunicorn==19.0\n"}
    assert version(process(here, build, files)) == f"22.0.0 ({name}:3)"


def test_a_lock_alone_makes_the_list_complete(here: Path) -> None:
    files = {"uv.lock": '[[package]]\nname = "gunicorn"\nversion = "22.0.0"\n'}
    assert process(here, "RUN pip install uv && uv sync", files).installed.lacks("gevent").x is True
    more = process(here, "RUN uv sync && pip install flask", files).installed.lacks("gevent")
    assert isinstance(more.x, Unknown)


def test_pipenv_and_conda(here: Path) -> None:
    locked = '{"default": {"gunicorn": {"version": "==22.0.0"}}}'
    assert version(process(here, "RUN pipenv install --system --deploy", {"Pipfile.lock": locked})) == "22.0.0 (Pipfile.lock:1)"
    conda = {"env/prod.yml": "dependencies:\n  - gunicorn=21.2.0\n", "Pipfile.lock": locked}
    build = "COPY env/prod.yml /tmp/\nRUN conda env create -f /tmp/prod.yml"
    assert version(process(here, build, conda)) == "21.2.0 (env/prod.yml:2)"


@pytest.mark.parametrize("operand", [".", "-e .", "'.[prod]'", "--no-cache-dir /app"])
def test_a_build_that_installs_the_project_itself(here: Path, operand: str) -> None:
    files = {
        "pyproject.toml": '[project]\nname = "shop"\n[project.optional-dependencies]\nprod = ["gunicorn==22.0.0"]\n',
        "requirements-dev.txt": "gunicorn==19.0\n",
    }
    assert version(process(here, f"COPY . .\nRUN pip install {operand}", files)) == "22.0.0 (pyproject.toml:4)"


def test_further_out_where_the_nearest_requirements_say_nothing_of_the_server(here: Path) -> None:
    files = {
        "deploy/requirements.txt": "fabric==2.0\n",
        "requirements.txt": "gunicorn==22.0.0\n",
        "deploy/run.sh": "exec gunicorn shop.wsgi\n",
        "Dockerfile": "",
    }
    (found,) = _processes(here, files)
    assert version(found) == "22.0.0 (requirements.txt:1)"
    assert version(found, "fabric") == "2.0 (deploy/requirements.txt:1)"


def test_the_package_of_a_distribution(here: Path) -> None:
    found = process(here, "RUN apt-get update && apt-get install -y --no-install-recommends gunicorn", base="debian:12.14-slim")
    assert version(found) == "20.1.0 (Dockerfile:3)"


def test_a_python_package_goes_before_the_distributions(here: Path) -> None:
    build = "RUN apt-get install -y python3-gunicorn\nRUN pip install gunicorn==22.0.0"
    assert version(process(here, build, base="debian:12")) == "22.0.0 (Dockerfile:4)"


@pytest.mark.parametrize(
    ("dockerfile", "told"),
    [
        ("FROM debian:bookworm-slim\nRUN apt-get install -y nginx-light", "1.22.1"),
        ("FROM python:3.12-slim-bookworm\nRUN apt-get update; apt install -y curl nginx", "1.22.1"),
        ("FROM ubuntu:22.04\nRUN apt-get install -y nginx", "1.18.0"),
        ("FROM alpine:3.18.4\nRUN apk add --no-cache --virtual .run nginx", "1.24.0"),
        ("FROM python:3.12\nRUN apt-get install -y nginx=1.22.1-9*", "1.22.1"),
        ("FROM alpine\nRUN apk --no-cache add nginx=1.24.0-r7", "1.24.0"),
        ("FROM python:3.12\nRUN apt-get install -y nginx", None),
        ("FROM debian:stable\nRUN apt-get install -y nginx", None),
        ("FROM alpine:3.18\nRUN apk add 'nginx>1.20'", None),
        ("FROM debian:12\nRUN echo deb http://nginx.org/packages/debian > /etc/apt/x && apt-get install -y nginx", None),
        ("FROM nginx:1.25\nRUN apt-get install -y curl", "1.25"),
        ("FROM debian:12 AS a\nRUN apt-get install -y nginx\nFROM python:3.12\nCOPY --from=a /x /x", None),
    ],
)
def test_nginx_of_a_distribution(here: Path, dockerfile: str, told: str | None) -> None:
    assert proxy(here, dockerfile).config.version.x == told


@pytest.mark.parametrize(
    ("image", "distribution"),
    [
        ("debian:12", "debian:12"),
        ("debian:12.14-slim", "debian:12"),
        ("docker.io/library/debian:trixie-20250101-slim", "debian:13"),
        ("ubuntu:24.04", "ubuntu:24.04"),
        ("python:3.12-slim-bookworm@sha256:00", "debian:12"),
        ("python:3.12-alpine3.20", "alpine:3.20"),
        ("alpine:3.20.1", "alpine:3.20"),
        ("python:3.12", ""),
        ("python:3.12-alpine", ""),
        ("alpine", ""),
    ],
)
def test_an_images_tag_tells_its_distribution(image: str, distribution: str) -> None:
    assert distribution_of(image) == distribution


def test_names_and_versions_of_packages() -> None:
    assert [program_of(name) for name in ("nginx-extras", "python3-uvicorn", "py3-gunicorn", "uwsgi-core", "curl")] == [
        "nginx",
        "uvicorn",
        "gunicorn",
        "uwsgi",
        "curl",
    ]
    assert [upstream(text) for text in ("1.22.1-9+deb12u1", "1:1.22.1-9*", "1.22.*", "2.0.21-r3", "*")] == [
        "1.22.1",
        "1.22.1",
        "1.22",
        "2.0.21",
        "",
    ]
