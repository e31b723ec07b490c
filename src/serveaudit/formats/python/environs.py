"""Reading environment variables: `os.environ`, python-decouple, django-environ, environs, starlette's Config.

A variable that nothing sets gives its default, on the assumption that it is not set; where an unread file may set it, the
default is one of two alternatives. Truth is read as each library reads it: `bool("False")` is true, decouple's cast is not.
Sources: decouple.py `Config._cast_boolean`; environ/environ.py `Env.parse_value`; marshmallow/fields.py `Boolean`;
starlette/config.py `Config._perform_cast`; distutils/util.py `strtobool`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from serveaudit.formats.python.frames import chosen
from serveaudit.formats.python.module import External, Made
from serveaudit.formats.python.state import Session, State
from serveaudit.values import Branch, Items, Table, Unknown, Value, unknown

Cast = Callable[[str], Any]
_YES = frozenset("y yes t true on 1".split())
_NO = frozenset("n no f false off 0".split())


@dataclass(frozen=True, slots=True)
class Given:
    """A call as the readers of this file get it. `base` is the object whose method it is."""

    state: State
    args: tuple[Value[Any], ...]
    keywords: Mapping[str, Value[Any]]
    base: Value[Any] | None = None
    call: Callable[[Value[Any], tuple[Value[Any], ...], Mapping[str, Value[Any]]], Value[Any] | None] = lambda *given: None
    """What a function, class or method gives that is among the arguments."""

    def get(self, position: int, *names: str) -> Value[Any] | None:
        """An argument by position, or by one of its names."""
        by_name = next((self.keywords[name] for name in names if name in self.keywords), None)
        return by_name or (self.args[position] if 0 <= position < len(self.args) else None)


def variable(session: Session, name: Value[Any]) -> Value[Any]:
    """A variable's text; None on the assumption that nothing sets it; or unknown."""
    if not isinstance(name.x, str):
        return unknown(name.why or "the name of an environment variable that is not known")
    own = session.environ.names.get(name.x)
    return session.env.get(name.x) if own is None else _or(chosen(own, session.choices), lambda: session.env.get(name.x))


def with_default(found: Value[Any], default: Value[Any]) -> Value[Any]:
    """The variable, or the default where it is not set."""
    if isinstance(found.x, Unknown) and found.x.about.startswith("$"):
        name = found.x.about
        unset = default.also(Value(None, (), (f"{name} is not set",), found.depends))
        return replace(found, x=Branch(f"{name} is set", ((f"{name} is set", found), (f"{name} is not set", unset))))
    return _or(found, lambda: default)


def _or(value: Value[Any], other: Callable[[], Value[Any]]) -> Value[Any]:
    """The other value wherever there is none."""
    return value.case_by_case(lambda case: other().also(case) if case.x is None else case)


def _required(given: Given, found: Value[Any], name: Value[Any], kind: str) -> Value[Any]:
    """The variable; unknown where it is not set, because the program does not start without it."""

    def required(case: Value[Any]) -> Value[Any]:
        if case.x is not None:
            return case
        given.state.session.raises(kind, case, "")
        return Value(Unknown(f"${name.x} is not set, and has no default", f"${name.x}"), (), (), case.depends)

    return found.case_by_case(required)


def _environ_get(given: Given) -> Value[Any] | None:
    name = given.get(0, "key")
    return with_default(variable(given.state.session, name), given.get(1, "default") or Value(None)) if name else None


def _environ_item(given: Given) -> Value[Any] | None:
    return _required(given, variable(given.state.session, given.args[0]), given.args[0], "KeyError")


def _environ_has(given: Given) -> Value[Any] | None:
    found = variable(given.state.session, given.args[0])
    return replace(found, x=False) if found.x is None else found.map(lambda x: True)


def _environ_setdefault(given: Given) -> Value[Any] | None:
    name, default = given.get(0), given.get(1)
    if name is None or default is None or not isinstance(name.x, str):
        return None
    value = with_default(variable(given.state.session, name), default)
    given.state.session.environ.names[name.x] = given.state.session.rests(value)
    return value


