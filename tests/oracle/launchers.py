"""Python files that serve, drawn in the forms in which people write them: where a value comes from, how the settings get into
the call, and where the call stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from string import Template
from typing import Any, TypeVar

from agreement import Case
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

T = TypeVar("T")
Draw = Callable[[st.SearchStrategy[Any]], Any]
Keywords = Mapping[str, str]
"""The settings of a call, each with the text of its value."""
_DRAWING = settings(
    derandomize=True, database=None, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck)
)


def examples(strategy: st.SearchStrategy[T], count: int) -> list[T]:
    """So many examples of a strategy, always the same ones. Those that Hypothesis draws one after the other are alike."""
    found: list[T] = []

    @settings(_DRAWING, max_examples=4 * count)
    @given(strategy)
    def collect(example: T) -> None:
        found.append(example)

    collect()
    return found[::4]


@dataclass
class Script:
    """A file in the making: what stands above the call, its other files, its variables and its arguments."""

    above: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    module: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    argv: list[str] = field(default_factory=list)

    def case(self, imports: str, body: list[str], main: str) -> Case:
        """The whole: imports, helpers, options, and the body where `main` puts it."""
        head = ["import argparse", "import os", imports, *(["import conf"] if self.module else [])]
        if self.options:
            parsing = ["parser = argparse.ArgumentParser()", *self.options, "args = parser.parse_args()"]
            above, body = self.above, [*parsing, *body] if main != "inline" else body
            head += above if main != "inline" else [*above, *parsing]
        else:
            head += self.above
        files = self.other_files() | {"main.py": placed("\n".join(head), body, main)}
        return Case(["python", "main.py", *self.argv], files, self.env)

    def other_files(self) -> dict[str, str]:
        """The module `conf`, where the file needs one."""
        return {"conf.py": "\n".join(["import os", *self.module]) + "\n"} if self.module else {}


def placed(head: str, body: list[str], main: str) -> str:
    inner = "\n".join(f"    {line}" for line in "\n".join(body).split("\n"))
    if main == "inline":
        return f"{head}\n" + "\n".join(body) + "\n"
    if main == "under main":
        return f'{head}\n\nif __name__ == "__main__":\n{inner}\n'
    return f'{head}\n\n\ndef main():\n{inner}\n\n\nif __name__ == "__main__":\n    main()\n'


MAINS = ("inline", "under main", "function")


@dataclass(frozen=True)
class Form:
    """A way to come to a value: the expression, and what has to stand above the call, among the options, in a module or in the
    environment. $x is the value, $other one that takes its place, $NAME a variable of either kind."""

    expression: str
    above: str = ""
    option: str = ""
    module: str = ""
    needs_variable: bool = False

    def use(self, draw: Draw, script: Script, name: str, x: object, other: object) -> str:
        """The expression; what it needs is put into the file. Its variable and its option may be given or not."""
        words = {"x": repr(x), "other": repr(other), "plain": str(x), "name": name, "NAME": f"APP_{name.upper()}"}
        words["flag"] = name.replace("_", "-")
        for lines, text in ((script.above, self.above), (script.options, self.option), (script.module, self.module)):
            line = Template(text).substitute(words)
            if line and line not in lines:
                lines.append(line)
        if self.needs_variable or draw(st.booleans()):
            script.env[words["NAME"]] = str(other)
        if self.option and "store_true" not in self.option and other != "" and draw(st.booleans()):
            script.argv += [f"--{words['flag']}", str(other)]
        return Template(self.expression).substitute(words)


_ENV_INT = """def env_int(name, default):
    try:
        return int(os.environ[name])
    except (KeyError, ValueError):
        return default
