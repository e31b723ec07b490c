"""Public repositories, each as it was at one commit: every launch that is there is found, and findings are told or kept silent.

tools/open_repositories.py DIRECTORY && SERVEAUDIT_REPOSITORIES=DIRECTORY pytest -m open
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serveaudit.audit import audit
from serveaudit.config import load
from serveaudit.finding import Certainty
from serveaudit.result import Result

pytestmark = pytest.mark.open

_LIST = Path(__file__).with_name("repositories.toml")
_REPOSITORIES: list[dict[str, Any]] = tomllib.loads(_LIST.read_text("utf-8"))["repository"]
_AUDITED: dict[str, Result] = {}


@pytest.fixture(params=_REPOSITORIES, ids=lambda repository: repository["name"])
def repository(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], Result]:
    """What the list says of a repository, and its audit, which is done once."""
    told: dict[str, Any] = request.param
    monkeypatch.chdir(_directory(told["name"]))
    if told["name"] not in _AUDITED:
        _AUDITED[told["name"]] = audit(["."], load(Path()))
    return told, _AUDITED[told["name"]]


def _directory(name: str) -> Path:
    root = os.environ.get("SERVEAUDIT_REPOSITORIES")
    if not root:
        pytest.skip("SERVEAUDIT_REPOSITORIES does not name the directory of the clones (tools/open_repositories.py makes it)")
    directory = Path(root, name.replace("/", "+"))
    if not directory.is_dir():
        pytest.skip(f"{directory} is not there")
    return directory


def test_every_launch_is_found(repository: tuple[dict[str, Any], Result]) -> None:
    told, result = repository
    found = set(_launches(result))
    missing = [
        launch
        for launch in told.get("launches", ())
        if not any(launch[:3] == [path, line, server] and words.startswith(launch[3]) for path, line, server, words in found)
    ]
    assert not missing, f"found are {sorted(found)}"


def test_findings_are_told(repository: tuple[dict[str, Any], Result]) -> None:
    told, result = repository
    found = {(finding.rule, finding.primary.span.path) for finding in result.findings}
    assert {(rule, path) for rule, path in told.get("true", ())} <= found


def test_false_alarms_are_not_told(repository: tuple[dict[str, Any], Result]) -> None:
    told, result = repository
    certain = [finding for finding in result.findings if finding.certainty is Certainty.CERTAIN]
    found = {(finding.rule, finding.primary.span.path) for finding in certain}
    assert not {(rule, path) for rule, path in told.get("not", ())} & found


def _launches(result: Result) -> Iterator[tuple[str, int, str, str]]:
    """Path, line, server and command of each; of nginx the file in which a site stands, with no line and command."""
    for launched in result.launched:
        command = launched.server.command
        if command is not None:
            words = " ".join(word.x if isinstance(word.x, str) else "…" for word in command.argv)
            yield command.place.span.path, command.place.span.line, launched.server.program, words
    for graph in result.map:
        for node in graph.nodes:
            if node.kind == "site" and node.place is not None:
                yield node.place.span.path, 0, "nginx", ""
