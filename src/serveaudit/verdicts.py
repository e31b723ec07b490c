"""Asking the rules of every subject of a deployment, and phrasing the answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from serveaudit.evidence import NOWHERE, Labels, locations, places_of
from serveaudit.expressions.comparisons import negation, truth
from serveaudit.expressions.frames import Fork, Frame, Reads, Result, TooMuch, World, worlds
from serveaudit.finding import Certainty, Finding, Fix, Severity, Undecided
from serveaudit.rulebook import Mend, Rule
from serveaudit.templates import ask
from serveaudit.values import Place, Unknown, Value, unique, unless
from serveaudit.ways import Ways
from serveaudit.words import Pair


class Outcome(IntEnum):
    """WEAK: yes, unless something unknown excuses it."""

    NO = 0
    MAYBE = 1
    WEAK = 2
    YES = 3


NOTHING = Unknown("")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a rule's condition comes to in one world.

    reads    what decided
    why      for a MAYBE: what is not known
    doubts   for a WEAK: what would excuse it, as a condition in words
    assumes  what the guards and the proof of the pair rest on
    """

    outcome: Outcome
    reads: Reads = ()
    why: Unknown = NOTHING
    doubts: tuple[str, ...] = ()
    assumes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A finding, with what is needed to mend it and to compare it with others."""

    rule: Rule
    subjects: tuple[Any, ...]
    finding: Finding
    frame: Frame


Mender = Callable[[Mend, Frame, tuple[Any, ...]], Fix | None]
"""Turns a card's fix into edits, in the world of the finding (its frame); None where that can't be done."""
NO = Answer(Outcome.NO)


def ask_all(
    rules: Iterable[Rule], deployment: Any, ways: Ways, mender: Mender | None = None
) -> tuple[list[Finding], list[Undecided]]:
    """Every rule's answer for every subject that it is for. `deployment` is the Deployment subject, `ways` those in which its
    commands are started.

    What a more specific rule replaces is left out, and of findings that say the same of the same place the surest is kept.
    Raises CardError for a card whose conditions can't be asked.
    """
    found: list[Found] = []
    undecided: dict[Undecided, None] = {}
    asked: dict[str, list[Case]] = {}
    for rule in rules:
        text = rule.card.fields["for"]
        if text not in asked:
            asked[text] = [_case(rule, pair, deployment) for pair in rule.question.pairs(deployment)]
        for case in asked[text]:
            verdict = judge(rule, case)
            if isinstance(verdict, Found):
                found.append(verdict)
            elif verdict is not None:
                undecided[verdict] = None
    kept = _without_replaced(found)
    return [_mended(one, mender) for one in _merged([_in_its_way(one, kept, ways) for one in kept])], list(undecided)


@dataclass(frozen=True, slots=True)
class Case:
    """A pair, and the names by which conditions speak of its subjects."""

    pair: Pair
    names: Mapping[str, Result]


def _case(rule: Rule, pair: Pair, deployment: Any) -> Case:
    names: dict[str, Result] = {"deployment": (deployment, ())}
    for spelled, subject in zip(rule.question.names, pair.subjects, strict=True):
        names |= dict.fromkeys(spelled, (subject, ()))
    return Case(pair, names)


def judge(rule: Rule, case: Case) -> Found | Undecided | None:
    """A rule's verdict on one case: a finding, undecided, or nothing to say."""
    try:
        answer = _answer(rule, case, {})
        if answer is NO:
            return None
        answers = [(_NO_CHOICE, answer)]
    except Fork:
        answers = _answers(rule, case)
    best = max(answers, key=lambda given: given[1].outcome)
    if best[1].outcome is Outcome.NO:
        return None
    if best[1].outcome is Outcome.MAYBE:
        return _undecided(rule, case.pair, best[1])
    return _found(rule, case, best, answers)


_NO_CHOICE: World = {}


def _answers(rule: Rule, case: Case) -> list[tuple[World, Answer]]:
    """The answer in every world; where there are too many, that it can't be known."""
    try:
        return worlds(lambda world: _answer(rule, case, world))
    except TooMuch as limit:
        return [(_NO_CHOICE, Answer(Outcome.MAYBE, why=Unknown(str(limit))))]


