"""A cloud's user data (`#cloud-config`): the files that it writes, and the commands that it runs.

Source: cloud-init's manual, modules "Write Files" and "Runcmd".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from serveaudit.command import Step
from serveaudit.formats.words import placeholders
from serveaudit.formats.yaml import Node, Scalar, Sequence, parse
from serveaudit.source import SourceFile
from serveaudit.values import Place, Value

_MOST = 500
"""Members of a list: aliases may make a small file endless."""


@dataclass(slots=True)
class UserData:
    """`files` by the path where they are written, each as a view on the user data; `commands` in their order."""

    files: dict[str, SourceFile] = field(default_factory=dict)
    commands: list[Step] = field(default_factory=list)


def read_user_data(source: SourceFile) -> UserData:
    """What is put onto the machine and run there. A file that is encoded, or only added to, is none of it."""
    found = UserData()
    for root in parse(source).mappings[:1]:
        written = root.sequence("write_files")
        for entry in written.mappings[:_MOST] if written else ():
            content = entry.scalar("content")
            plain = entry.text("encoding") in ("", "text/plain") and entry.text("append") != "true"
            if content is not None and entry.text("path").startswith("/") and plain:
                found.files[entry.text("path")] = content.view
        commands = root.sequence("runcmd")
        steps = map(_step, commands.items[:_MOST]) if commands else ()
        found.commands = [step for step in steps if step is not None]
    return found


def _step(node: Node) -> Step | None:
    """A text is for the shell, a list is words."""
    if isinstance(node, Scalar):
        return Step(Place(node.span), script=node.view)
    if isinstance(node, Sequence) and node.scalars:
        return Step(Place(node.span), argv=tuple(map(_word, node.scalars[:_MOST])))
    return None


def _word(node: Scalar) -> Value[Any]:
    return placeholders(node.view).value()
