"""The audit: discover, read, build, ask, suppress, sort."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from serveaudit import baseline, builtin, suppress
from serveaudit.assembling import assemble
from serveaudit.charting import chart
from serveaudit.config import Config
from serveaudit.deployment import Context, Deployment
from serveaudit.discover import Repository, discover
from serveaudit.documents import chapters
from serveaudit.finding import FileReport, Finding, Severity, Undecided
from serveaudit.fingerprint import stamp
from serveaudit.journeys import journeys
from serveaudit.legibility import reports
from serveaudit.result import Result
from serveaudit.rulebook import Rule, load_rules
from serveaudit.verdicts import ask_all
from serveaudit.vocabulary import VOCABULARY, deployment_of
from serveaudit.ways import Ways

_IN_DEVELOPMENT = frozenset({"validity", "wiring"})
"""The categories whose rules are asked of development contexts too, one severity lower."""


def audit(paths: Sequence[str], config: Config) -> Result:
    """Everything that can be said of the files under these paths. Raises FileNotFoundError for a path that is not there, and
    cards.CardError for a card of the user's that can't be used."""
    repository = discover([Path(path) for path in paths], config)
    deployment = assemble(repository, config.deployment)
    for chapter in chapters(repository):
        deployment.add(chapter.name, assemble(chapter, config.deployment))
    rules = [
        rule
        for rule in load_rules(VOCABULARY, [Path(directory) for directory in config.rules])
        if config.asks(rule.name, rule.category)
    ]
    findings, undecided = _ask(rules, deployment, repository, config)
    files = reports(repository, deployment)
    result = Result(
        undecided=undecided,
        files=files,
        map=chart(deployment),
        launched=journeys(deployment),
    )
    _settle(result, [*_unreadable(files), *findings], rules, repository, config)
    return result


def _ask(
    rules: Sequence[Rule], deployment: Deployment, repository: Repository, config: Config
) -> tuple[list[Finding], list[Undecided]]:
    """Every rule's answers in every context; what several contexts share is told once and names them all."""
    found: dict[tuple[str, str, int, str], Finding] = {}
    undecided: dict[Undecided, None] = {}
    for context in deployment.contexts:
        asked, lower = _rules_for(context, rules, config)
        findings, doubts = ask_all(asked, deployment_of(context), Ways(context.launches))
        undecided.update(dict.fromkeys(doubts))
        for finding in findings:
            if not config.all_contexts and _is_tried_out(finding, repository):
                continue
            span = finding.primary.span.outermost
            key = (finding.rule, span.source.path, span.start, finding.message)
            known = found.get(key)
            finding = replace(finding, severity=_lowered(finding.severity) if lower else finding.severity)
            contexts = (*(known.contexts if known else ()), context.name) if len(deployment.contexts) > 1 else ()
            kept = max((known, finding), key=lambda one: one.severity) if known else finding
            found[key] = replace(kept, contexts=contexts)
    return list(found.values()), list(undecided)


def _is_tried_out(finding: Finding, repository: Repository) -> bool:
    """Whether a finding is only about a file for development, although a production context has a part in it."""
    path = finding.primary.span.path
    named = any(found.named for found in repository.files if found.path == path)
    return finding.category not in _IN_DEVELOPMENT and not named and repository.kind_of(path) == "development"


def _rules_for(context: Context, rules: Sequence[Rule], config: Config) -> tuple[list[Rule], bool]:
    """The rules to ask of a context, and whether their findings count one severity less there."""
    if context.kind == "production" or config.all_contexts:
        return list(rules), False
    return [rule for rule in rules if rule.category in _IN_DEVELOPMENT], True


def _lowered(severity: Severity) -> Severity:
    return Severity(max(severity - 1, Severity.INFO))


def _unreadable(files: Iterable[FileReport]) -> Iterator[Finding]:
    """A finding for every file that was meant to be audited and could not be read."""
    for file in files:
        if file.status == "unreadable":
            yield builtin.unreadable_file(file)


def _settle(result: Result, findings: list[Finding], rules: Sequence[Rule], repository: Repository, config: Config) -> None:
    """Leaves out what the user silences, counts it, and sorts the rest, the most important first."""
    categories = {rule.name: rule.category for rule in rules} | {card.name: card.category for card in builtin.CARDS}
    found = stamp(sorted(findings, key=_order))
    result.suppressed = Counter()
    kept = suppress.by_config(found, config)
    result.suppressed["config"] = len(found) - len(kept)
    written = suppress.ignores(repository.sources)
    heard = suppress.by_comment(kept, result.undecided, written, categories)
    result.suppressed["inline"] = len(kept) - len(heard)
    heard = stamp(sorted([*heard, *suppress.unused(written, categories, config.asks)], key=_order))
    if config.baseline:
        known = baseline.load(Path(config.root, config.baseline))
        new = known.new(heard)
        result.suppressed["baseline"] = len(heard) - len(new)
        result.mended = known.mended(heard, lambda name: name in categories)
        heard = new
    result.findings = heard


def _order(finding: Finding) -> tuple[int, str, int, str]:
    span = finding.primary.span
    return (-finding.severity, span.path, span.line, finding.rule)
