"""What a start says about signals and waiting."""

from __future__ import annotations

import pytest

from serveaudit.launching import Machine, Unit
from serveaudit.source import SourceFile
from serveaudit.starts import image_is, sent_signal, shell_may_exec, stop_timeout
from serveaudit.units import Seconds
from serveaudit.values import Items, Place, Unknown, Value

PLACE = Place(SourceFile("shop.yaml", "x").whole())


@pytest.mark.parametrize(
    ("line", "signal"),
    [
        ("/bin/kill -HUP $MAINPID", "HUP"),
        ("/bin/kill -s SIGHUP ${MAINPID}", "HUP"),
        ("kill -1 $MAINPID", "HUP"),
        ("/usr/bin/kill --signal USR1 $MAINPID", "USR1"),
        ("/srv/reload.sh", None),
        ("/bin/kill -HUP 4711", None),
    ],
)
def test_the_signal_of_a_reload_line(line: str, signal: str | None) -> None:
    assert sent_signal(line) == signal


def test_a_hook_takes_its_share_of_the_grace_period() -> None:
    def left(**keys: object) -> object:
        values = {f"lifecycle.preStop.{name.replace('__', '.')}": Value(x, (PLACE,)) for name, x in keys.items()}
        return stop_timeout(Unit("kubernetes", "shop", PLACE, stop_timeout=Value(Seconds(30)), keys=values)).x

    assert left() == 30
    assert left(sleep__seconds=5) == 25
    assert left(exec__command=Items(tuple(map(Value, ("sh", "-c", "sleep 10"))))) == 20
    assert isinstance(left(exec__command=Items((Value("/drain.sh"),))), Unknown)


def test_which_shells_may_become_their_command() -> None:
    def machine(image: str) -> Machine:
        return Machine("container", "web", PLACE, image=Value(image))

    assert [shell_may_exec(machine(image)) for image in ("python:3.12-alpine", "rockylinux:9", "registry/ubi9/python")] == [
        True,
        True,
        True,
    ]
    assert [shell_may_exec(machine(image)) for image in ("python:3.12-slim", "debian:12", "ubuntu")] == [False, False, False]


@pytest.mark.parametrize("image", ["python:3.12-slim", "python:slim", "docker.io/library/python:3.13.1-slim-bookworm"])
def test_images_without_tools(image: str) -> None:
    assert image_is(Machine("container", "web", PLACE, image=Value(image)), "slim").x is True


@pytest.mark.parametrize("image", ["python:3.12", "python:3.12-alpine", "mine/python:3.12-slim"])
def test_images_that_may_have_tools(image: str) -> None:
    assert image_is(Machine("container", "web", PLACE, image=Value(image)), "slim").x is False
