"""Expressions as closures: what each kind of node does with what its parts give, and which of them decided.

A closure takes a frame and gives (x, reads): x is what comparisons and arithmetic work on, reads are the (name as written,
Value) pairs that decided it. Two readers build closures from Python's syntax: expressions (configurations) and conditions
(rules); they differ in what they let in, and in how a name is looked up, not in what an operator does.
"""

from __future__ import annotations

import ast
import operator as op
from collections.abc import Callable, Iterator
from typing import Any

from serveaudit.expressions.arithmetic import arithmetic, negative
from serveaudit.expressions.comparisons import Binary, compare, contains, ends, item, members, negation, numeric, truth
from serveaudit.expressions.frames import Closure, Frame, Reads, Result, read, value_of
from serveaudit.expressions.texts import call_method
from serveaudit.values import Items, Range, Unknown, Value


def constant(x: Any) -> Closure:
    result = (x, ())
    return lambda frame: result


def comparison(operator: Binary, left: Closure, right: Closure) -> Closure:
    """`<`, `==`, …: both sides decide."""

    def run(frame: Frame) -> Result:
        a, ra = left(frame)
        b, rb = right(frame)
        return compare(operator, a, b, frame.plain), ra + rb

    return run


def membership(left: Closure, right: Closure, negated: bool) -> Closure:
    """`in` and `not in`: both sides decide."""

    def run(frame: Frame) -> Result:
        a, ra = left(frame)
        b, rb = right(frame)
        inside = contains(a, b, frame.plain)
        return (negation(inside) if negated else inside), ra + rb

    return run


def calculation(operator: Binary, left: Closure, right: Closure) -> Closure:
    def run(frame: Frame) -> Result:
        a, ra = left(frame)
        b, rb = right(frame)
        return arithmetic(operator, a, b), ra + rb

    return run


def applied(function: Callable[[Any], Any], operand: Closure) -> Closure:
    """A function of one plain operand."""

    def run(frame: Frame) -> Result:
        x, reads = operand(frame)
        return function(x), reads

    return run


def inverted(operand: Closure) -> Closure:
    """`not x`"""
    return applied(negation, operand)


def negated(operand: Closure) -> Closure:
    """`-x`"""
    return applied(negative, operand)


def kleene(parts: list[Closure], stop: bool) -> Closure:
    """`and` (stop False) and `or` (stop True) as a question: the first part that decides alone speaks alone; if none does,
    an unknown one leaves it unknown; else all of them decided."""
    if len(parts) == 1:
        return applied(truth, parts[0])

    def run(frame: Frame) -> Result:
        reads: Reads = ()
        undecided: Result | None = None
        for part in parts:
            x, read = part(frame)
            x = truth(x)
            if x is stop:
                return stop, read
            if isinstance(x, Unknown):
                undecided = undecided or (x, read)
            else:
                reads += read
        return undecided or (not stop, reads)

    return run


def conditional(test: Closure, yes: Closure, no: Closure) -> Closure:
    """`yes if test else no`; unknown where the test is."""

    def run(frame: Frame) -> Result:
        x, reads = test(frame)
        x = truth(x)
        if isinstance(x, Unknown):
            return x, reads
        y, more = (yes if x else no)(frame)
        return y, reads + more

    return run


def subscript(base: Closure, key: Closure, path: str = "", missing: Callable[[], Any] = lambda: None) -> Closure:
    """`base[key]`; what `missing` gives where there surely is no such member."""

    def run(frame: Frame) -> Result:
        x, reads = base(frame)
        k, more = key(frame)
        if x is None:
            return missing(), reads + more
        try:
            found = item(x, k)
        except LookupError:
            return missing(), reads + more
        return read(found, path, frame, reads + more) if isinstance(found, Value) else (found, reads + more)

    return run


def method(name: str, base: Closure, args: list[Closure]) -> Closure:
    """A pure method of a text."""

    def run(frame: Frame) -> Result:
        x, reads = base(frame)
        given = []
        for arg in args:
            y, more = arg(frame)
            given.append(y)
            reads += more
        return call_method(name, x, given, frame.plain), reads

    return run


Step = tuple[Any, Any, Reads, Reads]
"""Of one member: whether the loop lets it in, what the body gives for it, the body's reads, the conditions' reads."""
Loop = Callable[[Frame], tuple[Any, Reads, Iterator[Step]]]
"""Gives (whether the list is complete, the list's reads, a step for each member)."""


