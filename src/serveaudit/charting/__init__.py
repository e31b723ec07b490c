"""The deployment as graphs to look at: who listens where, who talks to whom, what runs behind."""

from __future__ import annotations

from serveaudit.charting.drafting import Draft
from serveaudit.charting.entrances import add_entrances
from serveaudit.charting.insides import add_proxies, add_servers
from serveaudit.deployment import Context, Deployment
from serveaudit.graph import Graph

__all__ = ["chart"]


def chart(deployment: Deployment) -> list[Graph]:
    """One graph for each context: what faces its clients, its proxies with their sites and locations, and its servers. None
    where an nginx without sites is all that there is."""
    graphs = map(_context, deployment.contexts)
    return [graph for graph in graphs if graph.nodes]


def _context(context: Context) -> Graph:
    draft = Draft(context)
    add_proxies(draft)
    add_servers(draft)
    add_entrances(draft)
    return Graph(context.name, context.kind, tuple(draft.nodes), draft.edges)
