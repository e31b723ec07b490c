"""`joint`: one link of a chain of those who wait for each other, with what is inside of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from serveaudit.chains import Joint as Facts
from serveaudit.chains import joints_of
from serveaudit.subjects import See
from serveaudit.units import Seconds
from serveaudit.values import Value
from serveaudit.words import Pair, Subject, relation, word


class Joint(Subject):
    """Two that follow each other in a chain of times, from the outside in, and the time of each."""

    def __init__(self, joint: Facts, see: See) -> None:
        self.facts = joint
        self.see = see
        self.process = joint.process
        self.place = joint.process.server.place
        outside = self.see((joint.pair.proxy, joint.pair.location)) if joint.pair else self.see(joint.process)
        self.symbol = f"{outside.symbol}/{joint.chain}[{joint.outer.who}]"

    @word()
    def outer(self) -> Value[str]:
        """Who waits: nginx, a balancer's name, uWSGI's router, docker, systemd."""
        return Value(self.facts.outer.who)

    @word()
    def inner(self) -> Value[str]:
        """Who is waited for, and has the least time of all that are inside: gunicorn, uWSGI's router, supervisor."""
        return Value(self.facts.inner.who)

    @word("waits for {it}")
    def outer_time(self) -> Value[Seconds]:
        """How long the outer one waits; None: without limit."""
        return self.facts.outer.time

    @word("may take {it}")
    def inner_time(self) -> Value[Seconds]:
        """How long what is inside may take; None: nothing limits it."""
        return self.facts.inner.time

    @word(gives="server")
    def server(self) -> Any:
        """The server at the chain's end."""
        return self.see(self.process)

    @word()
    def only_websockets(self) -> Value[bool]:
        """Whether nginx passes nothing but websockets on here."""
        return self.facts.pair.location.only_websockets if self.facts.pair else Value(False)

    @word(gives="launch")
    def launch(self) -> Any:
        """How the server is started."""
        return self.see((self.process.running, self.process))


class AnswerJoint(Joint):
    """The outer one waits for the inner one's answer: balancer, nginx, uWSGI's router, worker."""


class IdleJoint(Joint):
    """Both keep an idle connection between them: balancer or nginx, server."""


class StopJoint(Joint):
    """The outer one kills the inner one if it has not finished: a container's manager, supervisor, server."""


_KINDS = {"answer": AnswerJoint, "idle": IdleJoint, "stop": StopJoint}


def of(joint: Facts, see: See) -> Joint:
    """The subject for a joint, by the chain that it is of."""
    return _KINDS[joint.chain](joint, see)


@relation("joint")
def joints(deployment: Any) -> Iterator[Pair]:
    """Every joint of the chains that end at a server; the proof is the lines that join nginx and the server."""
    for process in deployment.context.processes:
        for joint in joints_of(process):
            yield Pair((deployment.see(joint),), Value(True, joint.pair.edges if joint.pair else ()))
