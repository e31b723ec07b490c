"""Which files were meant to be audited and can't be read by the programs that they are for, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from serveaudit.deployment import Deployment
from serveaudit.discover import Repository
from serveaudit.finding import FileReport
from serveaudit.formats import ini, nginx, toml, yaml
from serveaudit.formats.python.parsing import parse as parse_python
from serveaudit.launch.kubernetes import chart_of
from serveaudit.source import Problem, SourceFile

Check = Callable[[SourceFile], Iterable[Problem]]


def reports(repository: Repository, deployment: Deployment) -> list[FileReport]:
    """What became of every file, its syntax included."""
    broken = dict(_broken(repository, deployment))
    told = [_told(_filled_in(report, repository), broken.pop(report.path, None)) for report in repository.reports]
    return told + [_told(FileReport(path, "nginx", "read"), problem) for path, problem in broken.items()]


def _told(report: FileReport, problem: Problem | None) -> FileReport:
    if problem is None or report.status != "read":
        return report
    reason = f"{problem.message} (line {problem.span.line})"
    return replace(report, status="unreadable", reason=reason, span=problem.span)


def _filled_in(report: FileReport, repository: Repository) -> FileReport:
    """A chart's template is no template only: it is read with the chart's own values."""
    ours = report.kind == "kubernetes" and report.status == "template"
    if not ours or chart_of(report.path, repository.find) is None:
        return report
    return replace(report, status="partly", reason="with the chart's own values")


def _broken(repository: Repository, deployment: Deployment) -> Iterator[tuple[str, Problem]]:
    """Files with a mistake in their syntax, by path, each with its first one. Included files are told by who includes them."""
    for found in repository.files:
        check = _CHECKS.get(found.kind)
        source = repository.find(found.path) if check else None
        problem = next(iter(check(source)), None) if check and source else None
        if problem is not None:
            yield found.path, problem
    for context in deployment.contexts:
        for proxy in context.proxies:
            for problem in proxy.config.problems:
                if problem.span.outermost.source.outer is None and problem.span.source.outer is None:
                    yield problem.span.path, problem


def _nginx(source: SourceFile) -> Iterable[Problem]:
    tree = nginx.parse(source)
    return () if tree.template else tree.problems


def _yaml(source: SourceFile) -> Iterable[Problem]:
    read = yaml.parse(source)
    return () if read.template else read.problems


def _python(source: SourceFile) -> Iterable[Problem]:
    """A configuration in Python; hypercorn's may be TOML."""
    if source.path.endswith(".toml"):
        return toml.parse(source).problems
    tree = source.once(parse_python)
    return (tree,) if isinstance(tree, Problem) else ()


_CHECKS: dict[str, Check] = {
    "nginx": _nginx,
    "compose": _yaml,
    "kubernetes": _yaml,
    "gunicorn": _python,
    "hypercorn": _python,
    "django": _python,
    "systemd": lambda source: ini.parse(source, "systemd").problems,
    "supervisor": lambda source: ini.parse(source, "supervisor").problems,
}
