"""Public repositories, each as it was at one commit: every launch that is there is found, and findings are told or kept silent.

What is known to be missed is asserted too, so that whoever finds it moves it to its list.

tools/open_repositories.py DIRECTORY && SERVEAUDIT_REPOSITORIES=DIRECTORY pytest -m open
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import serveaudit.audit
from serveaudit.assembling import assemble
from serveaudit.command import Command
from serveaudit.config import load
from serveaudit.deployment import Deployment
from serveaudit.finding import Certainty
from serveaudit.invocation import basename
from serveaudit.result import Result

pytestmark = pytest.mark.open

_LIST = Path(__file__).with_name("repositories.toml")
_REPOSITORIES: list[dict[str, Any]] = tomllib.loads(_LIST.read_text("utf-8"))["repository"]
_RULES = {path.stem for path in Path(__file__).parents[2].joinpath("rules").glob("*/*.yaml")}

Launch = tuple[str, int, str, str]
"""Path, line, server, command; of a configuration of nginx's only its path."""


@dataclass(frozen=True, slots=True)
class Audited:
    told: dict[str, Any]
    result: Result
    launches: frozenset[Launch]

    def finds(self, launch: list[Any]) -> bool:
        return any(tuple(launch[:3]) == found[:3] and found[3].startswith(launch[3]) for found in self.launches)

    def findings(self, *certainties: Certainty) -> set[tuple[str, str]]:
        """Rule and path of those that are as certain as that, else of all."""
        chosen = certainties or tuple(Certainty)
        return {(each.rule, each.primary.span.path) for each in self.result.findings if each.certainty in chosen}


_AUDITED: dict[str, Audited] = {}


@pytest.fixture(params=_REPOSITORIES, ids=lambda repository: repository["name"])
def repository(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Audited:
    """What the list says of a repository, and its audit, which is done once."""
    told: dict[str, Any] = request.param
    monkeypatch.chdir(_directory(told["name"]))
    if told["name"] not in _AUDITED:
        deployments: list[Deployment] = []

        def kept(*args: Any) -> Deployment:
            deployments.append(assemble(*args))
            return deployments[-1]

        monkeypatch.setattr(serveaudit.audit, "assemble", kept)
        result = serveaudit.audit.audit(["."], load(Path()))
        _AUDITED[told["name"]] = Audited(told, result, frozenset(each for one in deployments for each in _launches(one)))
    return _AUDITED[told["name"]]


def _directory(name: str) -> Path:
    root = os.environ.get("SERVEAUDIT_REPOSITORIES")
    if not root:
        pytest.skip("SERVEAUDIT_REPOSITORIES does not name the directory of the clones (tools/open_repositories.py makes it)")
    directory = Path(root, name.replace("/", "+"))
    if not directory.is_dir():
        pytest.skip(f"{directory} is not there")
    return directory


def test_every_launch_is_found(repository: Audited) -> None:
    missing = [launch for launch in repository.told.get("launches", ()) if not repository.finds(launch)]
    assert not missing, f"found are {sorted(repository.launches)}"


def test_findings_are_told(repository: Audited) -> None:
    listed = {(rule, path) for rule, path in repository.told.get("true", ()) if Path(path).exists()}  # not in every clone
    assert listed <= repository.findings()


def test_false_alarms_are_not_told(repository: Audited) -> None:
    listed = {(rule, path) for rule, path in repository.told.get("not", ())}
    assert not listed & repository.findings(Certainty.CERTAIN)


def test_what_is_missed_is_still_missed(repository: Audited) -> None:
    found = repository.findings()
    assert not [missed for missed in repository.told.get("missed", ()) if (missed[0], missed[1]) in found]
    assert not [launch for launch in repository.told.get("missed_launches", ()) if repository.finds(launch)]


@pytest.mark.parametrize("told", _REPOSITORIES, ids=lambda told: told["name"])
def test_the_list_names_rules_that_there_are(told: dict[str, Any]) -> None:
    named = {entry[0] for key in ("true", "not", "missed") for entry in told.get(key, ())}
    assert named <= _RULES | {""}


def _launches(deployment: Deployment) -> Iterator[Launch]:
    """The servers, the commands of nginx, and the files that nginx reads."""
    for context in deployment.contexts:
        for process in context.processes:
            if process.server.command is not None:
                yield _launch(process.server.command, process.server.program)
        for running in context.launches:
            command = running.followed.command if running.followed else None
            if command is not None and command.argv and basename(command.argv[0]) == "nginx":
                yield _launch(command, "nginx")
        for proxy in context.proxies:
            yield from ((tree.source.whole().path, 0, "nginx", "") for tree in proxy.config.trees)


def _launch(command: Command, program: str) -> Launch:
    words = " ".join(word.x if isinstance(word.x, str) else "…" for word in command.argv)
    return command.place.span.path, command.place.span.line, program, words
