"""What each command does: reads paths, writes a report to stdout."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import replace
from os.path import commonpath
from pathlib import Path

from serveaudit.config import Config, ConfigError, load
from serveaudit.finding import Certainty, Finding, Severity
from serveaudit.options import BASELINE, WrongCall, meant_command
from serveaudit.report import terminal
from serveaudit.report.frame import Line, Page
from serveaudit.result import Result


def run(options: Namespace) -> int:
    """Runs the command of the options. Returns the exit status. Raises WrongCall for what can't be done."""
    try:
        return _COMMANDS[options.command](options)
    except ConfigError as error:
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
        _write_file(Path(path), _rendered(name, result, told, options.verbose))
    if options.format == "text":
        from serveaudit.report import text

        page = terminal.page(sys.stdout, os.environ)
        _print(text.render(result, told, page, options.verbose), options)
    else:
        terminal.write_text(_rendered(options.format, result, told, options.verbose), sys.stdout)
    return status(result, config.fail_on, options.exit_zero)


def _settings(options: Namespace) -> int:
    from serveaudit.report import settings

    servers = _audit(options, _config(options)).servers
    if options.program:
        servers = [server for server in servers if server.program == options.program.lower()]
    if options.format == "json":
        terminal.write_text(settings.render_json(servers), sys.stdout)
    else:
        _print(settings.render(servers, options.everything), options)
    return 0


def _map(options: Namespace) -> int:
    from serveaudit.report import tree

    nodes = _audit(options, _config(options)).map
    if options.format == "json":
        terminal.write_text(tree.render_json(nodes), sys.stdout)
    else:
        _print(tree.render(nodes), options)
    return 0


def _baseline(options: Namespace) -> int:
    from serveaudit.baseline import dump

    config = _config(options)
    path = Path(config.root, config.baseline or BASELINE)
    found = shown(_audit(options, replace(config, baseline=None)), config.min_severity, options.possible)
    _write_file(path, dump(found))
    name = _relative(path)
    terminal.write_text(
        f"Wrote {len(found)} findings to {name}.\n"
        f'`serveaudit --baseline {name}` tells only new ones; so does `baseline = "{name}"` in the configuration.\n',
        sys.stdout,
    )
    return 0


def _explain(options: Namespace) -> int:
    raise WrongCall("not there yet")


def _rules(options: Namespace) -> int:
    raise WrongCall("not there yet")


def _rules_test(options: Namespace) -> int:
    raise WrongCall("not there yet")


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
    config = load(_start(options.paths))
    given = vars(options)
    return replace(
        config,
        select=tuple(given.get("select") or config.select),
        ignore=(*config.ignore, *given.get("ignore", ())),
        rules=(*config.rules, *(str(Path(directory).absolute()) for directory in options.rules)),
        baseline=str(Path(given["baseline"]).absolute()) if given.get("baseline") else config.baseline,
        min_severity=config.min_severity if given.get("min_severity") is None else options.min_severity,
        fail_on=config.fail_on if given.get("fail_on") is None else options.fail_on,
        all_contexts=options.all_contexts or config.all_contexts,
    )


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


def _relative(path: Path) -> str:
    return (path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path).as_posix()


def _rendered(name: str, result: Result, told: Sequence[Finding], verbose: bool) -> str:
    """A report without colours."""
    from serveaudit.report import concise, machine, text

    if name == "json":
        return machine.render(result, told)
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
