"""The tables of facts over all releases: `history.py CACHE [PROGRAM…]` writes src/serveaudit/data/<program>.json anew.

Each release since the oldest that is looked at is installed by pip, alone, into a directory of its own under CACHE, and asked
by the program's dump script; what they import lies in one directory for all. Answers are kept in CACHE: after a change of a
dump script remove its answers. A release that can't be installed or imported is listed, and left out.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import tablefile
from folding import Rows, order

OLDEST = {
    "gunicorn": "19.0.0",
    "uvicorn": "0.13.0",
    "hypercorn": "0.9.0",
    "daphne": "2.0.0",
    "granian": "1.3.2",
    "waitress": "1.4.0",
    "gevent": "20.4.0",
}
IMPORTED = ["h11", "click", "h2", "priority", "wsproto", "toml", "packaging", "setuptools<81", "autobahn", "asgiref"]
IMPORTED += ["twisted[tls,http2]", "greenlet", "zope.event", "zope.interface", "uvloop", "typing_extensions", "watchfiles"]
"""What some release of some program imports when it is asked."""
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]


def main(cache: Path, programs: list[str]) -> None:
    beside = cache / "imported"
    if not beside.exists():
        subprocess.run([*PIP, "install", "--quiet", "--target", str(beside), *IMPORTED], check=True)
    for program in programs:
        with ThreadPoolExecutor(2) as pool:
            wanted = releases(program)
            answers = dict(zip(wanted, pool.map(partial(asked, program, cache=cache), wanted), strict=True))
        known = {version: rows for version, rows in answers.items() if rows is not None}
        print(f"{program}: {len(known)} releases; left out: {', '.join(sorted(answers.keys() - known, key=order)) or 'none'}")
        (tablefile.DATA / f"{program}.json").write_text(tablefile.table(program, known), encoding="utf-8")


def releases(program: str) -> list[str]:
    """Every final release that the index has, from the oldest that is looked at."""
    told = subprocess.run([*PIP, "index", "versions", program], capture_output=True, text=True, check=True).stdout
    versions = re.findall(r"[\w.]+", told.partition("Available versions:")[2].partition("\n")[0])
    return sorted((version for version in versions if order(version) >= order(OLDEST[program])), key=order)


def asked(program: str, version: str, cache: Path) -> Rows | None:
    """A release's rows; None where it can't be installed or asked."""
    answer = cache / f"{program}-{version}.json"
    if not answer.exists():
        folder = cache / f"{program}-{version}"
        install = [*PIP, "install", "--quiet", "--no-deps", "--no-compile", "--target", str(folder), f"{program}=={version}"]
        if not folder.exists() and subprocess.run(install, capture_output=True, check=False).returncode:
            return None
        script = tablefile.HERE / f"dump_{program}.py"
        path = {"PYTHONPATH": f"{folder}:{cache / 'imported'}", "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run([sys.executable, "-S", str(script)], capture_output=True, text=True, env=path, check=False)
        if done.returncode:
            print(f"{program} {version}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
            return None
        answer.write_text(done.stdout, encoding="utf-8")
    return dict(json.loads(answer.read_text(encoding="utf-8"))["rows"])


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:] or list(OLDEST))
