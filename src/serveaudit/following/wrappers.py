"""Programs whose task is to start another one: what they take before it, and what becomes of them.

Sources: each program's own manual and, for what becomes of its process, its source code (execvp and its kin, or a child).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from serveaudit.command import Command
from serveaudit.invocation import basename
from serveaudit.values import Unknown, Value


@dataclass(frozen=True, slots=True)
class Wrapper:
    """valued    options that take the next word
    verb      the word that makes it start something (`run`)
    operands  how many words come before the command
    marked    the command begins only behind `--`
    execs     it becomes the command; else it stays, and `forwards` a TERM or not; `group`: to the whole process group
    alone     the options by which it is to the command alone, not to its group
    user      the option that names whom the command runs as; `operand` for the first word
    cwd       the option that names the directory
    hides     why variables of the command are not known
    """

    valued: frozenset[str] = frozenset()
    verb: str = ""
    operands: int = 0
    marked: bool = False
    execs: bool = True
    forwards: bool = False
    group: bool = False
    alone: tuple[str, ...] = ()
    user: tuple[str, ...] = ()
    cwd: tuple[str, ...] = ()
    hides: str = ""
    reloads: bool = False
    runs_files: bool = False


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """The command that a wrapper starts, or the text that it gives to a shell, and what the wrapper's options say of it."""

    command: Command
    script: Value[Any] | None = None
    group: bool = False
    user: Value[Any] | None = None
    cwd: Value[Any] | None = None


def _valued(options: str) -> frozenset[str]:
    return frozenset(options.split())


def _stays(**how: Any) -> Wrapper:
    return Wrapper(execs=False, **how)


_SECRETS = "it fills in secrets as variables"
_UV = _valued(
    "--with --with-editable --with-requirements --extra --no-extra --group --no-group --only-group --env-file --python -p "
    "--project --directory --package --index --default-index --index-url -i --extra-index-url --find-links -f --config-file "
    "--cache-dir --color --prerelease --resolution --index-strategy --keyring-provider --refresh-package --link-mode -w"
)
_CONDA = _stays(verb="run", valued=_valued("-n --name -p --prefix --cwd -a --attach"), cwd=("--cwd",))
_CHPST = _valued("-u -U -e -/ -n -l -L -m -d -o -p -f -c -r -t -b")

