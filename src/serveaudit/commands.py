"""What each command does: reads paths, writes a report to stdout."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from os.path import commonpath
from pathlib import Path
from typing import Any

from serveaudit import catalogue
from serveaudit.cards import Card, CardError, card_files, read_card
from serveaudit.catalogue import UnknownRule, relative
from serveaudit.config import Config, ConfigError, load
from serveaudit.finding import Certainty, Finding, Severity
from serveaudit.options import BASELINE, CHOOSING, WrongCall, meant_command
from serveaudit.report import terminal
from serveaudit.report.frame import Line, Page
from serveaudit.result import Result
from serveaudit.suggest import hint


def run(options: Namespace) -> int:
    """Runs the command of the options. Returns the exit status. Raises WrongCall for what can't be done."""
    try:
        return _COMMANDS[options.command](options)
    except (ConfigError, CardError, UnknownRule) as error:
        raise WrongCall(str(error)) from None


def status(result: Result, fail_on: Severity, exit_zero: bool) -> int:
    """The exit status of an audit. Possible findings never fail it."""
    if exit_zero:
        return 0
    if any(file.status == "unreadable" for file in result.files):
        return 2
    return int(any(finding.severity >= fail_on and finding.certainty is Certainty.CERTAIN for finding in result.findings))


def shown(result: Result, min_severity: Severity, possible: bool) -> list[Finding]:
    """The findings that a report tells."""
    return [
        finding
        for finding in result.findings
        if finding.severity >= min_severity and (possible or finding.certainty is Certainty.CERTAIN)
    ]


def _check(options: Namespace) -> int:
    config = _config(options)
    result = _audit(options, config)
    told = shown(result, config.min_severity, options.possible)
    for name, path in options.output:
        _write_file(Path(path), _rendered(name, result, told, options.verbose, config))
    if options.format == "text":
        from serveaudit.report import text

        page = terminal.page(sys.stdout, os.environ)
        _print(text.render(result, told, page, options.verbose), options)
    else:
        terminal.write_text(_rendered(options.format, result, told, options.verbose, config), sys.stdout)
    return status(result, config.fail_on, options.exit_zero)


def _settings(options: Namespace) -> int:
    from serveaudit.report import settings, settings_data

    launched = _audit(options, _config(options)).launched
    if options.program:
        launched = [each for each in launched if each.server.program == options.program.lower()]
    if options.format == "json":
        terminal.write_text(settings_data.render(launched), sys.stdout)
    else:
        _print(settings.render(launched, terminal.page(sys.stdout, os.environ), options.everything), options)
    return 0


def _map(options: Namespace) -> int:
    from serveaudit.report import graph_data, mermaid, svg, tree

    graphs = _audit(options, _config(options)).map
    if options.format == "text":
        _print(tree.render(graphs, terminal.page(sys.stdout, os.environ)), options)
    else:
        formats = {"json": graph_data.render, "mermaid": mermaid.render, "svg": svg.render}
        terminal.write_text(formats[options.format](graphs), sys.stdout)
    return 0


def _baseline(options: Namespace) -> int:
    from serveaudit.baseline import dump

    config = _config(options)
    path = Path(config.root, config.baseline or BASELINE)
    found = shown(_audit(options, replace(config, baseline=None)), config.min_severity, options.possible)
    _write_file(path, dump(found))
    name = relative(path)
    terminal.write_text(
        f"Wrote {len(found)} findings to {name}.\n"
        f'`serveaudit --baseline {name}` tells only new ones; so does `baseline = "{name}"` in the configuration.\n',
        sys.stdout,
    )
    return 0


def _explain(options: Namespace) -> int:
    from serveaudit.report import explain

    if options.rule == CHOOSING:
        from serveaudit.report import choosing

        _print(choosing.render(_proofs()), options)
        return 0
    cards = {card.name: card for card in _cards(options)}
    if options.rule not in cards:
        raise UnknownRule(f"there is no rule '{options.rule}'{hint(options.rule, (*cards, CHOOSING))}")
    _print(explain.render(cards[options.rule], _proofs()), options)
    return 0


