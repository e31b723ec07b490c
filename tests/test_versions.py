"""Which releases run: as stated, as an image pins them, as requirements and locks tell."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from folders import deployed
from serveaudit.config import Config, Stated
from serveaudit.deployment import Process
from serveaudit.discover import discover
from serveaudit.launching import Machine
from serveaudit.mapping import MappedFiles
from serveaudit.releases import allowed_reach, reaches
from serveaudit.source import SourceFile
from serveaudit.values import Place, Unknown, Value
from serveaudit.versions import Versions

SERVER = "exec gunicorn --bind 127.0.0.1:8000 shop.wsgi\n"


def process(folder: Path, files: dict[str, str], stated: Stated | None = None) -> Process:
    texts = {name: dedent(text) for name, text in {"run.sh": SERVER, **files}.items()}
    return next(each for context in deployed(folder, texts, stated).contexts for each in context.processes)


def told(value: Value[str]) -> str:
    return f"{value.x} at {value.places[0].span}" if value.places else f"{value.x}"


def test_a_pin_tells_the_version_and_where_it_stands(tmp_path: Path) -> None:
    found = process(tmp_path, {"requirements.txt": "django==5.2\ngunicorn==21.2.0\n"})
    assert told(found.server.version) == "21.2.0 at requirements.txt:2"
    assert found.installed.at_least("gunicorn", "22.0").x is False
    assert found.installed.at_least("gunicorn", "20.1").x is True


def test_a_lock_beats_what_is_left_open(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": '[project]\nname = "shop"\ndependencies = ["gunicorn>=20"]\n',
        "uv.lock": 'version = 1\n[[package]]\nname = "gunicorn"\nversion = "23.0.0"\n',
    }
    found = process(tmp_path, files)
    assert told(found.server.version) == "23.0.0 at uv.lock:4"
    assert found.installed.lacks("gevent").x is True


def test_what_the_user_states_wins(tmp_path: Path) -> None:
    stated = Stated(versions={"gunicorn": Value("25.1")})
    found = process(tmp_path, {"requirements.txt": "gunicorn==21.2.0\n"}, stated)
    assert found.server.version.x == "25.1"


def test_a_build_that_installs_by_name_tells_too(tmp_path: Path) -> None:
    dockerfile = """\
        FROM python:3.12-slim
        WORKDIR /app
        RUN pip install --no-cache-dir -r base.txt "uvicorn[standard]==0.29.0" \\
            gunicorn==22.0.0 daphne==${DAPHNE}
        COPY . .
        CMD ["gunicorn", "shop.wsgi"]
    """
    found = process(tmp_path, {"run.sh": "", "Dockerfile": dockerfile, "base.txt": "django==5.2\n"})
    assert told(found.server.version) == "22.0.0 at Dockerfile:4"
    assert found.installed.version("uvicorn").x == "0.29.0"
    assert isinstance(found.installed.version("daphne").x, Unknown)
    assert found.installed.version("django").x == "5.2"


def test_the_newest_that_is_allowed_is_taken_to_be_installed(tmp_path: Path) -> None:
    found = process(tmp_path, {"requirements.txt": "gunicorn>=20,<25\nuvicorn\n"}).installed
    assert found.at_least("gunicorn", "25.1").x is False
    assert found.at_least("gunicorn", "20.0") == Value(True)
    assert found.at_least("gunicorn", "24.1").assumes == ("the newest gunicorn that 'gunicorn>=20,<25' allows is installed",)
    assert found.at_least("uvicorn", "0.30").x is True
    assert isinstance(found.at_least("hypercorn", "0.17").x, Unknown)


@pytest.mark.parametrize(
    ("asked", "release", "reached"),
    [
        ("gunicorn>=20.1,<23", "20.1", True),
        ("gunicorn>=20.1,<23", "22", None),
        ("gunicorn>=20.1,<23", "23", False),
        ("gunicorn<=23.0.0", "23.0.1", False),
        ("gunicorn<=23.0.0", "23", None),
        ("gunicorn>23", "23.0", True),
        ("gunicorn ^23.0", "24", False),
        ("uvicorn ^0.29.1", "0.30", False),
        ("uvicorn ^0.29.1", "0.29.1", True),
        ("gunicorn~=22.1", "22.5", None),
        ("gunicorn~=22.1", "23", False),
        ("gunicorn~=22.1.3", "22.2", False),
        ("gunicorn ~22.1", "22.2", False),
        ("gunicorn==23.*", "23.0", True),
        ("gunicorn==23.*", "24", False),
        ("gunicorn===23.0.0", "23", True),
        ("gunicorn>=24.0rc1", "24.0", None),
        ("gunicorn>=24.0.post1", "24.0", True),
        ("gunicorn!=24.0", "24.0", None),
        ("gunicorn ^21.2 || ^22.0", "23", False),
        ("gunicorn ^21.2 || ^22.0", "22", None),
        ("gunicorn @ https://example.com/gunicorn.zip", "22", None),
        ("gunicorn", "22", None),
    ],
)
def test_what_a_requirement_allows(asked: str, release: str, reached: bool | None) -> None:
    assert allowed_reach(asked, release) is reached


def test_releases_before_and_after_the_final_one() -> None:
    assert (reaches("24.0rc1", "24.0"), reaches("24.0.dev3", "24.0"), reaches("24.0.post1", "24.0")) == (False, False, True)
    assert (reaches("23.0.0", "23"), reaches("2!1.0", "23.0"), reaches("1.22.1+deb12u1", "1.22.1")) == (True, True, True)


def test_half_a_version_leaves_open_what_lies_within_it() -> None:
    assert isinstance(reaches("25", "25.1"), Unknown)
    assert (reaches("25.1.0", "25.1"), reaches("24", "25.1"), reaches("26", "25.1")) == (True, False, True)


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("nginx:1.27", "1.27"),
        ("nginx:1.27.3-alpine", "1.27.3"),
        ("nginxinc/nginx-unprivileged:1.25-alpine-slim", "1.25"),
        ("openresty/openresty:1.25.3.1-0-jammy", "1.25.3"),
        ("jonasal/nginx-certbot:5.4.0-nginx1.27.2", "1.27.2"),
        ("bitnami/nginx:1.25.4", "1.25.4"),
        ("lscr.io/linuxserver/nginx:1.26.2", "1.26.2"),
        ("nginx:1", None),
        ("nginx:latest", None),
        ("nginx:mainline-alpine", None),
        ("nginx:stable-alpine", None),
        ("nginx", None),
        ("registry.example.com/shop:1.2.3", None),
    ],
)
def test_nginx_is_told_by_its_image(image: str, version: str | None) -> None:
    place = Place(SourceFile("compose.yml", image).whole())
    machine = Machine("container", "web", place, image=Value(image, (place,)))
    assert Versions(Stated()).nginx(machine, MappedFiles(discover([], Config()))).x == version