WRAPPERS: dict[str, Wrapper] = {
    "nohup": Wrapper(),
    "nice": Wrapper(valued=_valued("-n --adjustment")),
    "ionice": Wrapper(valued=_valued("-c -n -t -p --class --classdata")),
    "chrt": Wrapper(operands=1, valued=_valued("-T -P -D")),
    "taskset": Wrapper(operands=1),
    "numactl": Wrapper(valued=_valued("-i -N -m -C -p -l --interleave --cpunodebind --membind --physcpubind --preferred")),
    "stdbuf": Wrapper(valued=_valued("-i -o -e --input --output --error")),
    "unbuffer": _stays(),
    "setsid": Wrapper(),
    "prlimit": Wrapper(),
    "chroot": Wrapper(operands=1),
    "systemd-cat": Wrapper(valued=_valued("-t -p --identifier --priority")),
    "time": _stays(valued=_valued("-f -o")),
    "timeout": _stays(operands=1, forwards=True, valued=_valued("-s -k --signal --kill-after")),
    "catchsegv": _stays(),
    "sudo": _stays(
        forwards=True, user=("-u", "--user"), valued=_valued("-u --user -g --group -C -D -h -p -r -t -T -U"), cwd=("-D",)
    ),
    "doas": _stays(user=("-u",), valued=_valued("-u -C -a")),
    "gosu": Wrapper(operands=1, user=("operand",)),
    "su-exec": Wrapper(operands=1, user=("operand",)),
    "setuser": Wrapper(operands=1, user=("operand",)),
    "setuidgid": Wrapper(operands=1, user=("operand",)),
    "s6-setuidgid": Wrapper(operands=1, user=("operand",)),
    "envuidgid": Wrapper(operands=1),
    "chpst": Wrapper(user=("-u",), valued=_CHPST),
    "softlimit": Wrapper(valued=_valued("-a -c -d -f -l -m -o -p -r -s -t")),
    "envdir": Wrapper(operands=1, hides="envdir sets variables from files"),
    "s6-envdir": Wrapper(operands=1, hides="s6-envdir sets variables from files"),
    "setpriv": Wrapper(
        user=("--reuid",),
        valued=_valued(
            "--reuid --regid --ruid --euid --rgid --egid --groups --inh-caps --ambient-caps --bounding-set --securebits "
            "--pdeathsig --selinux-label --apparmor-profile"
        ),
    ),
    "with-contenv": Wrapper(),
    "cd": Wrapper(operands=1, cwd=("operand",)),
    "fdmove": Wrapper(operands=2, valued=_valued("-c")),
    "start-nginx": _stays(),
    "start-pgbouncer": _stays(),
    "start-pgbouncer-stunnel": _stays(),
    "flock": _stays(operands=1, valued=_valued("-w --timeout -E --conflict-exit-code")),
    "s6-env": Wrapper(),
    "s6-notifyoncheck": Wrapper(valued=_valued("-3 -s -T -t -w -n -c")),
    "tini": _stays(forwards=True, valued=_valued("-p -e")),
    "tini-static": _stays(forwards=True, valued=_valued("-p -e")),
    "catatonit": _stays(forwards=True),
    "docker-init": _stays(forwards=True, valued=_valued("-p -e")),
    "dumb-init": _stays(forwards=True, group=True, alone=("-c", "--single-child"), valued=_valued("-r --rewrite")),
    "my_init": _stays(forwards=True, marked=True),
    "poetry": Wrapper(verb="run", valued=_valued("-C --directory -P --project"), cwd=("-C", "--directory")),
    "pipenv": Wrapper(verb="run", valued=_valued("--python --pypi-mirror"), hides="pipenv reads a .env file"),
    "rye": Wrapper(verb="run", valued=_valued("--pyproject"), runs_files=True),
    "uv": _stays(verb="run", forwards=True, valued=_UV, cwd=("--directory",), runs_files=True),
    "uvx": _stays(forwards=True, valued=_UV | {"--from"}),
    "pdm": _stays(verb="run", forwards=True, valued=_valued("-p --project -c --config --venv"), runs_files=True),
    "hatch": _stays(verb="run", valued=_valued("-e --env -p --project")),
    "pixi": _stays(verb="run", valued=_valued("-e --environment --manifest-path --color")),
    "conda": _CONDA,
    "mamba": _CONDA,
    "micromamba": _stays(verb="run", forwards=True, valued=_CONDA.valued),
    "direnv": Wrapper(verb="exec", operands=1, hides="direnv reads an .envrc file"),
    "newrelic-admin": Wrapper(verb="run-program"),
    "ddtrace-run": Wrapper(),
    "opentelemetry-instrument": Wrapper(
        valued=_valued("--traces_exporter --metrics_exporter --logs_exporter --service_name --exporter_otlp_endpoint")
    ),
    "elasticapm-run": Wrapper(),
    "scout": Wrapper(),
    "doppler": _stays(
        verb="run",
        forwards=True,
        valued=_valued("-p --project -c --config -t --token --mount --name-transformer"),
        hides=_SECRETS,
    ),
    "infisical": _stays(verb="run", forwards=True, valued=_valued("--env --projectId --path --token --domain"), hides=_SECRETS),
    "op": _stays(verb="run", forwards=True, valued=_valued("--env-file --account"), hides=_SECRETS),
    "chamber": Wrapper(verb="exec", marked=True, hides=_SECRETS),
    "aws-vault": Wrapper(verb="exec", marked=True, hides=_SECRETS),
    "vault-env": Wrapper(hides=_SECRETS),
    "berglas": Wrapper(verb="exec", hides=_SECRETS),
    "summon": _stays(valued=_valued("-f -p -e -D"), hides=_SECRETS),
    "teller": _stays(verb="run", marked=True, hides=_SECRETS),
    "dotenv": _stays(verb="run", valued=_valued("-f --file -q --quote -e --export"), hides="dotenv reads a .env file"),
    "dockerize": _stays(
        forwards=True,
        valued=_valued(
            "-wait -timeout -template -stdout -stderr -wait-http-header -wait-retry-interval -delims --wait --timeout"
        ),
    ),
    "wait-for-it.sh": Wrapper(marked=True),
    "wait-for-it": Wrapper(marked=True),
    "wait-for.sh": Wrapper(marked=True),
    "wait-for": Wrapper(marked=True),
    "wait-for-postgres.sh": Wrapper(operands=1),
    "xargs": _stays(valued=_valued("-I -n -P -L -d -a -E -s")),
    "watchmedo": _stays(
        verb="auto-restart",
        forwards=True,
        reloads=True,
        valued=_valued("-d --directory -p --pattern --patterns -i --ignore-patterns --signal --kill-after --interval"),
    ),
    "coverage": Wrapper(
        verb="run", valued=_valued("--source --omit --include --rcfile --data-file --context --concurrency"), runs_files=True
    ),
    "debugpy": Wrapper(valued=_valued("--listen --connect --log-to"), runs_files=True),
    "memray": Wrapper(verb="run", valued=_valued("-o --output"), runs_files=True),
    "py-spy": _stays(verb="record", marked=True),
    "xvfb-run": _stays(valued=_valued("-n -s -e -f -p -w --server-num --server-args --error-file")),
    "strace": _stays(valued=_valued("-e -o -p -s -u -E")),
    "firejail": _stays(),
}