def _environ_items(given: Given) -> Value[Any] | None:
    """Pairs of name and text: those that are known, every machine has more of them."""
    session = given.state.session
    names: list[Value[Any]] = [Value(name) for name in {**session.env.variables, **session.environ.names}]
    pairs = [(name, variable(session, name)) for name in names]
    set_: tuple[Value[Any], ...] = tuple(Value(Items(pair)) for pair in pairs if pair[1].x is not None)
    more = Unknown("every machine has variables of its own", "os.environ")
    return Value(Items(set_, more if session.env.complete is True else session.env.complete))


def _load_file(given: Given) -> Value[Any] | None:
    """From here on, a file that is not read may set variables that the environment does not."""
    session = given.state.session
    if session.env.complete is True:
        session.env = session.env.over({}, Unknown("a file of variables is loaded over the environment"))
    return Value(Unknown("whether a file of variables was found"))


def _decouple(given: Given) -> Value[Any] | None:
    return _configured(given, _cast_of(given.get(2, "cast"), _decouple_bool), "UndefinedValueError", True)


def _starlette(given: Given) -> Value[Any] | None:
    return _configured(given, _cast_of(given.get(1, "cast"), _starlette_bool), "KeyError", True, default_at=2)


def _env_method(kind: str, truth: Cast) -> Callable[[Given], Value[Any] | None]:
    """`env.int("X", default)`; `env("X")` takes its cast from the argument or from the scheme that `Env(X=(int, 1))` gives."""

    def read(given: Given) -> Value[Any] | None:
        cast: Cast | None = _CASTS.get(kind, truth if kind == "bool" else None)
        if kind == "__call__":
            cast = _cast_of(given.get(1, "cast") if "default" in given.keywords else given.keywords.get("cast"), truth)
            given, cast = _from_scheme(given, cast, truth)
        return _configured(given, cast, "ImproperlyConfigured", False)

    return read


def _from_scheme(given: Given, cast: Cast | None, truth: Cast) -> tuple[Given, Cast | None]:
    name, base = given.get(0, "var"), given.base.x if given.base else None
    if not isinstance(base, Made) or base.call is None or name is None or name.x not in base.call.keywords:
        return given, cast
    scheme = base.call.keywords[name.x][0]
    parts = scheme.x.members if isinstance(scheme.x, Items) else (scheme,)
    if len(parts) == 2 and given.get(1, "default") is None:
        given = replace(given, keywords={**given.keywords, "default": parts[1]})
    return given, _cast_of(parts[0], truth)


def _configured(given: Given, cast: Cast | None, missing: str, casts_default: bool, default_at: int = 1) -> Value[Any] | None:
    name = given.get(0, "option", "var", "key", "name")
    if name is None:
        return None
    found, default = variable(given.state.session, name), given.get(default_at, "default")
    found = _casted(given, found, cast)
    if default is None or isinstance(default.x, External):
        return _required(given, found, name, missing)
    return with_default(found, _casted(given, default, cast) if casts_default else default)


def _casted(given: Given, value: Value[Any], cast: Cast | None) -> Value[Any]:
    if cast is None:
        return value

    def apply(x: Any) -> Any:
        try:
            made = cast(x) if isinstance(x, str) else x
        except (ValueError, TypeError):
            return given.state.session.raises("ValueError", value, f"{x!r} is refused").x
        return Items(tuple(Value(each, value.places) for each in made)) if isinstance(made, list) else made

    return value.map(apply)


def _cast_of(cast: Value[Any] | None, truth: Cast) -> Cast | None:
    """The function that a `cast=` names; none leaves the text as it is; one that is not known gives unknown."""
    if cast is None or cast.x is None:
        return None
    dotted = cast.x.dotted if isinstance(cast.x, External | Made) else ""
    return truth if dotted == "bool" else _CASTS.get(dotted.rpartition(".")[2], _not_known)