def _frame(rule: Rule, case: Case, world: World) -> Frame:
    return Frame(case.names, world, rule.compiled.look_up, [math.inf])


def _answer(rule: Rule, case: Case, world: World) -> Answer:
    """The condition, then whether the pair is one, then what would excuse it, in one world."""
    compiled, frame = rule.compiled, _frame(rule, case, world)
    x, reads = compiled.when(frame)
    x = truth(x)
    if x is False:
        return NO
    proof = frame.settle(case.pair.proof)
    held = truth(proof.x)
    doubts: list[str] = []
    assumes = proof.assumes
    for doubt, excuse, rests_on in _excuses(rule, case, frame):
        if excuse is True:
            return NO
        doubts += [doubt] if isinstance(excuse, Unknown) else []
        assumes = unique(assumes, rests_on)
    for why in (x, held):
        if isinstance(why, Unknown):
            return Answer(Outcome.MAYBE, reads, why)
    if held is False:
        return NO
    return Answer(Outcome.WEAK if doubts else Outcome.YES, reads, doubts=tuple(doubts), assumes=assumes)


Excuse = tuple[str, bool | Unknown, tuple[str, ...]]
"""What a finding is told with where it is not known, whether it excuses, and what that rests on."""


def _excuses(rule: Rule, case: Case, frame: Frame) -> Iterator[Excuse]:
    """The guards, and for a rule that needs the edge, that nginx does not face the clients."""
    for reason, guard in rule.compiled.guards:
        excuse, reads = guard(frame)
        rests_on = unique(*(value.assumes for _, value in reads if isinstance(value, Value)))
        yield f"unless {reason}", truth(excuse), rests_on
    if rule.needs_edge:
        edge = _edge(case.pair, frame)
        why = _told(edge.x) if isinstance(edge.x, Unknown) else ""
        yield f"if nginx faces the clients: {why}", negation(edge.x), edge.assumes


def _edge(pair: Pair, frame: Frame) -> Value[Any]:
    """Whether clients reach the subject without another proxy before it."""
    faces = next(subject.faces_clients for subject in pair.subjects if hasattr(subject, "faces_clients"))
    return frame.settle(faces)


def _undecided(rule: Rule, pair: Pair, answer: Answer) -> Undecided:
    why = answer.why
    waiting = [value for _, value in answer.reads if isinstance(value, Value) and _waits_for(value, why)]
    places = [place for value in waiting for place in value.places]
    place = next(iter(places or _heads(pair) or pair.proof.places), NOWHERE)
    about = why.about or next((name for value in waiting for name in value.depends), "")
    return Undecided(rule.name, place.span, _told(why), about)


def _told(why: Unknown) -> str:
    """What is not known, and where to state it."""
    table, _, key = why.about.partition(".")
    return f"{why.why}; state `{key}` in [tool.serveaudit.deployment]" if table == "deployment" and key else why.why


def _waits_for(value: Value[Any], why: Unknown) -> bool:
    return why in (value.x, getattr(value.x, "complete", None)) or not value.known


def _heads(pair: Pair) -> list[Place]:
    return [place for subject in pair.subjects for place in places_of(subject)]


def _found(rule: Rule, case: Case, best: tuple[World, Answer], answers: list[tuple[World, Answer]]) -> Found:
    world, answer = best
    pair, frame, compiled = case.pair, _frame(rule, case, world), rule.compiled
    severity, raised = _severity(rule, frame)
    reads = answer.reads + raised
    if compiled.at:
        reads = ask(compiled.at, frame)[1][-1:] + reads
    shown = locations(reads, pair.proof, Labels(compiled.labels, compiled.phrases), frame, _heads(pair))
    certain = all(given.outcome is Outcome.YES for _, given in answers)
    finding = Finding(
        rule=rule.name,
        category=rule.category,
        severity=severity,
        certainty=Certainty.CERTAIN if certain else Certainty.POSSIBLE,
        message=compiled.message.fill(frame),
        locations=shown,
        symbol=_symbol(case, next((path for path, value in reads if places_of(value)), "")),
        conditions=_conditions(best, answers, reads, certain),
        help=tuple(text.fill(frame) for text in compiled.help),
    )
    return Found(rule, pair.subjects, finding, frame)


