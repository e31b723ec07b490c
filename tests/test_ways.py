"""What is said of a command that a script starts in several ways."""

from __future__ import annotations

from pathlib import Path

from folders import write
from serveaudit.audit import audit
from serveaudit.config import Config

DOCKERFILE = 'FROM python:3.12-slim\nCOPY . /app\nWORKDIR /app\nCMD ["/app/start.sh"]\n'


def told(folder: Path, script: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """The findings on reload: line, certainty, conditions."""
    write(folder, {"Dockerfile": DOCKERFILE, "start.sh": f"#!/bin/bash\n{script}"})
    findings = audit(["."], Config(select=("auto-reload-in-production",))).findings
    return [(each.primary.span.text, each.certainty.name, each.conditions) for each in findings]


def test_what_holds_in_one_way_only_is_possible(here: Path) -> None:
    script = 'if [ "$RELOAD" = yes ]; then ARGS=--reload; fi\nexec gunicorn shop.wsgi $ARGS\n'
    assert told(here, script) == [("--reload", "POSSIBLE", ("when $RELOAD = yes",))]


def test_what_holds_in_every_way_is_certain(here: Path) -> None:
    script = 'if [ "$MANY" = yes ]; then ARGS="-w 4"; fi\nexec gunicorn shop.wsgi --reload $ARGS\n'
    assert told(here, script) == [("--reload", "CERTAIN", ())]


def test_a_command_that_is_started_in_one_way_is_certain_and_says_when(here: Path) -> None:
    script = 'if [ "$ROLE" = web ]; then\n  exec gunicorn shop.wsgi --reload\nfi\nexec celery -A shop worker\n'
    assert told(here, script) == [("--reload", "CERTAIN", ("if $ROLE = web",))]


def test_another_program_in_the_place_is_no_other_way(here: Path) -> None:
    script = 'if [ "$ROLE" = web ]; then set -- gunicorn shop.wsgi --reload; else set -- celery -A shop worker; fi\nexec "$@"\n'
    assert told(here, script) == [("--reload", "CERTAIN", ("if $ROLE = web",))]