def _not_known(text: str) -> Any:
    return Unknown(f"what a conversion makes of {text!r}")


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _database(given: Given) -> Value[Any] | None:
    """A dictionary of which we know what is said beside the URL, `dj_database_url.config(conn_max_age=600)`, and the backend of
    a URL that names a server. One that names a file is often but the default for a developer: it tells nothing."""
    name = given.get(0, "env", "var", "name") or Value("DATABASE_URL")
    return _in_url(given, with_default(variable(given.state.session, name), given.get(1, "default") or Value(None)))


def _database_of(given: Given) -> Value[Any] | None:
    """The same of a URL that is given itself."""
    return _in_url(given, given.get(0, "url") or Value(_IN_URL))


def _in_url(given: Given, url: Value[Any]) -> Value[Any]:
    said = tuple((name.upper(), value) for name, value in given.keywords.items() if name.startswith(("conn_", "disable_")))
    engine = url.map(_engine)
    told = () if engine.x is None or isinstance(engine.x, Unknown) else (("ENGINE", engine),)
    return Value(Table((*told, *said), _IN_URL))


def _engine(url: object) -> str | Unknown:
    return _ENGINES.get(str(url).partition("://")[0].partition("+")[0], _IN_URL)


_IN_URL = Unknown("the rest of it stands in a URL", "$DATABASE_URL")
_ENGINES = {
    **dict.fromkeys(("postgres", "postgresql", "psql", "pgsql"), "django.db.backends.postgresql"),
    "postgis": "django.contrib.gis.db.backends.postgis",
    **dict.fromkeys(("mysql", "mysql2"), "django.db.backends.mysql"),
}


_CASTS: dict[str, Cast] = {
    "int": int,
    "float": float,
    "str": str,
    "unicode": str,
    "list": _listed,
    "tuple": _listed,
    "Csv": _listed,
    "CommaSeparatedStrings": _listed,
    **dict.fromkeys(("json", "dict", "url", "path", "bytes"), _not_known),
}


def strtobool(text: str) -> bool:
    """Raises ValueError for what is neither."""
    if text.lower() in _YES | _NO:
        return text.lower() in _YES
    raise ValueError(text)


def _decouple_bool(text: str) -> bool:
    return bool(text) and strtobool(text)


def _starlette_bool(text: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[text.lower()]


def environ_bool(text: str) -> bool:
    """Whether django-environ takes it for true; it refuses nothing."""
    try:
        return int(text) != 0
    except ValueError:
        return text.lower().strip() in ("true", "on", "ok", "y", "yes")


ENVIRONMENT: dict[str, Callable[[Given], Value[Any] | None]] = {
    "os.getenv": _environ_get,
    "os.environ.get": _environ_get,
    "os.environ.pop": _environ_get,
    "os.environ.__getitem__": _environ_item,
    "os.environ.__contains__": _environ_has,
    "os.environ.setdefault": _environ_setdefault,
    "os.environ.items": _environ_items,
    "dotenv.load_dotenv": _load_file,
    "dotenv.main.load_dotenv": _load_file,
    "environ.Env.read_env": _load_file,
    "environs.Env.read_env": _load_file,
    "decouple.config": _decouple,
    "decouple.Config.__call__": _decouple,
    "decouple.AutoConfig.__call__": _decouple,
    "starlette.config.Config.__call__": _starlette,
    "dj_database_url.config": _database,
    "dj_database_url.parse": _database_of,
    **{f"{library}.Env.{kind}": _database for library in ("environ", "environs") for kind in ("db", "db_url", "dj_db_url")},
    **{
        f"{library}.Env.{kind}": _env_method(kind, truth)
        for library, truth in (("environ", environ_bool), ("environs", strtobool))
        for kind in ("__call__", "bool", *_CASTS)
    },
}
"""By the full name of what is called."""