def _severity(rule: Rule, frame: Frame) -> tuple[Severity, Reads]:
    """The first case that is surely so, and what made it so."""
    for severity, case in rule.compiled.cases:
        if case is None:
            return severity, ()
        try:
            x, reads = case(frame)
        except Fork:
            continue
        if truth(x) is True:
            return severity, reads
    raise AssertionError("the last case has no condition")


def _conditions(
    best: tuple[World, Answer], answers: list[tuple[World, Answer]], reads: Reads, certain: bool
) -> tuple[str, ...]:
    """What the finding rests on, in words: the choices that matter, what would excuse it, what is assumed."""
    world, answer = best
    assumed = [value.assumes for _, value in reads if isinstance(value, Value)]
    if certain:
        assumed += [value.assumes for _, given in answers for _, value in given.reads if isinstance(value, Value)]
    choices = () if certain else tuple(f"when {label}" for label in _deciding(world, answers))
    return unique(choices, answer.doubts, tuple(map(unless, unique(*assumed, answer.assumes))))


def _deciding(world: World, answers: list[tuple[World, Answer]]) -> list[str]:
    """The choices of a world that the finding hangs on: without any of them it would not be so in every world that remains."""
    kept = dict(world)
    for on in world:
        rest = {name: label for name, label in kept.items() if name != on}
        alike = [given for other, given in answers if all(other.get(name, label) == label for name, label in rest.items())]
        if all(given.outcome >= Outcome.WEAK for given in alike):
            kept = rest
    return list(kept.values())


def _symbol(case: Case, path: str) -> str:
    """The symbolic place of what was read: that of the subject which the path begins with, and the path's rest."""
    root, _, rest = path.partition(".")
    subject = case.names[root][0] if root in case.names else case.pair.subjects[0]
    symbol = str(getattr(subject, "symbol", ""))
    return "/".join(filter(None, (symbol, rest if root in case.names else path)))


def _without_replaced(found: list[Found]) -> list[Found]:
    """Without the findings that another one on the same subjects stands for. A possible one never stands for a certain one."""
    replacing: dict[str, list[Found]] = {}
    for one in found:
        for name in one.rule.replaces:
            replacing.setdefault(name, []).append(one)
    return [one for one in found if not any(_stands_for(other, one) for other in replacing.get(one.rule.name, ()))]


def _stands_for(one: Found, other: Found) -> bool:
    ours, theirs = {id(subject) for subject in one.subjects}, {id(subject) for subject in other.subjects}
    sure = one.finding.certainty is Certainty.CERTAIN or other.finding.certainty is Certainty.POSSIBLE
    return sure and one is not other and (ours <= theirs or theirs <= ours)


def _in_its_way(one: Found, found: list[Found], ways: Ways) -> Found:
    """The finding with what must hold for its command to be started at all; only possible where it does not hold in every way
    in which that may be."""
    always, conditions = ways.decide(one.subjects, (other.subjects for other in found if other.rule is one.rule))
    if always and not conditions:
        return one
    certainty = one.finding.certainty if always else Certainty.POSSIBLE
    told = unique(one.finding.conditions, tuple(f"{'if' if always else 'when'} {condition}" for condition in conditions))
    return replace(one, finding=replace(one.finding, certainty=certainty, conditions=told))


def _merged(found: list[Found]) -> list[Found]:
    """Of findings that say the same of the same place the first certain one, else the first."""
    kept: dict[tuple[Any, ...], Found] = {}
    for one in found:
        span = one.finding.primary.span.outermost
        key = (one.rule.name, span.source.path, span.start, span.end, one.finding.message)
        known = kept.get(key)
        if known is None or (known.finding.certainty, one.finding.certainty) == (Certainty.POSSIBLE, Certainty.CERTAIN):
            kept[key] = one
    return list(kept.values())


def _mended(one: Found, mender: Mender | None) -> Finding:
    mend = one.rule.compiled.mend
    if mend is None or mender is None:
        return one.finding
    return replace(one.finding, fix=mender(mend, one.frame, one.subjects))