def unwrapped(wrapper: Wrapper, command: Command) -> Unwrapped | None:
    """The command that the wrapper starts; None where it starts none (`poetry install`) or that can't be told."""
    at, options = _behind_options(wrapper, command, 1)
    if wrapper.verb:
        if command.word(at) != wrapper.verb:
            return None
        at, more = _behind_options(wrapper, command, at + 1)
        options |= more
    words = [index for index, word in enumerate(command.argv) if word.x == "--"]
    if wrapper.marked:
        at = words[0] + 1 if words else len(command.argv)
    operand = command.argv[at] if wrapper.operands and at < len(command.argv) else None
    at += wrapper.operands
    at += 1 if command.word(at) == "--" else 0
    if at >= len(command.argv):
        return None
    options |= {"operand": operand} if operand else {}
    inner = _as_python(wrapper, command.without(at))
    alone = _first(options, wrapper.alone) is not None
    group = (wrapper.group and not alone) or ("-g" in options and not wrapper.user)
    return Unwrapped(inner, group=group, user=_first(options, wrapper.user), cwd=_first(options, wrapper.cwd))


def _behind_options(wrapper: Wrapper, command: Command, at: int) -> tuple[int, dict[str, Value[Any]]]:
    """Where the options from a word on end, and those that were there."""
    options: dict[str, Value[Any]] = {}
    ends = ("--", "-m") if wrapper.runs_files else ("--",)
    while at < len(command.argv):
        word = command.argv[at]
        if isinstance(word.x, Unknown) and word.x.about.startswith("$") and at + 1 < len(command.argv) and not wrapper.operands:
            at += 1  # an unknown variable before the program can only hold options
        elif not isinstance(word.x, str) or not word.x.startswith("-") or word.x in ends:
            break
        elif word.x in wrapper.valued and at + 1 < len(command.argv):
            options[word.x] = command.argv[at + 1]
            at += 2
        else:
            name, _, value = word.x.partition("=")
            options[name] = Value(value, word.places)
            at += 1
    return at, options


def _as_python(wrapper: Wrapper, command: Command) -> Command:
    """`uv run main.py`, `coverage run -m gunicorn`: a file, or a module, for Python."""
    word = command.word(0)
    if not wrapper.runs_files or not (word == "-m" or word.endswith(".py")):
        return command
    return replace(command, argv=(Value("python", command.argv[0].places), *command.argv))


def _first(options: dict[str, Value[Any]], names: Iterable[str]) -> Value[Any] | None:
    return next((options[name] for name in names if name in options), None)


def wrapper_of(command: Command) -> Wrapper | None:
    return WRAPPERS.get(basename(command.argv[0])) if command.argv else None
