"""A whole configuration of nginx, read from its root file or from a fragment that an unseen one includes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from serveaudit.formats.nginx import Tree
from serveaudit.programs.nginx.includes import Include, Reader, Resolve
from serveaudit.programs.nginx.levels import Level
from serveaudit.programs.nginx.listens import Listen
from serveaudit.programs.nginx.misuse import Misuse, misuses
from serveaudit.programs.nginx.passing import Around
from serveaudit.programs.nginx.recognise import Kind, kind_of
from serveaudit.programs.nginx.scopes import Scope
from serveaudit.programs.nginx.sites import Location, Site
from serveaudit.programs.nginx.texts import from_environment
from serveaudit.programs.nginx.upstreams import Upstream
from serveaudit.programs.nginx.variables import Variables
from serveaudit.programs.nginx.zones import Zone, ZoneUse, defined, used
from serveaudit.source import Problem, SourceFile
from serveaudit.units import Address
from serveaudit.values import Unknown, Value

_OWN_MODULES = re.compile(r"ngx_(stream|mail|(http|stream)_(js|geoip|perl|image_filter|xslt_filter))_module\.so$")
"""Modules of nginx's own source and njs, whose directives and variables are in the table."""


@dataclass(eq=False)
class Config:
    """One nginx as it would be started, as far as its files were read.

    root      the file that was asked for; `beside` are others that stand in the same http block
    kind      whole; fragment: its http block was not read; snippet: not even its server block
    main      the settings outside of all blocks; None where they were not read
    http      the settings of the http block; for a fragment those that stand beside its server blocks; None: there is none
    version   nginx's version; None where it is not known
    """

    root: SourceFile
    kind: Kind
    reader: Reader = field(repr=False)
    main: Level | None
    http: Level | None
    version: Value[str]
    beside: tuple[SourceFile, ...] = ()

    @cached_property
    def sites(self) -> list[Site]:
        """The server blocks, in order."""
        if self.http is None:
            return []
        scope = self.http.scope
        return [Site(inner, self.version, self.around, scope) for inner in scope.blocks("server")]

    @cached_property
    def around(self) -> Around:
        return Around(self.variables, self.upstreams, self.version, self.complete is True)

    @cached_property
    def upstreams(self) -> dict[str, Upstream]:
        """The upstream blocks by name."""
        found = [Upstream(inner, self.version) for inner in self.http.scope.blocks("upstream")] if self.http else []
        return {upstream.name: upstream for upstream in found}

    @cached_property
    def variables(self) -> Variables:
        """The variables of the http block."""
        return Variables(self.http.scope if self.http else Scope(self.reader, "http", (), self.root))

    @property
    def routes(self) -> list[Location]:
        """Every location that passes requests on, of every site."""
        return [location for site in self.sites for location in site.routes]

    @property
    def complete(self) -> bool | Unknown:
        """Whether everything that can be defined beside the sites (maps, upstreams, zones, further sites) was read."""
        if self.http is None or self.kind != "whole":
            return Unknown("the enclosing http {} was not read", "http {}")
        gaps = [*self.http.scope.gaps, *(self.main.scope.gaps if self.main else ())]
        return gaps[0].unknown if gaps else True

    @property
    def foreign(self) -> bool | Unknown:
        """Whether modules that are not nginx's own are loaded, and with them directives and variables that are not known."""
        if self.main is None:
            return Unknown("the main configuration was not read", "load_module")
        loads = any(include.pattern.endswith("modules-enabled/*.conf") for include in self.includes)
        named = [word.text for line in self.main.scope.own("load_module") for word in line.args]
        if any(not _OWN_MODULES.search(path) for path in named):
            return True
        return Unknown("modules are loaded elsewhere", "modules-enabled") if loads else False

    @cached_property
    def zones(self) -> list[Zone]:
        """The shared memory zones, in order."""
        return defined(self.http.scope) if self.http else []

    @property
    def zone_uses(self) -> list[ZoneUse]:
        """Every directive that names a zone."""
        return list(used(self.http.scope)) if self.http else []

    @property
    def misuses(self) -> list[Misuse]:
        """Directives that nginx would refuse where they stand, or does not know."""
        outermost = self.main or self.http
        return list(misuses(outermost.scope, self.version)) if outermost else []

    @property
    def includes(self) -> list[Include]:
        """What became of every `include` that was met."""
        self._read_all()
        return list(self.reader.includes.values())

    @property
    def problems(self) -> list[Problem]:
        """What in the files could not be read; templates are not asked."""
        self._read_all()
        return self.reader.problems

    @property
    def trees(self) -> list[Tree]:
        """The files that were read."""
        self._read_all()
        return list(self.reader.trees.values())

    @property
    def template(self) -> str:
        """The language of the template that the root file is: jinja, mustache, erb, envsubst; empty for none."""
        tree = self.reader.tree(self.root)
        if tree.template:
            return tree.template
        return "envsubst" if any(from_environment(name) for name in self.variables.environment) else ""

    def sharing(self, listen: Listen) -> list[Site]:
        """The sites that listen at the same address and port, in order: the first is the default unless another says so."""
        key = _shared(listen)
        return [] if key is None else self._by_address.get(key, [])

    @cached_property
    def _by_address(self) -> dict[tuple[object, ...], list[Site]]:
        found: dict[tuple[object, ...], list[Site]] = {}
        for site in self.sites:
            for key in dict.fromkeys(map(_shared, site.listens)):
                if key is not None:
                    found.setdefault(key, []).append(site)
        return found

    def default_for(self, listen: Listen) -> Value[Site]:
        """The site that answers at an address for names that no site has."""
        sharing = self.sharing(listen)
        chosen = [site for site in sharing if any(_same(listen, other) and other.default_server for other in site.listens)]
        if chosen:
            return Value(chosen[0], (chosen[0].place,))
        if isinstance(self.complete, Unknown):
            assumed = ("no other file has a server block for the same address before this one",)
            return Value(sharing[0] if sharing else None, tuple(site.place for site in sharing[:1]), assumed)
        return Value(sharing[0] if sharing else None, tuple(site.place for site in sharing[:1]))

    def _read_all(self) -> None:
        """Blocks are read when they are asked for; this asks for all."""
        for level in (self.main, self.http):
            for _ in level.scope.walk() if level else ():
                pass


