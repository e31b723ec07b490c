"""The table of Flask's and Werkzeug's development server: `flask run`, `Flask.run(…)`, `werkzeug.serving.run_simple(…)`.

The settings are named as `flask run` names them; what the calls name otherwise is an alias (notes/flask.toml).
"""

from __future__ import annotations

import sys
from typing import Any

import tablefile


def ask() -> tuple[str, tablefile.Rows]:
    import importlib.metadata
    import inspect

    import flask.cli
    from werkzeug.serving import run_simple

    import clickrows

    rows = clickrows.rows(flask.cli.run_command, "FLASK_RUN")
    for name, row in clickrows.rows(flask.cli.cli, "FLASK").items():
        rows[name] = row
    for name, parameter in inspect.signature(run_simple).parameters.items():
        if name not in rows and name not in ("hostname", "use_reloader", "use_debugger", "threaded"):
            rows[name] = keyword(parameter)
    return importlib.metadata.version("flask"), rows


def keyword(parameter: Any) -> dict[str, Any]:
    default = None if parameter.default is parameter.empty else tablefile.plain(parameter.default)
    return {"type": "callable" if default is None else type(default).__name__, "default": default}


if __name__ == "__main__":
    sys.exit(tablefile.main("flask", ask))
