"""From the files of a repository to groups of machines, each with what it starts."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from serveaudit.building import OwnImages, commanding
from serveaudit.command import Environment, Step
from serveaudit.contexts import Kind, has_production_sibling, is_named_for_production, kind_of_project
from serveaudit.discover import Repository
from serveaudit.launch import docker_commands, makefile, outside, procfile
from serveaudit.launch.ansible import read_playbooks
from serveaudit.launch.cloudinit import read_user_data
from serveaudit.launch.compose import read_profiles, read_project, variants
from serveaudit.launch.dockerfile import container
from serveaudit.launch.kubernetes import bases, chart_of, read_manifests
from serveaudit.launch.supervisor import read_programs
from serveaudit.launch.systemd import read_units
from serveaudit.launching import Group, Machine, Sign, Unit
from serveaudit.mapping import MappedFiles, bases_of
from serveaudit.placing import belongs, is_configured, written_units
from serveaudit.recognising import Reading, configured, scripted
from serveaudit.source import SourceFile
from serveaudit.starting import Starting
from serveaudit.values import Place, Value

SERVER_FILES = ("gunicorn", "uwsgi", "hypercorn")


@dataclass(slots=True, eq=False)
class Gathered:
    """One group with the programs that its machines start, and servers of which only the configuration is there."""

    group: Group
    kind: Kind
    startings: list[Starting] = field(default_factory=list)
    alone: list[tuple[Reading, Starting]] = field(default_factory=list)
    signs: list[Sign] = field(default_factory=list)
    """What its own machines tell of something outside."""


class Gathering:
    """Goes through a repository once. `used` collects the files that belong to something that was come to, `placed` the
    templates that are read as what they become on a host."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.used: set[str] = set()
        self.placed: set[str] = set()
        self.images = OwnImages(repository, self.used)
        self.groups: list[Gathered] = []

    def gather(self) -> list[Gathered]:
        """Containers first: what they use is not started by the host as well."""
        for group in (*self._compose(), *self._kubernetes()):
            self._take(group)
        for group in self._images_alone():
            self._take(group)
        self._hosts()
        return self.groups

    @property
    def lying(self) -> set[str]:
        """Configurations that are read as they lie in the repository."""
        kinds = ("nginx", "systemd", "supervisor")
        return {found.path for found in self.repository.files if found.kind in kinds} - self.placed

    def signs(self) -> list[Sign]:
        """What files tell of something outside, whichever group it concerns."""
        told = dict(self.repository.of_kinds(*_SIGN_KINDS))
        for path in filter(outside.may_tell, self.repository.paths):
            if path not in told and (source := self.repository.glance(path)) is not None:
                told[path] = source
        return outside.of_files(told)

    # containers

    def _compose(self) -> Iterator[tuple[Group, Kind]]:
        sources = dict(self.repository.of_kinds("compose", "env"))
        for files in variants(sources, self._told(sources)):
            kind = kind_of_project(files, sources, map(self.repository.kind_of, files))
            read = read_profiles(files, self.repository.find, self.images) if kind == "production" else None
            for group, part in read or [(read_project(files, self.repository.find, self.images), kind)]:
                self.used.update(group.files)
                yield group, part

    def _told(self, sources: Mapping[str, SourceFile]) -> Iterator[tuple[str, ...]]:
        """The sets of compose files that scripts and documents name, meant from the root or from where they stand."""
        for path, text in commanding(self.repository):
            for files in docker_commands.compose_files(text):
                for base in ("", posixpath.dirname(path)):
                    full = tuple(posixpath.normpath(posixpath.join(base, file)) for file in files)
                    if all(file in sources for file in full):
                        yield full
                        break

    def _kubernetes(self) -> Iterator[tuple[Group, Kind]]:
        folders: dict[str, list[SourceFile]] = {}
        for path, source in self.repository.of_kinds("kubernetes"):
            chart = chart_of(path, self.repository.find)
            if chart is not None and "/templates/tests/" in f"/{path}":
                continue  # hooks of `helm test`
            folders.setdefault(posixpath.dirname(path) if chart is None else chart, []).append(source)
        manifests = (source for sources in folders.values() for source in sources)
        taken = {base for source in manifests for base in bases(source.path, self.repository.find)}
        for sources in (sources for folder, sources in folders.items() if folder not in taken):
            for part, kind in self._by_kind(sources):
                group = read_manifests(part, self.images, self.repository.find)
                self.used.update(group.files)
                yield group, kind

    def _by_kind(self, sources: list[SourceFile]) -> list[tuple[list[SourceFile], Kind]]:
        """Manifests that lie together: those for production, and those for development with what both share."""
        production = [source for source in sources if self.repository.kind_of(source.path) == "production"]
        if not production or len(production) == len(sources):
            return [(sources, "production" if production else "development")]
        shared = [source for source in sources if not is_named_for_production(source.path)]
        return [(production, "production"), (shared, "development")]

    def _images_alone(self) -> Iterator[tuple[Group, Kind]]:
        """Dockerfiles that no description builds, or only one for development where none for production builds any."""
        deployed = {
            machine.dockerfile for each in self.groups if each.kind == "production" for machine in each.group.machines
        } - {None}
        for path, source in self.repository.of_kinds("dockerfile"):
            tried_out = path in self.used and path not in deployed and self._kind_of_dockerfile(path) == "production"
            if path not in self.used or (tried_out and not deployed):
                image = self.images.of_dockerfile(path, source)
                if image is not None:
                    yield Group(path, "docker", [container(image, path)], (path,)), self._kind_of_dockerfile(path)

    def _kind_of_dockerfile(self, path: str) -> Kind:
        others = (found.path for found in self.repository.files if found.kind == "dockerfile")
        return "development" if has_production_sibling(path, others) else self.repository.kind_of(path)

    # hosts

    def _hosts(self) -> None:
        """Everything that is started without a container, kept apart by production and development."""
        machines = {kind: self._host(kind) for kind in ("production", "development")}
        self._playbooks(machines)
        for starting, unit in self._units(machines):
            starting.machine.units.append(unit)
            starting.run(unit)
            self.used |= starting.files.used
        for path, source in self.repository.of_kinds("shell", "python"):
            if path not in self.used:
                self._script(path, source, machines[self.repository.kind_of(path)])
        for path, source in self.repository.of_kinds("cloud-init"):
            self._user_data(path, source, machines)
        for host in machines.values():
            self._written_units(host)
        for kind in SERVER_FILES:
            for path, source in self.repository.of_kinds(kind):
                if path not in self.used:
                    self._configuration(path, source, kind, machines[self.repository.kind_of(path)])

    def _host(self, kind: str) -> Gathered:
        place = Place(SourceFile("", "").whole())
        machine = Machine("host", "host" if kind == "production" else f"{kind} host", place)
        gathered = Gathered(Group(machine.name, "none", [machine]), "development" if kind == "development" else "production")
        gathered.startings.append(Starting(machine, MappedFiles(self.repository, bases=("",))))
        self.groups.append(gathered)
        return gathered

    def _units(self, machines: dict[str, Gathered]) -> Iterator[tuple[Starting, Unit]]:
        """Units of systemd and supervisor, lines of a Procfile, targets of a Makefile."""
        lying = [source for path, source in self.repository.of_kinds("systemd") if path not in self.placed]
        for unit in read_units(lying, MappedFiles(self.repository).find):
            yield self._starting(machines, unit.place.span.path), unit
        for path, source in self.repository.of_kinds("supervisor"):
            if path not in self.used:
                for unit in read_programs([source], Environment(), Value(""), [posixpath.dirname(path)]):
                    yield self._starting(machines, path), unit
        for path, source in self.repository.of_kinds("procfile"):
            for unit in procfile.read_processes(source) if path not in self.used else ():
                yield self._starting(machines, path), unit
        for _, source in self.repository.of_kinds("makefile"):
            for unit in makefile.read_targets(source):
                yield self._starting(machines, "development"), unit

    def _starting(self, machines: dict[str, Gathered], path: str) -> Starting:
        """A starting of its own for a unit, on the host that its file is for: relative paths are meant from where it stands."""
        gathered = machines["development" if path == "development" else self.repository.kind_of(path)]
        first = gathered.startings[0]
        starting = Starting(first.machine, MappedFiles(self.repository, bases=bases_of(path)))
        gathered.startings.append(starting)
        return starting

    def _script(self, path: str, source: SourceFile, host: Gathered) -> None:
        """A script that nothing of the repository starts, if it starts a server."""
        starting = Starting(host.startings[0].machine, MappedFiles(self.repository, bases=bases_of(path)))
        place = Place(source.line_span(1))
        if path.endswith(".py"):
            host.alone += [(reading, starting) for reading in scripted(source, Environment(), starting.files)]
            starting.run_by_python(Unit("shell", path, place), path)
        else:
            shell = "bash" if "bash" in source.line_text(1) else "sh"
            unit = Unit("shell", path, place, (Step(place, script=source, shell=shell),))
            starting.run(unit)
        if starting.started or starting.files.used or is_configured(starting.files):
            host.startings.append(starting)
            self.used |= {path, *starting.files.used}

    def _playbooks(self, machines: dict[str, Gathered]) -> None:
        """What Ansible puts onto hosts: what is put where it belongs is read there, and not as it lies in the repository."""
        for files in read_playbooks(self.repository.paths, self.repository.find).values():
            starting = self._starting(machines, files[0].template)
            starting.files.written.update({each.path: each.text for each in files})
            self.placed |= {each.template for each in files if belongs(each.path)}

    def _user_data(self, path: str, source: SourceFile, machines: dict[str, Gathered]) -> None:
        """What a cloud's user data puts onto a machine and runs there."""
        data = read_user_data(source)
        starting = self._starting(machines, path)
        starting.files.written.update(data.files)
        for step in data.commands:
            starting.run(Unit("shell", path, step.place, (step,)))

    def _written_units(self, host: Gathered) -> None:
        """Units that are only written on the host."""
        for starting in host.startings:
            for unit in written_units(starting.files, self.lying):
                starting.machine.units.append(unit)
                starting.run(unit)

    def _configuration(self, path: str, source: SourceFile, kind: str, host: Gathered) -> None:
        starting = Starting(host.startings[0].machine, MappedFiles(self.repository, bases=bases_of(path)))
        host.alone += [(reading, starting) for reading in configured(source, kind, Environment(), starting.files)]

    # what all share

    def _take(self, found: tuple[Group, Kind]) -> None:
        group, kind = found
        gathered = Gathered(group, kind)
        named = any(map(is_named_for_production, group.files))
        for machine in group.machines:
            files = MappedFiles(self.repository, tuple(machine.mounts), bases=bases_of(machine.place.span.path))
            starting = Starting(machine, files)
            starting.build()
            for unit in machine.units:
                starting.run(unit)
            gathered.startings.append(starting)
            if group.manager == "compose" and not named and self._is_worked_on(starting):
                gathered.kind = "development"
            gathered.signs += [*machine.outside, *outside.of_machine(machine, group.machines)]
            self.used |= files.used
        gathered.signs += outside.of_group(group.machines)
        self.groups.append(gathered)

    def _is_worked_on(self, starting: Starting) -> bool:
        """Whether a container runs the working tree, and restarts with each change of it."""
        mounted = [m.source for m in starting.machine.mounts if m.kind == "bind" and m.source is not None]
        return any(started.restarts_on_change for started in starting.started) and any(map(self._holds_python, mounted))

    def _holds_python(self, folder: str) -> bool:
        below = "" if folder in ("", ".") else folder.rstrip("/") + "/"
        return any(path.startswith(below) and path.endswith(".py") for path in self.repository.paths)


_SIGN_KINDS = ("caddyfile", "platform", "procfile", "kubernetes", "shell", "makefile", "markdown", "proxy", "yaml", "terraform")
