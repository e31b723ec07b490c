"""What is wrong with an nginx configuration as such: directives out of place, zones, includes and names that lead nowhere."""

from __future__ import annotations

import posixpath
import re

from serveaudit.deployment import Proxy
from serveaudit.programs.nginx import Include as IncludeFacts
from serveaudit.programs.nginx import Misuse as Facts
from serveaudit.programs.nginx import Name as NameFacts
from serveaudit.programs.nginx import ZoneUse as ZoneFacts
from serveaudit.programs.nginx import facts
from serveaudit.programs.nginx.scopes import written
from serveaudit.source import Problem
from serveaudit.subjects import See
from serveaudit.values import Place, Unknown, Value
from serveaudit.words import Subject, word

_MALFORMED = re.compile(r"://|/|,|:\d+$")
_FAULTS = (("://", "a scheme"), ("/", "a path"), (",", "a comma"), (":", "a port"))
_BLOCKS = {"main": "the main configuration", "server/if": "an if", "location/if": "an if"}
_FAULTS_OF_FORM = {"count": "has a wrong number of arguments", "block": "has no block where it needs one, or one too many"}
_OF_THE_IMAGE = frozenset(
    "mime.types fastcgi_params fastcgi.conf scgi_params uwsgi_params koi-utf koi-win win-utf nginx.conf default.conf".split()
)
"""Files that the images of nginx themselves have in /etc/nginx."""
_OFFICIAL = re.compile(r"(?:(?:docker\.io/)?(?:library/)?nginx|nginxinc/nginx-unprivileged)(?::|@|$)")


class Misuse(Subject):
    """A directive that nginx refuses where it stands."""

    def __init__(self, proxy: Proxy, misuse: Facts, see: See) -> None:
        self.proxy = proxy
        self.facts = misuse
        self.place = written(misuse.directive)
        self.symbol = f"{misuse.scope.symbol}/{misuse.directive.name}"

    @word("not allowed here")
    def directive(self) -> Value[str]:
        """The directive's name."""
        return Value(self.facts.directive.name, (written(self.facts.directive),))

    @word()
    def of_kind(self) -> Value[str]:
        """context: it may not stand there; count, block: it is written in a wrong way; twice; unknown: nginx has none such;
        later: this release has it not yet."""
        return Value(self.facts.kind)

    @word()
    def belongs(self) -> Value[str]:
        """Where it may stand, in words."""
        known = facts().directives.get(self.facts.directive.name)
        places = sorted({place for form in known.forms for place in form.contexts if "/" not in place}) if known else []
        return Value(", ".join(places) or None)

    @word("this release of nginx does not have it yet")
    def fault(self) -> Value[str]:
        """Why nginx does not start with it, to put behind its name; None for one that is said twice, or not known at all."""
        kind = self.facts.kind
        if kind == "later":
            version, since = self.proxy.config.version, facts().directives[self.facts.directive.name].since
            return version.map(lambda release: f"is there since {since}, this is {release}")
        block = _BLOCKS.get(self.facts.scope.kind, f"a {self.facts.scope.kind} block")
        said = f"is not allowed in {block}" if kind == "context" else _FAULTS_OF_FORM.get(kind)
        return Value(said, (written(self.facts.directive),))

    @word("said first here")
    def first(self) -> Value[bool]:
        """The directive that says it already."""
        return Value(True, (written(self.facts.other),) if self.facts.other else ())


class ZoneUse(Subject):
    """A directive that names a shared memory zone."""

    def __init__(self, proxy: Proxy, use: ZoneFacts, see: See) -> None:
        self.proxy = proxy
        self.facts = use
        self.place = written(use.directive)
        self.symbol = f"{use.scope.symbol}/{use.directive.name}[{use.name}]"

    @word("no such zone is defined")
    def name(self) -> Value[str]:
        return Value(self.facts.name, (written(self.facts.directive),))

    @word()
    def directive(self) -> Value[str]:
        return Value(self.facts.directive.name)

    @word()
    def definer(self) -> Value[str]:
        """The directive that would define it."""
        prefix = self.facts.directive.name.partition("_cache")[0]
        names = {"limit_req": "limit_req_zone", "limit_conn": "limit_conn_zone"}
        return Value(names.get(self.facts.kind, f"{prefix}_cache_path"))

    @word()
    def defined(self) -> Value[bool]:
        """Whether a zone of that name and kind is defined."""
        return Value(any(zone.name == self.facts.name and zone.kind == self.facts.kind for zone in self.proxy.config.zones))

    @word()
    def perhaps_elsewhere(self) -> Value[bool]:
        """Whether a file that was not read may define it, never sure; true where a template names the zones."""
        if any("$" in zone.name or "{{" in zone.name for zone in self.proxy.config.zones):
            return Value(True)
        complete = self.proxy.config.complete
        return Value(complete if isinstance(complete, Unknown) else False)


