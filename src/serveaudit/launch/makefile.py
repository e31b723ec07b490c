"""The targets of a Makefile: what `make run` starts. Source: GNU make's manual.

A Makefile is for a developer's machine: its targets are no deployment unless something else calls them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from serveaudit.command import Environment, Step
from serveaudit.formats.words import Syntax, fill
from serveaudit.launching import Unit
from serveaudit.source import SourceFile
from serveaudit.values import Place, Value

_REFERENCE = Syntax(
    re.compile(
        r"""(?P<literal>\$\$)
        |(?:\$(?P<brace>[({])|\$)?(?P<name>(?<=[({])[\w.-]+(?=[)}])|(?<=\$)@|\$\(shell\s+)(?(brace)[)}])""",
        re.VERBOSE,
    )
)
"""`$(NAME)`, `${NAME}`, `$@`; `$(shell ` is the beginning of the shell's own `$(`."""
_VARIABLE = re.compile(
    r"^[ ]*(?P<export>export[ \t]+)?(?P<name>[A-Za-z_][\w.-]*)[ \t]*(?P<sign>[:?+]{0,3})=[ \t]*"
    r"(?P<value>(?:\\\n|[^#\n])*?)[ \t]*(?:#.*)?$"
)
_EXPORT = re.compile(r"^export[ \t]+(?P<names>[\w \t]+)$")
_RULE = re.compile(r"^(?P<targets>[^\s:#=][^:#=]*?)[ \t]*::?(?!=)[ \t]*(?P<rest>[^#\n;]*?)[ \t]*(?:;(?P<recipe>.*)|#.*)?$")
_CONDITION = re.compile(r"^[ ]*(?P<word>ifeq|ifneq|ifdef|ifndef|endif|else|define|endef)\b")
DEEPEST = 8


@dataclass(slots=True)
class _Target:
    name: str
    place: Place
    prerequisites: list[str] = field(default_factory=list)
    recipe: list[tuple[int, int]] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    exports: set[str] = field(default_factory=set)


def read_targets(
    source: SourceFile,
    env: Environment | None = None,
    cwd: Value[Any] | None = None,
    given: Mapping[str, str] | None = None,
) -> list[Unit]:
    """A unit for each target that has a recipe, in written order; `before` are the recipes of its prerequisites. `given` are
    variables of the command line, which win over those of the file.

    Each line of a recipe is a step of its own. Variables that the file sets are put in; others are left to the shell.
    """
    reader = _Reader(source, env or Environment(), cwd or Value(""), given or {})
    reader.read()
    return [reader.unit(target) for target in reader.targets.values() if target.recipe]


class _Reader:
    def __init__(self, source: SourceFile, env: Environment, cwd: Value[Any], given: Mapping[str, str]) -> None:
        self.source = source
        self.env = env
        self.cwd = cwd
        self.given = given
        self.targets: dict[str, _Target] = {}
        self.variables = {"MAKE": "make"}
        self.exports: set[str] = set()
        self.choices = 0

    def read(self) -> None:
        """Goes through the lines; what stands in `ifdef` and `define` sets nothing that is known."""
        open_: list[_Target] = []
        for start, end in self.lines():
            text = self.source.text[start:end]
            if text.startswith("\t") and open_:
                for target in open_:
                    target.recipe.append((start + 1, end))
            elif condition := _CONDITION.match(text):
                self.choices += {"endif": -1, "endef": -1, "else": 0}.get(condition["word"], 1)
            elif variable := _VARIABLE.match(text):
                self.assign(variable, self.variables, self.exports)
            elif export := _EXPORT.match(text):
                self.exports |= set(export["names"].split())
            elif rule := _RULE.match(text):
                open_ = list(self.rule(rule, start))

    def lines(self) -> Iterator[tuple[int, int]]:
        """The lines, each with those that a backslash joins to it."""
        for line in re.finditer(r"(?:[^\n\\]|\\[\s\S]|\\$)*\n?", self.source.text):
            end = line.end() - line[0].endswith("\n")
            if line[0].strip() and not line[0].lstrip().startswith("#"):
                yield line.start(), end

    def assign(self, variable: re.Match[str], variables: dict[str, str], exports: set[str]) -> None:
        name, sign = variable["name"], variable["sign"]
        value = re.sub(r"[ \t]*\\\n[ \t]*", " ", variable["value"])
        if variable["export"]:
            exports.add(name)
        if self.choices:
            variables.pop(name, None)
        elif sign == "+" and name in variables:
            variables[name] += " " + value
        elif sign != "?" or name not in variables:
            variables[name] = value

    def rule(self, rule: re.Match[str], start: int) -> Iterator[_Target]:
        own = _VARIABLE.match(rule["rest"])
        for name in rule["targets"].split():
            place = Place(self.source.span(start + rule.start("targets"), start + rule.end("targets")))
            if name.startswith(".") or "%" in name:
                continue
            target = self.targets.setdefault(name, _Target(name, place))
            if own:
                self.assign(own, target.variables, target.exports)
                continue
            target.prerequisites += rule["rest"].replace("|", " ").split()
            if rule["recipe"]:
                target.recipe.append((start + rule.start("recipe"), start + rule.end("recipe")))
            yield target

    def unit(self, target: _Target) -> Unit:
        before = [step for name in self.first(target, set()) for step in self.steps(self.targets[name])]
        return Unit("make", target.name, target.place, tuple(self.steps(target)), tuple(before))

    def first(self, target: _Target, seen: set[str]) -> list[str]:
        """What has to be made before a target, in order, each once."""
        found: list[str] = []
        for name in target.prerequisites:
            if name in self.targets and name != target.name and name not in seen and len(seen) < 100:
                seen.add(name)
                found += [*self.first(self.targets[name], seen), name]
        return found

    def steps(self, target: _Target) -> Iterator[Step]:
        variables = {**self.variables, **target.variables, **self.given, "@": target.name}
        shell = variables.get("SHELL", "sh").rpartition("/")[2]
        exports = sorted(name for name in self.exports | target.exports if name in variables)
        exported: dict[str, Value[Any]] = {name: Value(_looked_up(name, variables), (target.place,)) for name in exports}
        for start, end in target.recipe:
            line = self.source.text[start:end]
            start += len(line) - len(line.lstrip(" \t@+-"))
            view = fill(self.source.slice(start, end), _REFERENCE, lambda name: Value(_looked_up(name, variables))).view
            yield Step(Place(self.source.span(start, end)), script=view, shell=shell, cwd=self.cwd, env=self.env.over(exported))


def _looked_up(name: str, variables: dict[str, str], depth: int = 0) -> str:
    """A variable's text with those in it put in; one that the file does not set is the shell's."""
    if name.startswith("$"):
        return "$("
    if name not in variables or depth == DEEPEST:
        return f"${{{name}}}"
    return re.sub(r"\$[({](\w+)[)}]", lambda found: _looked_up(found[1], variables, depth + 1), variables[name])[:5000]
