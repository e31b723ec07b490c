"""Configurations of uWSGI for the comparison with the program itself: in the shapes that people write, and word by word.

The texts beside this file hold one case after the other:

    === a sentence for a name (pip only)
    $ VARIABLE=value uwsgi --ini app.ini
    --- app.ini
    [uwsgi]
    …
"""

from __future__ import annotations

import re
from pathlib import Path

from agreement import Case
from hypothesis import strategies as st
from shapes import case, parted

_CASE = re.compile(
    r"^=== (?P<name>.+?)(?: \((?P<only>\w+) only\))?\n\$ (?P<command>.+)\n(?P<files>(?:(?!=== ).*\n?)*)", re.MULTILINE
)
BLANKS = {
    "words alone": "[uwsgi]\nstrict = no\nmaster : true\n= x\na == b\n; c\n#d\n  e =  f g  \n[x] = 1\n",
    "blanks that are none to uWSGI": "[uwsgi]\nvacuum = 0\u00a0\nharakiri =\u00a05\nthreads\u00a0= 4\n\u00a0prio = 3\n",
    "tabs and carriage returns": "[uwsgi]\r\n\tmaster = 1\t\r\nharakiri\t=\t5\r\n",
    "no line at the end": "[uwsgi]\nmaster = 1\nharakiri = 5",
}
"""What an editor would not keep in a text."""


def of(name: str, build: str) -> dict[str, Case]:
    """The cases of a text that a build can read at all: `pip` or `distribution`."""
    text = (Path(__file__).parent / f"uwsgi_{name}.txt").read_text(encoding="utf-8")
    found = (each for each in _CASE.finditer(text) if each["only"] in (None, build))
    return {each["name"]: case(each["command"], parted(each["files"].removesuffix("\n") + "\n")[1]) for each in found}


def of_blanks() -> dict[str, Case]:
    return {name: Case(["uwsgi", "--ini", "app.ini"], {"app.ini": text}) for name, text in BLANKS.items()}


NUMBERS = """processes threads harakiri buffer-size post-buffering max-requests listen socket-timeout worker-reload-mercy
    cheaper-step limit-post reload-on-rss max-worker-lifetime min-worker-lifetime"""
SWITCHES = "master vacuum die-on-term lazy-apps need-app thunder-lock single-interpreter disable-logging enable-threads"
TEXTS = """pidfile chdir procname procname-prefix logto touch-reload env static-map socket http-socket stats attach-daemon
    base port n a b"""
LOGIC = "if-env if-not-env if-opt if-not-opt for for-times"
VALUES = {
    NUMBERS: "1|4|08|30s|64k|four|70000|%(n)|%(n*2)|$(N)|5,000|+3|%(n * 2)|7 ; seven|",
    SWITCHES: 'true|false|flase|1|0|No|off|%(a)|$(N)||true ; yes|false # no|"false"',
    TEXTS: "/srv/%n|:80$(N)|%(base)/x|%(a)%(b)|%%d-%d|%x|'q'|a=b|%(port)|$(X)|3|@(v)|%(n + 1)|x %(a b)|%",
    LOGIC: "N|M|N=3|a|master=1|n|1 2|2",
    "endif end endfor": "|x",
    "include ini": "more.ini|:more",
    "set-placeholder": "n=5|shop=%(n)",
}
LINES = st.one_of(
    [st.tuples(st.sampled_from(keys.split()), st.sampled_from(texts.split("|"))) for keys, texts in VALUES.items()]
)
VARIABLES = st.dictionaries(st.sampled_from(["N", "M", "UWSGI_THREADS", "UWSGI_MASTER"]), st.sampled_from(["3", "", "no"]))
WORDS = st.sampled_from(["--ini app.ini", "app.ini", "--ini app.ini:more", "-M --ini=app.ini -p2", "--threads 5 --ini app.ini"])


@st.composite
def drawn(draw: st.DrawFn) -> Case:
    """A section of up to a dozen lines, another one, a file to include, and the way to start it."""

    def section(most: int) -> str:
        lines = draw(st.lists(LINES, max_size=most))
        return "".join(f"{key} = {text}\n" for key, text in lines)

    app = f"[uwsgi]\n{section(12)}[more]\n{section(3)}"
    return Case(
        ["uwsgi", *draw(WORDS).split()], {"app.ini": app, "more.ini": f"[uwsgi]\n{section(3)}", "v": "4\n"}, draw(VARIABLES)
    )