def _shared(listen: Listen) -> tuple[object, ...] | None:
    """By what two listeners are the same one; None where the address is not known."""
    address = listen.address.x
    if not isinstance(address, Address):
        return None
    host = address.host if address.host not in ("*", "0.0.0.0", "") else "*"
    return address.kind, address.port, address.path, host


def _same(one: Listen, other: Listen) -> bool:
    return _shared(one) is not None and _shared(one) == _shared(other)


def nothing(pattern: str, source: SourceFile) -> Unknown:
    """A resolver that finds no file."""
    return Unknown(f"{pattern} was not read", pattern)


def read(
    root: SourceFile,
    resolve: Resolve = nothing,
    version: Value[str] | None = None,
    beside: Sequence[SourceFile] = (),
) -> Config:
    """Reads a configuration from its root file. Never raises: what can't be read is told by `problems` and `complete`.

    `resolve` finds the files of an `include`; `beside` are further fragments that stand in the same http block as the root.
    """
    reader = Reader(resolve)
    tree = reader.tree(root)
    kind = kind_of(tree)
    nginx = Value(None) if version is None else version
    if kind == "whole":
        main = Scope(reader, "main", tree.directives, root)
        inner = main.blocks("http")
        http = Level(inner[0], nginx) if inner else None
        return Config(root, kind, reader, Level(main, nginx), http, nginx)
    if kind == "snippet":
        return Config(root, kind, reader, None, None, nginx)
    directives = [*tree.directives, *(directive for source in beside for directive in reader.tree(source).directives)]
    scope = Scope(reader, "http", directives, root, unseen="http {}")
    return Config(root, kind, reader, None, Level(scope, nginx), nginx, tuple(beside))
