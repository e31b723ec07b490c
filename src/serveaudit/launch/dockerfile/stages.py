"""A stage of a Dockerfile, while its instructions are gone through."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from serveaudit.command import Environment, Step
from serveaudit.launching import Image, Mount, Sign
from serveaudit.source import SourceFile
from serveaudit.values import Place, Unknown, Value


@dataclass(slots=True, eq=False)
class Stage:
    """What is known of a stage so far. `args` are its build arguments, which are gone when it runs; `triggers` are done when
    another image is built on it."""

    name: str
    base: Value[str]
    place: Place
    env: Environment = field(default_factory=Environment)
    args: dict[str, Value[Any]] = field(default_factory=dict)
    workdir: Value[Any] = field(default_factory=lambda: Value("/"))
    user: Value[Any] = field(default_factory=lambda: Value(None))
    stop_signal: Value[Any] = field(default_factory=lambda: Value(None))
    shell: str = "sh"
    entrypoint: Step | None = None
    command: Step | None = None
    command_is_own: bool = False
    exposed: tuple[Value[int], ...] = ()
    mounts: tuple[Mount, ...] = ()
    runs: tuple[Step, ...] = ()
    brought: tuple[Step, ...] = ()
    outside: tuple[Sign, ...] = ()
    keys: dict[str, Value[Any]] = field(default_factory=dict)
    complete: bool | Unknown = True
    triggers: tuple[SourceFile, ...] = ()

    def lookup(self, name: str) -> Value[Any]:
        """A variable as an instruction of this stage sees it: ENV wins over ARG."""
        if name in self.env.variables:
            return self.env.variables[name]
        if isinstance(self.complete, Unknown):
            return self.args.get(name, Value(replace(self.complete, about=f"${name}")))
        return self.args.get(name, Value(None))

    def step(self, step: Step | None) -> Step | None:
        return replace(step, cwd=self.workdir, env=self.env) if step else None

    def image(self, path: str) -> Image:
        return Image(
            self.base,
            self.place,
            self.step(self.entrypoint),
            self.step(self.command),
            self.env,
            self.workdir,
            self.user,
            self.stop_signal,
            self.exposed,
            self.mounts,
            self.runs,
            self.brought,
            self.outside,
            path,
            self.complete,
            self.keys,
            self.triggers,
        )


def on_image(name: str, reference: Value[Any], place: Place, image: Image | None) -> Stage:
    """A stage that begins on an image which is not built here."""
    if image is None:
        why = Unknown(f"what the image {reference.x if isinstance(reference.x, str) else ''} brings along is not known")
        home: Value[Any] = Value(why, reference.places[:1])
        return Stage(name, reference, place, workdir=home, user=home, complete=why)
    return Stage(
        name,
        reference,
        place,
        image.env,
        workdir=image.workdir,
        user=image.user,
        stop_signal=image.stop_signal,
        entrypoint=image.entrypoint,
        command=image.command,
        exposed=image.exposed,
        mounts=image.mounts,
        outside=image.outside,
        keys=dict(image.keys),
        complete=image.complete,
        triggers=image.triggers,
    )
