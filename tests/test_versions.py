"""Which releases run: as stated, as an image pins them, as requirements and locks tell."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from serveaudit.assembling import assemble
from serveaudit.config import Config, Stated
from serveaudit.deployment import Process
from serveaudit.discover import discover
from serveaudit.launching import Machine
from serveaudit.source import SourceFile
from serveaudit.values import Place, Unknown, Value
from serveaudit.versions import bounds, nginx_version, reaches

SERVER = "exec gunicorn --bind 127.0.0.1:8000 shop.wsgi\n"


def process(folder: Path, monkeypatch: pytest.MonkeyPatch, stated: Stated | None = None, **files: str) -> Process:
    for name, text in {"run.sh": SERVER, **files}.items():
        path = folder / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    monkeypatch.chdir(folder)
    deployment = assemble(discover([Path()], Config()), stated or Stated())
    return next(each for context in deployment.contexts for each in context.processes)


def told(value: Value[str]) -> str:
    return f"{value.x} at {value.places[0].span}" if value.places else f"{value.x}"


def test_a_pin_tells_the_version_and_where_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = process(tmp_path, monkeypatch, **{"requirements.txt": "django==5.2\ngunicorn==21.2.0\n"})
    assert told(found.server.version) == "21.2.0 at requirements.txt:2"
    assert found.installed.at_least("gunicorn", "22.0").x is False
    assert found.installed.at_least("gunicorn", "20.1").x is True


def test_a_lock_beats_what_is_left_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "pyproject.toml": '[project]\nname = "shop"\ndependencies = ["gunicorn>=20"]\n',
        "uv.lock": 'version = 1\n[[package]]\nname = "gunicorn"\nversion = "23.0.0"\n',
    }
    found = process(tmp_path, monkeypatch, **files)
    assert told(found.server.version) == "23.0.0 at uv.lock:4"
    assert found.installed.lacks("gevent").x is True


def test_what_the_user_states_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stated = Stated(versions={"gunicorn": Value("25.1")})
    found = process(tmp_path, monkeypatch, stated, **{"requirements.txt": "gunicorn==21.2.0\n"})
    assert found.server.version.x == "25.1"


def test_a_build_that_installs_by_name_tells_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dockerfile = """\
        FROM python:3.12-slim
        WORKDIR /app
        RUN pip install --no-cache-dir -r base.txt "uvicorn[standard]==0.29.0" \\
            gunicorn==22.0.0 daphne==${DAPHNE}
        COPY . .
        CMD ["gunicorn", "shop.wsgi"]
    """
    (tmp_path / "run.sh").unlink(missing_ok=True)
    found = process(tmp_path, monkeypatch, **{"run.sh": "", "Dockerfile": dockerfile, "base.txt": "django==5.2\n"})
    assert told(found.server.version) == "22.0.0 at Dockerfile:4"
    assert found.installed.version("uvicorn").x == "0.29.0"
    assert isinstance(found.installed.version("daphne").x, Unknown)
    assert found.installed.version("django").x == "5.2"


def test_the_newest_that_is_allowed_is_taken_to_be_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = process(tmp_path, monkeypatch, **{"requirements.txt": "gunicorn>=20,<25\nuvicorn\n"}).installed
    assert found.at_least("gunicorn", "25.1").x is False
    assert found.at_least("gunicorn", "20.0") == Value(True)
    assert found.at_least("gunicorn", "24.1").assumes == ("the newest gunicorn that 'gunicorn>=20,<25' allows is installed",)
    assert found.at_least("uvicorn", "0.30").x is True
    assert isinstance(found.at_least("hypercorn", "0.17").x, Unknown)


@pytest.mark.parametrize(
    ("asked", "low", "high"),
    [
        ("gunicorn>=20.1,<23", (20, 1), (23,)),
        ("gunicorn ^23.0", (23,), (24,)),
        ("uvicorn ^0.29.1", (0, 29, 1), (0, 30)),
        ("gunicorn~=22.1", (22, 1), (23,)),
        ("gunicorn ~22.1", (22, 1), (22, 2)),
        ("gunicorn==23.*", (23,), (24,)),
        ("gunicorn", None, None),
    ],
)
def test_bounds_of_requirements(asked: str, low: tuple[int, ...] | None, high: tuple[int, ...] | None) -> None:
    assert bounds(asked) == (low, high)


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
        ("nginx:stable-alpine", None),
        ("nginx", None),
        ("registry.example.com/shop:1.2.3", None),
    ],
)
def test_nginx_is_told_by_its_image(image: str, version: str | None) -> None:
    place = Place(SourceFile("compose.yml", image).whole())
    machine = Machine("container", "web", place, image=Value(image, (place,)))
    assert nginx_version(machine, Stated()).x == version
