"""nginx: which server blocks and locations a configuration has, what holds in each, and where requests go.

Sources: nginx.org/en/docs, and nginx's own source where the manual is silent.
"""

from __future__ import annotations

from serveaudit.programs.nginx.config import Config, read
from serveaudit.programs.nginx.facts import Facts, Form, Known, facts
from serveaudit.programs.nginx.handlers import Files, Handler, Return
from serveaudit.programs.nginx.handshake import Arriving
from serveaudit.programs.nginx.headers import Header, Headers
from serveaudit.programs.nginx.includes import Gap, Include, Resolve
from serveaudit.programs.nginx.known import Installed
from serveaudit.programs.nginx.levels import Effective, Level
from serveaudit.programs.nginx.listens import Listen, Name
from serveaudit.programs.nginx.maps import Evaluator, Map
from serveaudit.programs.nginx.misuse import Misuse
from serveaudit.programs.nginx.recognise import Kind, kind_of, looks_like
from serveaudit.programs.nginx.responses import Added, Answer
from serveaudit.programs.nginx.scopes import Scope
from serveaudit.programs.nginx.sites import Location, Site
from serveaudit.programs.nginx.targets import Target
from serveaudit.programs.nginx.upstreams import Member, Upstream
from serveaudit.programs.nginx.variables import Definition, Usage, Variables
from serveaudit.programs.nginx.versions import at_least, by_version
from serveaudit.programs.nginx.zones import Zone, ZoneUse

__all__ = [
    "Added",
    "Answer",
    "Arriving",
    "Config",
    "Definition",
    "Effective",
    "Evaluator",
    "Facts",
    "Files",
    "Form",
    "Gap",
    "Handler",
    "Header",
    "Headers",
    "Include",
    "Installed",
    "Kind",
    "Known",
    "Level",
    "Listen",
    "Location",
    "Map",
    "Member",
    "Misuse",
    "Name",
    "Resolve",
    "Return",
    "Scope",
    "Site",
    "Target",
    "Upstream",
    "Usage",
    "Variables",
    "Zone",
    "ZoneUse",
    "at_least",
    "by_version",
    "facts",
    "kind_of",
    "looks_like",
    "read",
]
