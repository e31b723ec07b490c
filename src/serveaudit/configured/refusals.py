"""Values with which a program does not start, or fails of later."""

from __future__ import annotations

from serveaudit.deployment import Process
from serveaudit.serving import Setting
from serveaudit.values import How, Items, Unknown, Value

_FROM_THE_TABLE = ("import", "def", "class", "for")


def refusal(setting: Setting, process: Process) -> Value[str]:
    """Why a program does not take a written value; None where it does."""
    if setting in process.server.strange or setting.bound_by in _FROM_THE_TABLE:
        return Value(None)
    if setting.refused:
        if _is_switch_of_old(setting, process):
            return Value(None)
        return Value(setting.refused, (setting.place,), setting.value.assumes)
    return _contradiction(setting, process)


def _is_switch_of_old(setting: Setting, process: Process) -> bool:
    """Before gunicorn 24.1 --proxy-protocol took no word: what follows it is the application."""
    if process.server.program != "gunicorn" or setting.name != "proxy_protocol":
        return False
    return process.installed.at_least("gunicorn", "24.1").x is False


def _contradiction(setting: Setting, process: Process) -> Value[str]:
    """Values that are refused because of others."""
    program, value, server = process.server.program, setting.value, process.server
    if program == "uwsgi" and setting.name == "cheaper" and setting.place.how is not How.DEFAULT:
        processes = server.value("processes")
        if isinstance(value.x, int) and isinstance(processes.x, int) and value.x >= processes.x > 0:
            said = f"cheaper must be less than the {processes.x} processes"
            return Value(said, (setting.place, *processes.places), processes.assumes)
    if program == "uwsgi" and setting.name == "strict" and value.x is True:
        return _strict(setting, process)
    if program in ("uvicorn", "gunicorn") and setting.name in ("lifespan", "asgi_lifespan") and value.x == "on":
        return _lifespan(setting, process)
    return Value(None)


def _strict(setting: Setting, process: Process) -> Value[str]:
    strange = process.server.strange
    if not strange:
        return Value(None)
    first = strange[0]
    return Value(f"uWSGI knows no option {first.spelled}, and ends because of strict", (setting.place, first.place))


def _lifespan(setting: Setting, process: Process) -> Value[str]:
    """Django's ASGI handler takes no lifespan."""
    app = process.app
    if app is None or app.framework != "django" or app.interface.x != "asgi" or app.found.layers:
        return Value(None)
    if process.server.program == "gunicorn" and process.server.worker_class.x != "asgi" and setting.name == "asgi_lifespan":
        return Value(None)
    places = (setting.place, *app.interface.places[:1])
    return Value("Django's application takes no lifespan, so the server ends when it starts", places)


def rests_on_outside(setting: Setting) -> Value[bool]:
    """Unknown where the value rests on a variable that nothing in the repository sets."""
    x = setting.value.x
    values = [setting.value, *(each for each in (x.members if isinstance(x, Items) else ()) if isinstance(each, Value))]
    unset = next((assumed for value in values for assumed in value.assumes if assumed.endswith("is not set")), "")
    return Value(Unknown(f"{unset} in the repository", unset.partition(" ")[0]) if unset else False)
