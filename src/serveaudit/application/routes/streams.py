"""Answers that are sent piece by piece, and event streams."""

from __future__ import annotations

from typing import Literal

from serveaudit.formats.python import Call, Function

_EVENTS = ("EventSourceResponse", "ServerSentEventsResponse")
_BODIES = ("StreamingResponse", "StreamingHttpResponse", "stream_with_context")
_TYPES = ("media_type", "content_type", "mimetype")


def streaming(function: Function) -> Literal["", "body", "events"]:
    """Whether a view answers with an event stream ("events"), or with a body that is made while it is sent."""
    module = function.module
    name = function.qualname
    inside = [call for call in module.calls if f"{call.function}.".startswith(f"{name}.")] if module is not None else []
    if any(call.name.endswith(_EVENTS) or _event_type(call) for call in inside):
        return "events"
    return "body" if any(call.name.endswith(_BODIES) for call in inside) else ""


def _event_type(call: Call) -> bool:
    given = [call.keywords[name][0].x for name in _TYPES if name in call.keywords]
    return any(isinstance(x, str) and x.startswith("text/event-stream") for x in given)
