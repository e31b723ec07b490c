"""Puts the deployment together: contexts, their servers and proxies, the applications, and the pairs."""

from __future__ import annotations

from dataclasses import dataclass, field

from serveaudit.activation import activated
from serveaudit.applications import Applications
from serveaudit.config import Stated
from serveaudit.dating import older_releases
from serveaudit.deployment import Context, Deployment, Process, Proxy, Running
from serveaudit.discover import Repository
from serveaudit.gathering import Gathered, Gathering
from serveaudit.mapping import MappedFiles
from serveaudit.nginxes import Nginxes
from serveaudit.pairing import pair
from serveaudit.placing import written_sites
from serveaudit.recognising import Reading
from serveaudit.rendering import render
from serveaudit.source import SourceFile
from serveaudit.starting import Started, Starting
from serveaudit.surroundings import surround
from serveaudit.values import Place, Value
from serveaudit.versions import Versions


def assemble(repository: Repository, stated: Stated) -> Deployment:
    """The deployments that a repository describes."""
    return _Assembler(repository, stated).assemble()


@dataclass(slots=True)
class _Assembler:
    repository: Repository
    stated: Stated
    applications: Applications = field(default_factory=Applications)
    versions: Versions = field(init=False)

    def __post_init__(self) -> None:
        self.versions = Versions(self.stated)

    def assemble(self) -> Deployment:
        gathering = Gathering(self.repository)
        gathered = gathering.gather()
        nginxes = Nginxes(self._nginx_version())
        contexts = [self._context(each, nginxes) for each in gathered]
        self._hosts_nginx(contexts, gathering, nginxes)
        surround(contexts, gathering.signs(), self.repository)
        for context in contexts:
            context.peers = [other for other in contexts if other.kind == context.kind]
            context.reachable = context.peers if context.group.manager == "none" else [context]
            for proxy in context.proxies:
                proxy.pairs = list(pair(proxy, context.reachable))
                for found in proxy.pairs:
                    found.process.pairs.append(found)
        for context in contexts:
            _join_projects(context)
        return Deployment([context for context in contexts if context.processes or context.proxies])

    def _context(self, gathered: Gathered, nginxes: Nginxes) -> Context:
        context = Context(gathered.group.name, gathered.kind, gathered.group, self.stated, signs=list(gathered.signs))
        for starting in gathered.startings:
            render(starting.machine, starting.files)
            context.launches += [_running(context, starting, command) for command in starting.commands]
            for started in starting.started:
                running = _running(context, starting, started)
                if started.reading is not None:
                    context.processes.append(self._process(started.reading, running))
                else:
                    version = self.versions.nginx(starting.machine, starting.files)
                    config = nginxes.started(started.followed.command, starting.files, version)
                    if config is not None:
                        context.proxies.append(Proxy(config, running))
        for starting in gathered.startings:
            if starting.machine.kind != "host" and not starting.commands:
                self._brought(context, starting, nginxes)
        for reading, starting in gathered.alone:
            running = Running(context, starting.machine, starting.files, reading.server.place)
            context.processes.append(self._process(reading, running))
        return context

    def _brought(self, context: Context, starting: Starting, nginxes: Nginxes) -> None:
        """The nginx of an image that is not known, where configurations are put into its directory. Files that another nginx
        beside it reads are only lent: to certbot, say."""
        config = nginxes.placed(starting.files, self.versions.nginx(starting.machine, starting.files))
        if config is not None and config.root.path not in {proxy.config.root.path for proxy in context.proxies}:
            running = Running(context, starting.machine, starting.files, starting.machine.place)
            context.proxies.append(Proxy(config, running))

    def _process(self, reading: Reading, running: Running) -> Process:
        """The server tells the application, and that the project whose requirements tell the releases: so a server is read by
        its newest release, and again where an older one is installed."""
        server = reading.server
        app = self.applications.of(server, running.files)
        installed = self.versions.beside(server, app, running.machine, running.files)
        if releases := older_releases(server, installed):
            server = reading.by(releases)
            app = self.applications.of(server, running.files)
            installed = self.versions.beside(server, app, running.machine, running.files)
        server.listeners = activated(server, running.unit, running.machine) or server.listeners
        return Process(server, running, app, installed=installed)

    def _hosts_nginx(self, contexts: list[Context], gathering: Gathering, nginxes: Nginxes) -> None:
        """Configurations that no container reads belong to the hosts, and those that are written onto them."""
        lying = gathering.lying
        sources = [source for _, source in self.repository.of_kinds("nginx") if source.path in lying]
        for host, each in zip(contexts, gathering.groups, strict=True):
            if host.group.manager != "none":
                continue
            own = [each for each in sources if self.repository.kind_of(each.path) == host.kind]
            self._sites(host, own, MappedFiles(self.repository), nginxes)
            for starting in each.startings:
                self._sites(host, written_sites(starting.files, lying), starting.files, nginxes)

    def _sites(self, host: Context, sources: list[SourceFile], files: MappedFiles, nginxes: Nginxes) -> None:
        for config in nginxes.unclaimed(sources, files):
            running = Running(host, host.group.machines[0], files, Place(config.root.line_span(1)))
            host.proxies.append(Proxy(config, running))

    def _nginx_version(self) -> Value[str]:
        return self.stated.versions.get("nginx", Value(None))


def _join_projects(context: Context) -> None:
    """Tells every application which servers serve its project."""
    for process in context.processes:
        if process.app is not None:
            root = process.app.root
            process.app.servers = [other for other in context.processes if other.app is not None and other.app.root == root]


def _running(context: Context, starting: Starting, started: Started) -> Running:
    place = started.followed.command.place
    return Running(context, starting.machine, starting.files, place, started.unit, started.followed)
