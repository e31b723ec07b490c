"""Whole deployments, each with the report that is expected of it. SERVEAUDIT_UPDATE=1 writes the reports anew."""

import os
from pathlib import Path

import pytest

from serveaudit.cli import main

FIXTURES = Path(__file__).parents[1] / "fixtures"
DEPLOYMENTS = sorted(path for path in FIXTURES.iterdir() if path.is_dir())
SERVERS = ("gunicorn", "uvicorn", "hypercorn", "daphne", "uwsgi", "gevent", "granian", "waitress")


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda path: path.name)
def test_a_deployment_gets_the_report_that_is_expected(
    deployment: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(deployment)
    documents = [path.name for path in deployment.glob("*.md")]
    main(["check", *(documents or ["."]), "--format", "concise", "--exit-zero"])
    report = capsys.readouterr().out
    expected = deployment / "expected.txt"
    if os.environ.get("SERVEAUDIT_UPDATE"):
        expected.write_text(report, encoding="utf-8")
    assert report == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("server", SERVERS)
def test_a_clean_deployment_of_each_server_has_nothing_to_warn_of(server: str) -> None:
    report = (FIXTURES / f"clean-{server}" / "expected.txt").read_text(encoding="utf-8")
    assert [line for line in report.splitlines() if ": info[" not in line] == []
