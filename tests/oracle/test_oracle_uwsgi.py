"""uWSGI's ordered list of options, and what its variables hold, are what serveaudit computes."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uwsgi_cases
from agreement import Case, Tally, normal, same, settled
from launchers import examples

from command_lines import command
from serveaudit.command import Command
from serveaudit.programs import uwsgi
from serveaudit.programs.uwsgi.exported import Reading
from serveaudit.serving import Server
from serveaudit.values import Items, Value

pytestmark = pytest.mark.oracle
MEMORY = Path(__file__).parent / "uwsgi_memory.py"
BUILDS = {
    "pip": str(Path(os.environ.get("SERVEAUDIT_SERVERS", sys.executable)).parent),
    "distribution": "/usr/bin:/usr/local/bin",
}
"""Where the program is looked for: they differ in the syntaxes and plugins that they were built with."""
LATER = {"enable-threads", "http-timeout"}
"""Defaults that it fills in only after it has read its configuration."""
APART = {"cron2", "unique-cron2", "xml", "xmlconfig"}
"""Their texts are cut up where they stand."""
_NOT_KEPT = object()


def installed(build: str) -> str:
    program = shutil.which("uwsgi", path=BUILDS[build])
    if program is None:
        pytest.skip("uWSGI is not installed")
    return program


def asked(program: str, case: Case, directory: Path) -> dict[str, Any]:
    """What the program answers: {"options": …, "settings": …}, or {"exit": …} where it does not get so far, or {"endless": …}
    where it replaces an option within itself."""
    for path, text in case.files.items():
        (directory / path).write_bytes(text.encode())
    answer = directory / "answer"
    hook = f"exec:exec {shlex.quote(sys.executable)} -S {MEMORY} {answer}"
    env = {"UWSGI_HOOK_ASAP": hook, "PATH": "/usr/bin:/bin", **case.env}
    try:
        done = subprocess.run([program, *case.argv[1:]], cwd=directory, env=env, capture_output=True, text=True, timeout=5)
    except subprocess.TimeoutExpired:
        return {"endless": True}
    if not answer.exists():
        return {"exit": done.stderr + done.stdout}
    found: dict[str, Any] = json.loads(answer.read_text())
    found["options"].pop(0)  # the hook itself
    return found


def started(case: Case, directory: Path) -> Command:
    """The case as a command that serveaudit reads."""
    files = {f"{directory}/{path}": text.replace("\r\n", "\n") for path, text in case.files.items()}
    given = command(shlex.join(case.argv), files, **case.env)
    return replace(given, cwd=Value(str(directory)))


def compared(case: Case, answer: dict[str, Any], directory: Path, tally: Tally) -> Iterator[str]:
    """What differs. Where the program ends, that has to be known, or its reason be unreadable."""
    begun = started(case, directory)
    server = uwsgi.start(begun)
    assert server is not None
    if "endless" in answer:
        if not any("contains itself" in why for why in unknowns(begun)):
            yield "it ends, but really uWSGI never does"
        return
    if "exit" in answer:
        if not refused(server) and not server.problems:
            yield f"starts, but really {answer['exit'][-300:]}"
        return
    if refused(server):
        yield f"does not start, but really it does: {refused(server)}"
    yield from _of_the_list(begun, answer["options"], tally)
    yield from _of_settings(server, answer, tally)


def refused(server: Server) -> list[str]:
    """What keeps it from starting, as far as serveaudit knows."""
    settings = [setting.name for setting in server.settings.values() if setting.refused]
    return [*settings, *(bad.word for bad in server.bad_flags if bad.refused)]


def read(given: Command) -> Reading:
    reading = Reading(given.env, given.files, str(given.cwd.x))
    reading.environment()
    reading.command_line(given.argv[1:], given.place)
    reading.finish()
    return reading


def unknowns(given: Command) -> list[str]:
    """Why parts of texts are unknown."""
    return [hole.why for hole in read(given).holes.values]


def _of_the_list(given: Command, real: list[tuple[str, str | None]], tally: Tally) -> Iterator[str]:
    """The list itself, as far as it is known: what is unknown in a text may be anything."""
    reading = read(given)
    if any(option.unread is not None or option.guards for option in reading.options):
        tally.reasons["options that may be there"] += 1
        return
    ours = [(option.key, option.text) for option in reading.options if not option.skipped]
    if len(ours) != len(real):
        yield f"the list is {ours},\nbut really {real}"
        return
    for (key, text), (their_key, their_text) in zip(ours, real, strict=True):
        known = key not in APART and (text is None or not any(map(reading.holes.at, text)))
        if key != their_key or (known and text != their_text):
            yield f"{key} = {text!r}, but really {their_key} = {their_text!r}"


def _of_settings(server: Server, answer: dict[str, Any], tally: Tally) -> Iterator[str]:
    for name, setting in server.settings.items():
        row = setting.row
        if row is None or (setting.origin == "default" and name in LATER):
            continue
        if setting.origin != "default" and setting.spelled not in answer["names"]:
            continue  # a plugin's, which this build does not have
        names = [name, *row.aliases]
        texts = [text for key, text in answer["options"] if key in names]
        gathered = texts if row.type == "list" else _NOT_KEPT
        kept = next((answer["settings"][each] for each in names if each in answer["settings"]), gathered)
        if kept is _NOT_KEPT or name in APART:
            continue
        if not setting.value.known or (
            isinstance(setting.value.x, Items) and not all(each.known for each in setting.value.x.members)
        ):
            tally.unknown[name] += 1
            tally.reasons[setting.value.why or f"one of several: {setting.value.x}"] += 1
        elif same(normal(setting.value.x), normal(kept)):
            (tally.defaults if setting.origin == "default" else tally.agreed)[name] += 1
        else:
            yield f"{name} is {setting.value.x!r}, but really {kept!r}"


def agreement(program: str, cases: dict[str, Case], directory: Path) -> Tally:
    tally = Tally(len(cases))
    for number, (name, case) in enumerate(cases.items()):
        here = directory / str(number)
        here.mkdir()
        answer = asked(program, case, here)
        tally.disagreed += [f"{name}: {told}\n{case}\n" for told in compared(case, answer, here, tally)]
    return tally


@pytest.mark.parametrize("build", BUILDS)
def test_configurations_as_people_write_them(build: str, tmp_path: Path) -> None:
    settled(agreement(installed(build), uwsgi_cases.of("shapes", build), tmp_path), unknown_share=0.03)


@pytest.mark.parametrize("build", BUILDS)
def test_each_word_of_the_language(build: str, tmp_path: Path) -> None:
    cases = uwsgi_cases.of("language", build) | uwsgi_cases.of_blanks()
    settled(agreement(installed(build), cases, tmp_path), unknown_share=0.15)


@pytest.mark.parametrize("build", BUILDS)
def test_configurations_drawn_at_random(build: str, tmp_path: Path) -> None:
    cases = {str(number): case for number, case in enumerate(examples(uwsgi_cases.drawn(), 100))}
    settled(agreement(installed(build), cases, tmp_path), unknown_share=0.03)
