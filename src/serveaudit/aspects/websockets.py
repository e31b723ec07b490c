"""Websockets and streams: who keeps an idle one open, over what they can be opened, who holds them up."""

from __future__ import annotations


class RouteWebsockets:
    """Of a location."""


class ServerWebsockets:
    """Of a server."""


class AppWebsockets:
    """Of an application."""