class Include(Subject):
    """An `include` of one file."""

    def __init__(self, proxy: Proxy, include: IncludeFacts, see: See) -> None:
        self.proxy = proxy
        self.facts = include
        self.place = written(include.directive)
        self.symbol = f"include[{include.pattern}]"

    @word("this file is not there")
    def pattern(self) -> Value[str]:
        """What is included, as written."""
        return Value(self.facts.pattern, (written(self.facts.directive),))

    @word()
    def found(self) -> Value[bool]:
        """Whether the file was read, or is one that needs no reading; true for patterns that need not match."""
        named = self.facts.pattern and not re.search(r"[*?\[$]|\{\{|<%", self.facts.pattern)
        return Value(self.facts.state in ("read", "loop") or not named)

    @word("the image has no other files")
    def image(self) -> Value[str]:
        """The image of nginx itself, without further layers, that the configuration runs in; None for everything else."""
        machine = self.proxy.running.machine
        image = machine.image.x
        plain = (
            machine.kind == "container" and machine.dockerfile is None and isinstance(image, str) and _OFFICIAL.search(image)
        )
        return Value(image if plain else None, machine.image.places)

    @word()
    def of_the_image(self) -> Value[bool]:
        """Whether the image itself has the file."""
        folder, name = posixpath.split(posixpath.join("/etc/nginx", self.facts.pattern))
        return Value(
            (folder in ("/etc/nginx", "/etc/nginx/conf.d") and name in _OF_THE_IMAGE) or not folder.startswith("/etc/nginx")
        )

    @word()
    def mounted(self) -> Value[bool]:
        """Whether a volume or a mount of unknown content lies where the file would be."""
        path = posixpath.join("/etc/nginx", self.facts.pattern)
        for mount in self.proxy.running.machine.mounts:
            inside = path == mount.target or path.startswith(mount.target.rstrip("/") + "/")
            if inside and (mount.kind == "volume" or mount.source is None):
                return Value(True, (mount.place,))
        return Value(False)


class ServerName(Subject):
    """One name of a server block."""

    def __init__(self, proxy: Proxy, name: NameFacts, see: See) -> None:
        self.proxy = proxy
        self.facts = name
        self.place = Place(name.word.span) if name.word else name.place
        self.symbol = f"server_name[{name.text}]"

    @word("matches no request")
    def text(self) -> Value[str]:
        """The name as written."""
        return Value(self.facts.text, (self.place,) if self.place else ())

    @word()
    def malformed(self) -> Value[bool]:
        """Whether it has a scheme, a path, a port or a comma, which no host has."""
        plain = self.facts.kind in ("exact", "wildcard")
        return Value(plain and bool(_MALFORMED.search(self.facts.text)))

    @word()
    def fault(self) -> Value[str]:
        """What it has that no host has."""
        return Value(next((what for sign, what in _FAULTS if sign in self.facts.text), None))

    @word()
    def bare(self) -> Value[str]:
        """The host in it alone."""
        return Value(re.sub(r"^\w+://|[/,:].*$", "", self.facts.text))


class SyntaxFault(Subject):
    """A place where nginx's reader stops."""

    def __init__(self, proxy: Proxy, problem: Problem, see: See) -> None:
        self.proxy = proxy
        self.facts = problem
        self.place = Place(problem.span)
        self.symbol = "syntax"

    @word()
    def text(self) -> Value[str]:
        """What is wrong, as nginx would say it."""
        return Value(self.facts.message, (Place(self.facts.span),))