def _rules(options: Namespace) -> int:
    from serveaudit.report import explain

    cards = _cards(options)
    if options.format == "json":
        terminal.write_text(explain.listing_json(cards), sys.stdout)
    else:
        _print(explain.listing(cards), options)
    return 0


def _rules_test(options: Namespace) -> int:
    from serveaudit.examples import complaints

    directory = catalogue.directory(Path(options.directory))
    wrong = 0
    for card in map(read_card, card_files(directory)):
        config = Config(select=(card.name,), rules=() if catalogue.is_own(directory) else (str(directory.absolute()),))
        found = list(complaints(card, partial(_findings, config)))
        lines = [f"{relative(card.path)}: {complaint}" for complaint in found] or [
            f"{card.name}: {len(card.examples)} examples"
        ]
        terminal.write_text("\n".join(lines) + "\n", sys.stdout)
        wrong += len(found)
    return int(wrong > 0)


_COMMANDS: dict[str, Callable[[Namespace], int]] = {
    "check": _check,
    "settings": _settings,
    "map": _map,
    "explain": _explain,
    "rules": _rules,
    "rules test": _rules_test,
    "baseline": _baseline,
}


def _config(options: Namespace) -> Config:
    """The configuration with the options over it. Raises WrongCall for a path that does not exist."""
    options.paths = options.paths or ["."]
    for path in options.paths:
        if not _exists(path):
            raise WrongCall(f"{path}: no such file or directory{meant_command(path)}")
    given = vars(options)
    found = load(_start(options.paths))
    config = replace(
        found,
        select=tuple(given.get("select") or found.select),
        ignore=(*found.ignore, *given.get("ignore", ())),
        rules=tuple(str(directory) for directory in catalogue.directories(found, options.rules)),
        baseline=str(Path(given["baseline"]).absolute()) if given.get("baseline") else found.baseline,
        min_severity=found.min_severity if given.get("min_severity") is None else options.min_severity,
        fail_on=found.fail_on if given.get("fail_on") is None else options.fail_on,
        all_contexts=options.all_contexts or found.all_contexts,
    )
    catalogue.check_names(config)
    return config


def _cards(options: Namespace) -> list[Card]:
    """All rules, with those that the configuration of the working directory and the options add."""
    return catalogue.cards(catalogue.directories(load(Path.cwd()), options.rules))


def _findings(config: Config, path: Path) -> list[Finding]:
    from serveaudit.audit import audit

    return audit([str(path)], config).findings


def _proofs() -> dict[str, Any]:
    """What the last runs of the proofs have seen."""
    found: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "proofs.json").read_text("utf-8"))
    return found


def _audit(options: Namespace, config: Config) -> Result:
    from serveaudit.audit import audit  # everything that reads files hangs on this

    return audit(options.paths, config)


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except OSError:
        return False


def _start(paths: Sequence[str]) -> Path:
    """The innermost directory that holds all paths."""
    common = Path(commonpath([Path(path).absolute() for path in paths]))
    return common if common.is_dir() else common.parent


def _rendered(name: str, result: Result, told: Sequence[Finding], verbose: bool, config: Config) -> str:
    """A report without colours."""
    from serveaudit.report import concise, machine, text

    if name == "json":
        found = catalogue.cards(map(Path, config.rules))
        return machine.render(result, told, {card.name: (card.texts("references") or [""])[0] for card in found})
    if name == "concise":
        return concise.render(told)
    return text.plain(text.render(result, told, Page(), verbose))


def _print(lines: Sequence[Line], options: Namespace) -> None:
    terminal.write(lines, sys.stdout, terminal.coloured(options.color, sys.stdout, os.environ))


def _write_file(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8", errors="backslashreplace")
    except OSError as error:
        raise WrongCall(f"can't write {path}: {error.strerror}") from None
