"""A container that is started from an image and told nothing: `docker run`."""

from __future__ import annotations

from serveaudit.launching import Image, Machine, Unit, started
from serveaudit.units import Seconds
from serveaudit.values import How, Place, Value

WAITS = "docker kills what has not stopped after 10 s"


def container(image: Image, name: str) -> Machine:
    """The machine that an image makes by itself; nothing is published."""
    step = started(image.entrypoint, image.command)
    default = Place(step.place.span if step else image.place.span, How.DEFAULT, WAITS)
    unit = Unit(
        "docker",
        name,
        step.place if step else image.place,
        (step,) if step else (),
        stop_signal=image.stop_signal if image.stop_signal.x is not None else Value("TERM"),
        stop_timeout=Value(Seconds(10), (default,)),
        user=image.user,
        keys=image.keys,
    )
    return Machine(
        "container",
        name,
        image.place,
        frozenset((name,)),
        [unit],
        exposed=list(image.exposed),
        mounts=list(image.mounts),
        env=image.env,
        workdir=image.workdir,
        image=image.base,
        dockerfile=image.dockerfile,
        runs=image.runs,
        brought=image.brought,
        outside=list(image.outside),
        keys=image.keys,
    )