"""
_PRODUCTION = 'ENVIRONMENT = os.getenv("ENVIRONMENT", "production")\nis_production = ENVIRONMENT == "production"'
NUMBERS = [
    Form("$x"),
    Form('int(os.getenv("$NAME", "$x"))'),
    Form('int(os.environ.get("$NAME", $x))'),
    Form('int(os.getenv("$NAME") or $x)'),
    Form('int(os.environ["$NAME"])', needs_variable=True),
    Form("$NAME", above="$NAME = $x"),
    Form("args.$name", option='parser.add_argument("--$flag", type=int, default=$x)'),
    Form("args.$name", option='parser.add_argument("--$flag", type=int, default=int(os.getenv("$NAME", "$x")))'),
    Form(
        "settings_$name.$name",
        above='class Class_$name:\n    $name = int(os.getenv("$NAME", $x))\n\nsettings_$name = Class_$name()',
    ),
    Form('$x if os.getenv("$NAME") is None else $other'),
    Form('env_int("$NAME", $x)', above=_ENV_INT),
    Form("conf.$NAME", module='$NAME = int(os.environ.get("$NAME", "$x"))'),
    Form('defaults_$name["$name"]', above='defaults_$name = {"$name": $x}'),
    Form('$other if os.environ.get("ENV", "production") != "production" else $x'),
]
TEXTS = [
    Form("$x"),
    Form('os.getenv("$NAME", $x)'),
    Form('os.environ.get("$NAME") or $x'),
    Form("$NAME", above="$NAME = $x"),
    Form("args.$name", option='parser.add_argument("--$flag", default=$x)'),
    Form("conf.$NAME", module='$NAME = os.environ.get("$NAME", $x)'),
    Form("$x if is_production else $other", above=_PRODUCTION),
    Form('f"{part_$name}"', above="part_$name = $x"),
    Form('os.environ["$NAME"] if "$NAME" in os.environ else $x'),
]
SWITCHES = [
    Form("$x"),
    Form('os.getenv("$NAME", "$plain").lower() == "true"'),
    Form('os.getenv("$NAME", "$plain") in ("1", "true", "True")'),
    Form('bool(os.getenv("$NAME"))'),
    Form("not $NAME", above='$NAME = os.environ.get("$NAME") == "1"'),
    Form("not is_production", above=_PRODUCTION),
    Form("args.$name", option='parser.add_argument("--$flag", action="store_true")'),
]


@dataclass(frozen=True)
class Settings:
    """The settings from which a file's are drawn: a number each, two texts each, and switches."""

    numbers: Mapping[str, int]
    texts: Mapping[str, tuple[str, str]]
    switches: tuple[str, ...] = ()

    def draw(self, draw: Draw, script: Script, most: int = 5) -> dict[str, str]:
        """Some of them, with the texts of their values."""
        names = st.sampled_from([*self.numbers, *self.texts, *self.switches])
        chosen = draw(st.lists(names, unique=True, min_size=1, max_size=most))
        return {name: self.value(draw, script, name) for name in chosen}

    def value(self, draw: Draw, script: Script, name: str) -> str:
        if name in self.numbers:
            return self.number(draw, script, name)
        if name in self.texts:
            return draw(st.sampled_from(TEXTS)).use(draw, script, name, *self.texts[name])
        other = draw(st.sampled_from(["true", "1", "false", "0", ""]))
        return draw(st.sampled_from(SWITCHES)).use(draw, script, name, draw(st.booleans()), other)

    def number(self, draw: Draw, script: Script, name: str) -> str:
        return draw(st.sampled_from(NUMBERS)).use(draw, script, name, self.numbers[name], self.numbers[name] + 1)


def unpacked(draw: Draw, callee: str, app: str, keywords: Keywords) -> list[str]:
    """The statements of a call with its settings: given there, in a dictionary, or put together before."""
    written = [f"{name}={value}" for name, value in keywords.items()]
    entries = [f'"{name}": {value}' for name, value in keywords.items()]
    match draw(st.sampled_from(range(5))):
        case 0:
            return [f"{callee}({', '.join([app, *written])})"]
        case 1:
            return [f"{callee}(\n    {app},\n" + "".join(f"    {each},\n" for each in written) + ")"]
        case 2:
            return [f"options = {{{', '.join(entries)}}}", f"{callee}({app}, **options)"]
        case 3:
            return [f"options = dict({', '.join(written[:1])})", *_updates(entries[1:]), f"{callee}({app}, **options)"]
        case _:
            half = len(written) // 2
            options = f"options = {{{', '.join(entries[half:])}}}"
            return [options, f"{callee}({', '.join([app, *written[:half]])}, **options)"]


def _updates(entries: list[str]) -> list[str]:
    if not entries:
        return []
    return ['if os.getenv("PLAIN") != "1":', f"    options.update({{{', '.join(entries)}}})"]
