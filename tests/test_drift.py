"""The tables of facts against the packages that are installed: `pytest -m drift`.

SERVEAUDIT_SERVERS names the interpreter that has the servers; without it, the one that runs the tests.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parent.parent / "tools"
NOT_INSTALLED = 3
SCRIPTS = sorted(set(TOOLS.glob("dump_*.py")) - {TOOLS / "dump_uwsgi_options.py"})
"""uWSGI's table comes from its C sources, which are not installed."""


@pytest.mark.drift
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem.removeprefix("dump_"))
def test_the_table_is_what_the_installed_package_says(script: Path) -> None:
    interpreter = os.environ.get("SERVEAUDIT_SERVERS", sys.executable)
    done = subprocess.run([interpreter, str(script), "--check"], capture_output=True, text=True, check=False)
    if done.returncode == NOT_INSTALLED:
        pytest.skip(f"{interpreter}: {done.stderr.strip()}")
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\n`{script.name} --write` brings the table up to date"
