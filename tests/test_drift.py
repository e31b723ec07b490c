"""The tables of facts against the packages that are installed: `pytest -m drift`.

SERVEAUDIT_SERVERS names the interpreter that has the servers; without it, the one that runs the tests. nginx's and uWSGI's
tables come from sources, which are not installed: their programs are asked for names, contexts and numbers of arguments.
SERVEAUDIT_NGINX_SOURCES (a clone of nginx and one of nginx.org) and SERVEAUDIT_UWSGI_SOURCES (a directory of unpacked releases)
have the whole tables made anew.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parent.parent / "tools"
NOT_INSTALLED = 3
SCRIPTS = sorted(TOOLS.glob("dump_*.py"))


@pytest.mark.drift
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem.removeprefix("dump_"))
def test_the_table_is_what_the_installed_package_says(script: Path) -> None:
    check(script)


@pytest.mark.drift
def test_nginx_s_table_is_what_its_sources_say() -> None:
    sources = os.environ.get("SERVEAUDIT_NGINX_SOURCES", "").split()
    if not sources:
        pytest.skip("SERVEAUDIT_NGINX_SOURCES names no clones")
    check(TOOLS / "dump_nginx_directives.py", *sources)


@pytest.mark.drift
def test_uwsgi_s_table_is_what_its_sources_say() -> None:
    folder = os.environ.get("SERVEAUDIT_UWSGI_SOURCES", "")
    if not folder:
        pytest.skip("SERVEAUDIT_UWSGI_SOURCES names no directory")
    check(TOOLS / "dump_uwsgi_options.py", *map(str, Path(folder).iterdir()))


def check(script: Path, *sources: str) -> None:
    interpreter = os.environ.get("SERVEAUDIT_SERVERS", sys.executable)
    done = subprocess.run([interpreter, str(script), "--check", *sources], capture_output=True, text=True, check=False)
    if done.returncode == NOT_INSTALLED:
        pytest.skip(f"{interpreter}: {done.stderr.strip()}")
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\n`{script.name} --write` brings the table up to date"