def bind(frame: Frame, name: str, member: Any) -> None:
    """Puts a loop's member, in this world, under a name."""
    if isinstance(member, Value):
        frame[name] = read(member, name, frame)
    else:
        frame[name] = (member, ((name, member),) if hasattr(member, "place") else ())


def loop(source: Closure, variables: list[str], conditions: list[Closure], body: Closure) -> Loop:
    """`body for variable in source if conditions`. Several variables take apart members that are lists."""
    condition = kleene(conditions, stop=False) if conditions else constant(True)

    def steps(inside: tuple[Any, ...], frame: Frame) -> Iterator[Step]:
        inner = frame.inner() if inside else frame
        for member in inside:
            for variable, part in zip(variables, _apart(member, len(variables), frame), strict=True):
                bind(inner, variable, part)
            let_in, why = condition(inner)
            yield (let_in, *body(inner), why) if let_in is not False else (False, None, (), ())

    def run(frame: Frame) -> tuple[Any, Reads, Iterator[Step]]:
        x, reads = source(frame)
        inside, complete = members(x)
        frame.spend(len(inside))
        return complete, reads, steps(inside, frame)

    return run


def _apart(member: Any, count: int, frame: Frame) -> tuple[Any, ...]:
    if count == 1:
        return (member,)
    parts, complete = members(frame.plain(member))
    if len(parts) == count and complete is True:
        return parts
    return (Value(Unknown("it can't be taken apart")),) * count


def each_member(source: Closure) -> Loop:
    """A loop whose body is the member itself: `any(source)`."""
    return loop(source, ["member of it"], [], lambda frame: frame["member of it"])


def quantified(each: Loop, stop: bool) -> Closure:
    """`any` (stop True) and `all` (stop False): a sure witness speaks alone; if there is none, an unknown member, or a list
    that may be longer, leaves it unknown; else every member decided, and the list's own place."""

    def run(frame: Frame) -> Result:
        complete, source, steps = each(frame)
        reads = list(source)
        undecided: Result | None = (complete, source) if isinstance(complete, Unknown) else None
        for let_in, x, own, why in steps:
            x = truth(x) if let_in is not False else not stop
            if x is stop and let_in is True:
                return stop, why + own
            if x is not (not stop):
                undecided = (let_in if isinstance(let_in, Unknown) else x, why + own)
            reads += why + own
        return undecided or (not stop, tuple(reads))

    return run


def collected(each: Loop) -> Closure:
    """`[body for …]`: Items of Values; a member that is perhaps let in makes the list perhaps longer."""

    def run(frame: Frame) -> Result:
        complete, source, steps = each(frame)
        reads, kept = list(source), []
        for let_in, x, own, why in steps:
            if isinstance(let_in, Unknown):
                complete = let_in
            elif let_in:
                frame.spend(len(x) // 100 if isinstance(x, str) else 0)
                kept.append(value_of(x, own))
                reads += why + own
        return Items(tuple(kept), complete), tuple(reads)

    return run


def added_up(each: Loop) -> Closure:
    """`sum(body for …)` of what is not negative: a list that may be longer gives a range."""

    def run(frame: Frame) -> Result:
        complete, source, steps = each(frame)
        reads, total = list(source), 0
        for let_in, x, own, why in steps:
            if isinstance(let_in, Unknown):
                complete = let_in
            elif let_in:
                total = arithmetic(op.add, total, x)
                reads += why + own
        if complete is not True and numeric(total):
            return Range(ends(total)[0]), tuple(reads)
        return total, tuple(reads)

    return run


COMPARISONS: dict[type[ast.cmpop], Binary] = {
    ast.Lt: op.lt,
    ast.Gt: op.gt,
    ast.LtE: op.le,
    ast.GtE: op.ge,
    ast.Eq: op.eq,
    ast.NotEq: op.ne,
    ast.Is: op.eq,
    ast.IsNot: op.ne,
}
CALCULATIONS: dict[type[ast.operator], Binary] = {
    ast.Add: op.add,
    ast.Sub: op.sub,
    ast.Mult: op.mul,
    ast.Div: op.truediv,
    ast.FloorDiv: op.floordiv,
    ast.Mod: op.mod,
    ast.Pow: op.pow,
    ast.LShift: op.lshift,
    ast.RShift: op.rshift,
    ast.BitOr: op.or_,
    ast.BitAnd: op.and_,
    ast.BitXor: op.xor,
}
