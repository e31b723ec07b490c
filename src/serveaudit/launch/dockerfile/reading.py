"""Goes through a Dockerfile's instructions."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Container
from dataclasses import replace
from typing import Any

from serveaudit.formats import dockerfile
from serveaudit.formats.dockerfile import Instruction
from serveaudit.formats.words import Filled
from serveaudit.launch.dockerfile.copying import from_context, from_heredocs, from_stage
from serveaudit.launch.dockerfile.ignoring import Ignored
from serveaudit.launch.dockerfile.stages import Stage, on_image
from serveaudit.launch.dockerfile.values import assignment, assignments, below, listed, plain, ports, step, text, words
from serveaudit.launching import Build, Image, Images, Mount, signal_name
from serveaudit.source import SourceFile
from serveaudit.units import duration
from serveaudit.values import Items, Place, Unknown, Value, unknown

_FROM = re.compile(r"\S+(?:\s+[aA][sS]\s+(?P<name>\S+))?\s*$")

_TEST = re.compile(r"CMD\s+", re.IGNORECASE)


def read_image(
    source: SourceFile, build: Build, images: Images, paths: Collection[str] = (), ignore: SourceFile | None = None
) -> Image | None:
    """The image that a Dockerfile describes; None where there is no such stage, or none at all.

    build   its context, to which COPY's paths are relative, the wanted stage, and the build's arguments
    images  knows images that are not built here
    paths   the repository's files, to tell files from directories and to resolve patterns; without them names must do
    ignore  the build's `.dockerignore`
    """
    reader = Reader(build, images, paths)
    reader.without = Ignored(ignore, build.context) if ignore else frozenset()
    file = dockerfile.parse(source)
    for instruction in file.instructions:
        reader.take(instruction)
    stage = reader.stage(build.target) if build.target else reader.stages[-1] if reader.stages else None
    if stage and file.template:
        stage.complete = Unknown(f"{source.path} is a template")
    return stage.image(source.path) if stage else None


class Reader:
    """Goes through the instructions once."""

    def __init__(self, build: Build, images: Images, paths: Collection[str]) -> None:
        self.build = build
        self.images = images
        self.paths = paths
        self.stages: list[Stage] = []
        self.globals: dict[str, Value[Any]] = {}
        self.without: Container[str] = frozenset()

    def take(self, instruction: Instruction) -> None:
        if instruction.name == "FROM":
            self.begin(instruction)
        elif instruction.name == "ARG":
            self.arg(instruction)
        elif self.stages and (method := getattr(self, "take_" + instruction.name.lower(), None)):
            method(self.stages[-1], instruction)

    def stage(self, name: str) -> Stage | None:
        """A stage by its name or number; of two with the same name the later one."""
        if name.isdecimal() and int(name) < len(self.stages):
            return self.stages[int(name)]
        return next((stage for stage in reversed(self.stages) if name and stage.name == name.lower()), None)

    def begin(self, instruction: Instruction) -> None:
        found = _FROM.match(instruction.rest.text.strip())
        word = next(iter(words(instruction.rest, lambda name: self.globals.get(name, Value(None)))), None)
        if word is None:
            return
        name = (found["name"] or "").lower() if found else ""
        place = Place(instruction.span)
        below = self.stage(word.x) if isinstance(word.x, str) and not word.x.isdecimal() else None
        if below:
            stage = replace(below, name=name, place=place, args={}, command_is_own=False, keys=dict(below.keys))
        else:
            stage = on_image(name, word, place, self.images.named(word))
        self.stages.append(replace(stage, triggers=()))
        for trigger in stage.triggers:
            for each in dockerfile.parse(trigger).instructions:
                self.take(each)

    def arg(self, instruction: Instruction) -> None:
        """ARG NAME, ARG NAME=default; what the build is given wins; an argument before the first FROM is for FROM alone."""
        known = self.stages[-1].args if self.stages else self.globals
        lookup = self.stages[-1].lookup if self.stages else lambda name: self.globals.get(name, Value(None))
        for word in Filled(instruction.rest).raw_words():
            name, value = assignment(word.view, lookup)
            if name in self.build.args:
                known[name] = self.build.args[name]
            elif value is not None:
                known[name] = replace(value, assumes=(*value.assumes, f"the build argument {name} is not given"))
            elif self.stages and name in self.globals:
                known[name] = self.globals[name]
            else:
                why = f"the build argument {name} has no default"
                known[name] = unknown(why, Place(instruction.span), about=f"${name}")

    def take_env(self, stage: Stage, instruction: Instruction) -> None:
        new = {name: value for name, value in assignments(instruction.rest, stage.lookup) if value is not None}
        stage.env = stage.env.over(new)

    def take_workdir(self, stage: Stage, instruction: Instruction) -> None:
        stage.workdir = below(stage.workdir, text(instruction.rest, stage.lookup))

    def take_user(self, stage: Stage, instruction: Instruction) -> None:
        stage.user = text(instruction.rest, stage.lookup).map(lambda text: text.partition(":")[0])

    def take_stopsignal(self, stage: Stage, instruction: Instruction) -> None:
        stage.stop_signal = text(instruction.rest, stage.lookup).map(signal_name)

    def take_shell(self, stage: Stage, instruction: Instruction) -> None:
        if instruction.words:
            stage.shell = posixpath.basename(instruction.words[0].text)

    def take_expose(self, stage: Stage, instruction: Instruction) -> None:
        for word in words(instruction.rest, stage.lookup):
            stage.exposed += tuple(ports(word))

    def take_volume(self, stage: Stage, instruction: Instruction) -> None:
        values = listed(instruction, stage.lookup)
        old = stage.keys.get("VOLUME", Value(Items(()))).x
        stage.keys["VOLUME"] = Value(Items((*old, *values)), (Place(instruction.span),))

    def take_label(self, stage: Stage, instruction: Instruction) -> None:
        for name, value in assignments(instruction.rest, stage.lookup):
            if value is not None:
                stage.keys[f"LABEL {name}"] = value

    def take_onbuild(self, stage: Stage, instruction: Instruction) -> None:
        """What is done right behind the FROM of an image that is built on this one."""
        if not instruction.rest.text.upper().startswith(("ONBUILD", "FROM")):
            stage.triggers += (instruction.rest,)

    def take_run(self, stage: Stage, instruction: Instruction) -> None:
        env = stage.env.over({name: value for name, value in stage.args.items() if name not in stage.env.variables})
        run = step(instruction, instruction.script, stage.shell)
        if run:
            stage.runs += (replace(run, cwd=stage.workdir, env=env),)

    def take_cmd(self, stage: Stage, instruction: Instruction) -> None:
        stage.command = step(instruction, instruction.rest, stage.shell)
        stage.command_is_own = True

    def take_entrypoint(self, stage: Stage, instruction: Instruction) -> None:
        """An entrypoint drops the command of the image below (Dockerfile reference, "Understand how CMD and ENTRYPOINT
        interact")."""
        stage.entrypoint = step(instruction, instruction.rest, stage.shell)
        if not stage.command_is_own:
            stage.command = None

    def take_healthcheck(self, stage: Stage, instruction: Instruction) -> None:
        """Under the names that compose has for it: `healthcheck.test`, `healthcheck.interval`."""
        place = Place(instruction.span)
        stage.keys = {name: value for name, value in stage.keys.items() if not name.startswith("healthcheck.")}
        found = _TEST.match(instruction.rest.text)
        if found is None:
            stage.keys["healthcheck.test"] = Value(Items((Value("NONE", (place,)),)), (place,))
            return
        test = instruction.rest.slice(found.end(), len(instruction.rest.text))
        exec_words = dockerfile.exec_words(test)
        head: Value[Any] = Value("CMD-SHELL" if exec_words is None else "CMD", (place,))
        tail = (plain(test),) if exec_words is None else map(plain, exec_words)
        stage.keys["healthcheck.test"] = Value(Items((head, *tail)), (place,))
        for name, view in instruction.flags.items():
            value = plain(view)
            seconds = duration(view.text)
            stage.keys[f"healthcheck.{name.replace('-', '_')}"] = value if seconds is None else replace(value, x=seconds)

    def take_copy(self, stage: Stage, instruction: Instruction) -> None:
        *sources, target = listed(instruction, stage.lookup) or [Value("")]
        directory = below(stage.workdir, target).x
        if not isinstance(target.x, str) or not isinstance(directory, str):
            return
        there = directory == stage.workdir.x or any(mount.target.startswith(directory + "/") for mount in stage.mounts)
        into = there or len(sources) > 1 or target.x.endswith("/") or target.x in (".", "..")
        place = Place(instruction.span)
        stage.mounts += tuple(from_heredocs(instruction, directory, into, place, stage.lookup))
        origin = instruction.flags.get("from")
        other = self.stage(origin.text) if origin else None
        if other and other is not stage:
            known = {id(run) for run in stage.brought}
            stage.brought += tuple(run for run in (*other.brought, *other.runs) if id(run) not in known)
        for source in sources:
            if not isinstance(source.x, str) or (origin and not other):
                stage.mounts += (Mount("copy", None, directory, place),)
            elif other:
                stage.mounts += tuple(from_stage(other.mounts, source.x, directory, into, place))
            elif not source.x.startswith("<<"):
                found = from_context(self.build.context, source.x, directory, into, place, self.paths)
                stage.mounts += tuple(replace(mount, without=self.without) for mount in found)

    take_add = take_copy
