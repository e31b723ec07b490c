"""The laboratory as a fixture, and what was seen on which versions, written to the data file that `explain` shows."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from applications import ASGI, DJANGO, WSGI
from laboratory import Laboratory

for _number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    # A job in the background may be told to ignore these, and what it starts would ignore them as well.
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL)

DATA = Path(__file__).parents[2] / "src/serveaudit/data/proofs.json"
RESULTS: dict[str, dict[str, str]] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-proofs", action="store_true", help="record what was seen in src/serveaudit/data/proofs.json")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Proofs need servers and their libraries; nothing of them is imported where they are not asked for."""
    unasked = "not proof" in config.option.markexpr or "proof" not in config.option.markexpr
    return True if unasked and collection_path.name.startswith("test_") else None


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.when == "call" and report.passed and hasattr(item, "laboratory_seen"):
        report.user_properties.append(("seen", item.laboratory_seen))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    seen = dict(report.user_properties).get("seen")
    if report.when == "call" and report.passed and seen:
        RESULTS[report.nodeid] = dict(sorted(seen.items()))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not session.config.getoption("--write-proofs", default=False) or hasattr(session.config, "workerinput") or not RESULTS:
        return
    known = json.loads(DATA.read_text()) if DATA.exists() else {}
    today = time.strftime("%Y-%m-%d")
    known |= {proof: {"seen": today, "on": versions} for proof, versions in RESULTS.items()}
    DATA.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n")


@pytest.fixture
def lab(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Laboratory]:
    laboratory = Laboratory(tmp_path)
    tmp_path.chmod(0o755)
    laboratory.write("wsgi_app.py", WSGI)
    laboratory.write("asgi_app.py", ASGI)
    laboratory.write("django_app.py", DJANGO)
    request.node.laboratory_seen = laboratory.seen
    yield laboratory
    laboratory.close()
