"""The command line: its commands and their options. A mistake is told with what was probably meant."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, HelpFormatter, Namespace
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from serveaudit import __version__
from serveaudit.suggest import hint, nearest

if TYPE_CHECKING:
    from serveaudit.finding import Severity

COMMANDS = {
    "check": "audit a deployment (the default)",
    "settings": "what each server will really run with, and where each value comes from",
    "map": "who listens where, who talks to whom",
    "explain": "what a rule is about, and how we know",
    "rules": "list the rules; `rules test DIR` runs the examples of your own",
    "baseline": "write down what is found now, so that only new findings are told",
}
FORMATS = ("text", "concise", "json")
MAP_FORMATS = ("text", "json", "mermaid", "svg")
BASELINE = "serveaudit-baseline.json"
CHOOSING = "choosing-a-server"
"""What `explain` takes beside the names of rules."""


class WrongCall(Exception):
    """The command line can't be understood; the message says why and what was probably meant."""


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise WrongCall(message)


def parse(argv: Sequence[str]) -> Namespace:
    """The options, with the name of the command in `command`. Raises WrongCall; SystemExit after `--help` and `--version`."""
    command, words = ("check", list(argv))
    if argv and argv[0] in COMMANDS:
        command, words = argv[0], list(argv[1:])
    if command == "rules" and words[:1] == ["test"]:
        command, words = "rules test", words[1:]
    parser = _PARSERS[command](command)
    options, unknown = parser.parse_known_intermixed_args(words)
    if unknown:
        flags = [flag for action in parser._actions for flag in action.option_strings]
        word = unknown[0].split("=")[0]
        raise WrongCall(f"unrecognized argument {word}" + (hint(word, flags) if word.startswith("-") else ""))
    options.command = command
    return options


def meant_command(word: str) -> str:
    """`; did you mean the command 'check'?` for a path that does not exist; empty where no command is near."""
    found = nearest(word, COMMANDS)
    return f"; did you mean the command '{found}'?" if found else ""


def _parser(command: str, description: str, epilog: str | None = None) -> _Parser:
    formatter = partial(HelpFormatter, max_help_position=28, width=100)  # a width of its own: asking for it imports shutil
    prog = "serveaudit" if command == "check" else f"serveaudit {command}"
    parser = _Parser(prog=prog, description=description, epilog=epilog, formatter_class=formatter, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"serveaudit {__version__}")
    return parser


def _auditing(command: str, description: str, epilog: str | None = None) -> _Parser:
    """A parser with the options of everything that audits paths."""
    parser = _parser(command, description, epilog)
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and directories (default: .)")
    parser.add_argument(
        "--all-contexts", action="store_true", help="ask of development deployments what is asked of production"
    )
    _add_rules(parser)
    _add_colour(parser)
    return parser


def _check(command: str) -> _Parser:
    others = "; ".join(f"{name}: {what}" for name, what in COMMANDS.items() if name != "check")
    parser = _auditing(command, "Audit how Python web applications are deployed.", f"Other commands: {others}.")
    parser.add_argument("--format", type=_one_of(FORMATS), default="text", metavar="F", help=", ".join(FORMATS))
    parser.add_argument(
        "--output", type=_output, action="append", default=[], metavar="F:FILE", help="write format F to FILE, too"
    )
    _add_selection(parser)
    parser.add_argument("--fail-on", type=_severity, metavar="S", help="exit with 1 from this severity on (default: warning)")
    parser.add_argument("--exit-zero", action="store_true", help="exit with 0 whatever is found")
    parser.add_argument("--baseline", metavar="FILE", help="tell only what is not in this baseline")
    parser.add_argument("-v", "--verbose", action="store_true", help="list what was not read and not decided")
    return parser


def _settings(command: str) -> _Parser:
    parser = _auditing(command, "Print what each server will really run with.")
    parser.add_argument("--program", metavar="NAME", help="only servers of this program")
    parser.add_argument("--all", action="store_true", dest="everything", help="settings at their defaults, too")
    parser.add_argument("--format", type=_one_of(("text", "json")), default="text", metavar="F", help="text, json")
    return parser


def _map(command: str) -> _Parser:
    parser = _auditing(command, "Draw who listens where and who talks to whom.")
    known = ", ".join(MAP_FORMATS)
    parser.add_argument("--format", type=_one_of(MAP_FORMATS), default="text", metavar="F", help=known)
    return parser


def _explain(command: str) -> _Parser:
    parser = _parser(command, "Explain a rule, or which server suits which need.")
    parser.add_argument("rule", metavar="RULE", help=f"its name, or {CHOOSING}")
    _add_rules(parser)
    _add_colour(parser)
    return parser


def _rules(command: str) -> _Parser:
    parser = _parser(command, "List the rules.")
    parser.add_argument("--format", type=_one_of(("text", "json")), default="text", metavar="F", help="text, json")
    _add_rules(parser)
    _add_colour(parser)
    return parser


def _rules_test(command: str) -> _Parser:
    parser = _parser(command, "Run the examples of the rules in a directory.")
    parser.add_argument("directory", metavar="DIR")
    return parser


def _baseline(command: str) -> _Parser:
    parser = _auditing(command, "Write down what is found now.")
    _add_selection(parser)
    parser.add_argument("--baseline", metavar="FILE", help=f"where to (default: the configured one, or {BASELINE})")
    return parser


_PARSERS: dict[str, Callable[[str], _Parser]] = {
    "check": _check,
    "settings": _settings,
    "map": _map,
    "explain": _explain,
    "rules": _rules,
    "rules test": _rules_test,
    "baseline": _baseline,
}


def _add_selection(parser: _Parser) -> None:
    for option, what in (("--select", "ask only"), ("--ignore", "do not ask")):
        about = f"{what} these rules or categories (comma list)"
        parser.add_argument(option, type=_names, action="extend", default=[], metavar="RULES", help=about)
    parser.add_argument("--possible", action="store_true", help="tell possible findings, too; they never fail")
    parser.add_argument("--min-severity", type=_severity, metavar="S", help="tell from this severity on: error, warning, info")


def _add_rules(parser: _Parser) -> None:
    parser.add_argument("--rules", action="append", default=[], metavar="DIR", help="more rules, of your own")


def _add_colour(parser: _Parser) -> None:
    when = ("auto", "always", "never")
    parser.add_argument("--color", type=_one_of(when), default="auto", metavar="WHEN", help=", ".join(when))


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _one_of(choices: Sequence[str]) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in choices:
            raise ArgumentTypeError(f"'{text}' is not one of {', '.join(choices)}" + hint(text, choices))
        return text

    return check


def _severity(text: str) -> Severity:
    from serveaudit.finding import Severity  # imports the floors below, which --version and --help can do without

    return Severity[_one_of(("error", "warning", "info"))(text).upper()]


def _output(text: str) -> tuple[str, str]:
    """`json:report.json` as format and file."""
    name, _, path = text.partition(":")
    if not path:
        raise ArgumentTypeError(f"'{text}' is not FORMAT:FILE, such as json:report.json")
    return _one_of(FORMATS)(name), path
