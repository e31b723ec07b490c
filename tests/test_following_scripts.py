"""Scripts: variables, conditions, loops, functions, files that they write."""

import pytest

from followed import command_of, follow_script, follow_text, shown, told
from serveaudit.source import SourceFile
from serveaudit.values import Unknown


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("W=4; gunicorn -w $W", "gunicorn -w 4"),
        ("W=4 X=$W; gunicorn -w ${X}", "gunicorn -w 4"),
        ("gunicorn -w ${W:-4} ${V-5}", "gunicorn -w 4 5"),
        (': "${W:=4}"; gunicorn -w $W', "gunicorn -w 4"),
        ("gunicorn ${LOG:+--access-logfile $LOG} app", "gunicorn app"),
        ("LOG=-; gunicorn ${LOG:+--access-logfile $LOG} app", "gunicorn --access-logfile - app"),
        ("gunicorn -b 0.0.0.0:$PORT", "gunicorn -b 0.0.0.0:<$PORT>"),
        ('gunicorn $ARGS "$APP"', "gunicorn <$ARGS> <$APP>"),
        ('ARGS="-w 4 -b :80"; gunicorn $ARGS "$ARGS"', "gunicorn -w 4 -b :80 '-w 4 -b :80'"),
        ("ARGS=; gunicorn $ARGS app", "gunicorn app"),
        ('ARGS="-w 4"; ARGS="$ARGS -b :80"; ARGS+=" -t 9"; gunicorn $ARGS', "gunicorn -w 4 -b :80 -t 9"),
        ('A=(-w 4); A+=(-b :80); gunicorn "${A[@]}"', "gunicorn -w 4 -b :80"),
        ('set -- gunicorn -w 4; exec "$@" app', "gunicorn -w 4 app"),
        ('set -- web -w 4 app; exec gunicorn "${@:2}"', "gunicorn -w 4 app"),
        ('set -- web -w 4 app; exec gunicorn "${@:2:2}" x', "gunicorn -w 4 x"),
        ("set -- a b c; shift 2; gunicorn $1 $#", "gunicorn c 1"),
        ("F=/app/conf.py; gunicorn -c ${F##*/} ${F%.py}.x ${F%/*}", "gunicorn -c conf.py /app/conf.x /app"),
        ("D=True; gunicorn ${D,,} ${#D} ${D:0:1} ${D/T/t}", "gunicorn true 4 T true"),
        ("gunicorn -w $(nproc) -t $((2 * $(nproc) + 1))", "gunicorn -w at least 1 -t at least 3"),
        ("W=3; gunicorn -w $((W * 2)) $((W > 2 ? 1 : 0))", "gunicorn -w 6 1"),
        ("gunicorn -w $(python -c 'import os; print(os.cpu_count() + 1)')", "gunicorn -w at least 2"),
        ("gunicorn $(cat workers.txt)", "gunicorn <$(cat workers.txt)>"),
        ("cd /srv && cd app; gunicorn $(pwd) $PWD", "gunicorn /srv/app /srv/app"),
        ("$(which gunicorn) app", "gunicorn app"),
        ("/venv/*/bin/gunicorn --forwarded-allow-ips=* *.py", "/venv/*/bin/gunicorn --forwarded-allow-ips=* <*.py>"),
        ("gunicorn -w {{ workers }}", "gunicorn -w <{{ workers }}>"),
        ("unset W; gunicorn -w ${W:-2}", "gunicorn -w 2"),
        ("read W; gunicorn -w $W", "gunicorn -w <$W>"),
        ('eval "exec gunicorn $ARGS"', "gunicorn <$ARGS>"),
        ("command gunicorn app", "gunicorn app"),
    ],
)
def test_variables_are_put_in(text: str, command: str) -> None:
    assert told(follow_text(text, "bash")) == [command]


def test_the_environment_of_the_launcher_is_seen() -> None:
    assert told(follow_text("gunicorn -w ${W:-2}", W="8")) == ["gunicorn -w 8"]
    found = follow_text("export W=3 V; A=1 gunicorn -w $W", W="8", V="x").commands[0].command
    assert shown(found.argv[2]) == "3"
    assert {name: shown(value) for name, value in found.env.variables.items()} == {"W": "3", "V": "x", "A": "1"}


def test_a_variable_that_something_unread_may_set_has_two_values() -> None:
    found = follow_text("gunicorn -w ${W:-2}", complete=Unknown("web.env is not there"))
    assert told(found) == ["gunicorn -w {$W is set: <$W>; $W is not set: 2}"]


def test_a_word_points_first_at_what_is_written_then_at_where_it_is_used() -> None:
    [found] = follow_text('ARGS="--bind :80"\ngunicorn $ARGS --workers "$W"').commands
    assert [[place.span.text for place in word.places] for word in found.command.argv] == [
        ["gunicorn"],
        ["--bind", "$ARGS", "--bind :80"],
        [":80", "$ARGS", "--bind :80"],
        ["--workers"],
        ['"$W"'],
    ]


# Conditions


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ('if [ "$E" = dev ]; then exec a; else exec b; fi', ["a | $E = dev", "b | $E != dev"]),
        ('if [ "$E" != dev ]; then exec a; fi; exec b', ["a | $E != dev", "b | $E = dev"]),
        ("[[ $E == dev ]] && exec a; exec b", ["a | $E = dev", "b | $E != dev"]),
        ('test "$E" = dev || exec a; exec b', ["a | $E != dev", "b | $E = dev"]),
        (
            'case "$E" in dev) a;; stage|prod) b;; *) c;; esac',
            ["a | $E = dev", "b | $E != dev | $E = stage or prod", "c | $E != dev | $E != stage or prod"],
        ),
        ('if a; then b; elif [ -n "$X" ]; then c; fi', ["a", "b | `a` succeeds", "c | `a` fails | $X is set"]),
        ('if [ "$E" = a ] && [ "$F" = b ]; then x; fi', ["x | $E = a and $F = b"]),
        ("if ! nc -z db 5432 >/dev/null; then x; fi", ["nc -z db 5432", "x | `nc -z db 5432` fails"]),
        ('if [ "$E" = dev ]; then if [ "$E" = dev ]; then a; else b; fi; fi', ["a | $E = dev"]),
        ("true && a || b", ["a", "b | `a` fails"]),
        ("true || a; false && b; ! true && c", []),
        ("migrate || exit 1; gunicorn", ["migrate", "gunicorn"]),
        ("gunicorn a || gunicorn b", ["gunicorn a", "gunicorn b | `gunicorn a` fails"]),
        ('if [ "$#" -eq 0 ]; then a; else b; fi', ["a"]),
    ],
)
def test_every_way_is_taken_with_its_condition(text: str, commands: list[str]) -> None:
    assert told(follow_text(text, "bash")) == commands


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ('if [ "$E" = dev ]; then a; else b; fi', ["b"]),
        ('if [ -z "$E" ]; then a; else b; fi', ["b"]),
        ('case "$E" in d*) a;; p*) b;; esac', ["b"]),
        ('[ "$N" -gt 2 ] && a; [ "$N" -lt 2 ] && b', ["a"]),
        ('if [ "$E" = prod -a "$N" = 3 ]; then a; else b; fi', ["a"]),
        ("if [ -f /app/there ]; then a; else b; fi", ["a"]),
        ("[[ $E == p* && ! ( $N == 4 || $N == 5 ) ]] && a", ["a"]),
    ],
)
def test_a_condition_that_is_known_is_no_condition(text: str, commands: list[str]) -> None:
    assert told(follow_text(text, "bash", {"/app/there": ""}, E="prod", N="3")) == commands


def test_a_default_decides_on_the_assumption_that_nothing_sets_the_variable() -> None:
    found = follow_text('if [ "${MIGRATE:-1}" = 1 ]; then a; else b; fi; c')
    assert [(command_of(each), each.conditions, each.assumes) for each in found.commands] == [
        ("a", (), ("$MIGRATE is not set",)),
        ("b", ("$MIGRATE != 1",), ()),
        ("c", (), ()),
    ]


@pytest.mark.parametrize(
    "text",
    [
        'if [ -z "$P" ]; then P=8000; fi; gunicorn -b :$P',
        '[ -z "$P" ] && P=8000; gunicorn -b :$P',
        '[ -n "$P" ] || P=8000; gunicorn -b :$P',
        '[ "$P" ] || P=8000; gunicorn -b :$P',
        "if [[ ! $P ]]; then P=8000; fi; gunicorn -b :$P",
        "if [ -z ${P+x} ]; then P=8000; fi; gunicorn -b :$P",
    ],
)
def test_a_value_that_is_set_where_there_is_none_is_a_default(text: str) -> None:
    [found] = follow_text(text, "bash").commands
    assert shown(found.command.argv[2]) == ":8000"
    assert found.command.argv[2].assumes == ("$P is not set",)
    assert (found.conditions, found.assumes) == ((), ())


def test_a_value_that_depends_on_a_condition_is_a_branch() -> None:
    text = 'if [ "$E" = dev ]; then W=1; else W=4; fi; gunicorn -w $W'
    assert told(follow_text(text)) == ["gunicorn -w {$E = dev: 1; $E != dev: 4}"]


def test_words_that_depend_on_a_condition_make_two_commands() -> None:
    text = 'if [ "$E" = dev ]; then R="--reload"; X=1; else X=2; fi; gunicorn $R -w $X'
    assert told(follow_text(text)) == ["gunicorn --reload -w 1 | $E = dev", "gunicorn -w 2 | $E != dev"]


def test_arguments_that_depend_on_a_condition_make_two_commands() -> None:
    text = '#!/bin/sh\nif [ "$E" = dev ]; then set -- flask run; fi\nexec "$@"'
    assert told(follow_script(text, "gunicorn", "app")) == ["flask run | $E = dev", "gunicorn app | $E != dev"]


def test_a_list_that_depends_on_a_condition_makes_two_commands() -> None:
    text = 'if which app-server; then C=(app-server); else C=(gunicorn app); fi; exec "${C[@]}" -w 2'
    assert told(follow_text(text)) == [
        "app-server -w 2 | `which app-server` succeeds",
        "gunicorn app -w 2 | `which app-server` fails",
    ]


def test_scripts_are_found_where_links_to_them_lie() -> None:
    files = {"/srv/scripts/web.sh": "#!/bin/sh\ngunicorn app\n", "/srv/scripts/readme.txt": "gunicorn"}
    assert told(follow_text("ln -s /srv/scripts/*.sh /usr/local/bin/; web.sh", files=files)) == [
        "ln -s </srv/scripts/*.sh> /usr/local/bin/",
        "gunicorn app",
    ]


@pytest.mark.parametrize("run", ["-exec ln -s -t /opt {} +", r"-exec cp {} /opt \;"])
def test_scripts_that_find_puts_elsewhere_are_found_by_their_names(run: str) -> None:
    files = {"/srv/web.sh": "#!/bin/sh\ngunicorn app\n", "/srv/old-web.sh": "#!/bin/sh\ngunicorn old\n"}
    text = f"find /srv -type f -name '*.sh' ! -name 'old-*' {run}; /opt/web.sh; /opt/old-web.sh"
    assert told(follow_text(text, files=files))[1:] == ["gunicorn app", "/opt/old-web.sh"]


def test_a_program_of_the_name_of_the_script_is_not_the_script() -> None:
    files = {"/usr/bin/app-server": "#!/bin/sh\nexec app-server --timeout 3\n"}
    assert told(follow_text("exec /usr/bin/app-server", files=files)) == ["app-server --timeout 3"]


def test_both_ways_of_a_template_are_taken() -> None:
    text = "{%- if cookiecutter.async %}\nexec gunicorn asgi\n{%- else %}\nexec gunicorn wsgi\n{%- endif %}\n"
    assert [line for line in told(follow_text(text)) if "gunicorn" in line] == [
        "gunicorn asgi | {%- if cookiecutter.async %}",
        "gunicorn wsgi | not {%- if cookiecutter.async %}",
    ]


def test_where_a_default_does_not_hold_its_value_is_not_known() -> None:
    text = 'P=${P:-80}; if [ "$P" -eq 80 ]; then nginx; else gunicorn -b :$P; fi'
    found = follow_text(text)
    assert told(found) == ["nginx", "gunicorn -b :<$P> | $P != 80"]


def test_a_guard_that_fails_is_no_condition_of_what_follows() -> None:
    text = 'if [ -z "$SECRET_KEY" ]; then echo missing; exit 1; fi\n[ -d /data ] || exit 1\ngunicorn app'
    [found] = follow_text(text).commands
    assert (command_of(found), found.conditions, found.assumes) == ("gunicorn app", (), ())


# Loops and functions


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("for p in 1 2; do gunicorn -b :800$p & done", ["gunicorn -b :8001", "gunicorn -b :8002"]),
        ("for p in $PORTS; do gunicorn -b :$p & done", ["gunicorn -b :<$p>"]),
        ("while ! nc -z db 1; do sleep 1; done; gunicorn app", ["nc -z db 1", "gunicorn app"]),
        ("until a; do b; done; c", ["a", "b | `a` fails", "c"]),
        ("while true; do gunicorn app; done; never", ["gunicorn app"]),
        ("while :; do if a; then break; fi; done; gunicorn app", ["a", "gunicorn app"]),
        ("W=1; for x in $Y; do W=2; done; gunicorn -w $W", ["gunicorn -w <$W>"]),
        ("for ((i=0;i<3;i++)); do a; done; b", ["a", "b"]),
        ('run() { exec gunicorn -w "$1" "$APP"; }; APP=x; run 3', ["gunicorn -w 3 x"]),
        ("f() { if a; then return; fi; b; }; f; c", ["a", "b | `a` fails", "c"]),
        ('main() { gunicorn "$@"; }; main -w 4 app', ["gunicorn -w 4 app"]),
        ("f() { cd /x; W=2; }; f; gunicorn -w $W", ["gunicorn -w 2"]),
        ("never() { gunicorn; }; a", ["a"]),
        ("f() { local W=1 V; V=2; X=3; }; W=4; f; gunicorn -w $W $V $X", ["gunicorn -w 4 <$V> 3"]),
        ('f() { local W="$1"; g; }; g() { gunicorn -w $W; }; f 5', ["gunicorn -w 5"]),
    ],
)
def test_loops_and_functions_are_gone_through(text: str, commands: list[str]) -> None:
    assert told(follow_text(text, "bash")) == commands


def test_options_are_taken_one_by_one() -> None:
    text = """#!/bin/bash
while [ $# -gt 0 ]; do
  case "$1" in
    --port) PORT="$2"; shift 2;;
    --debug) DEBUG=1; shift;;
    *) break;;
  esac
done
exec gunicorn -b :$PORT "$@"
"""
    assert told(follow_script(text, "--debug", "--port", "90", "app")) == ["gunicorn -b :90 app"]


# Other files


def test_a_file_that_is_sourced_sets_variables() -> None:
    files = {"/app/env.sh": "export BIND=:80\nW=4\n", "/app/.env": "T=9\n"}
    text = ". ./env.sh; set -a; source .env; set +a; gunicorn -b $BIND -w $W -t $T"
    found = follow_text(text, "bash", files)
    assert told(found) == ["gunicorn -b :80 -w 4 -t 9"]
    assert sorted(found.commands[0].command.env.variables) == ["BIND", "T"]


@pytest.mark.parametrize("text", [". ./missing.env", "export $(cat .env | xargs)", 'eval "$(aws secrets)"'])
def test_what_may_set_variables_and_can_not_be_read_makes_them_unknown(text: str) -> None:
    found = follow_text(f"{text}; gunicorn -w $W")
    assert isinstance(found.commands[-1].command.env.complete, Unknown)


def test_a_virtual_environment_sets_nothing_that_matters() -> None:
    assert follow_text(". venv/bin/activate; gunicorn -w $W").commands[0].command.env.complete is True


def test_variables_are_exported_from_a_file() -> None:
    files = {"/app/.env": "# c\nW=4\nB='x y'\n"}
    found = follow_text("export $(grep -v '^#' .env | xargs)\ngunicorn -w $W", files=files)
    assert told(found) == ["gunicorn -w 4"]
    assert sorted(found.commands[0].command.env.variables) == ["B", "W"]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("cat > /etc/nginx/x.conf <<EOF\nlisten $P; $U \\$host;\nEOF", "listen 80; $U $host;\n"),
        ("cat <<'EOF' > /etc/nginx/x.conf\nlisten $P;\nEOF", "listen $P;\n"),
        ("cat > /etc/nginx/x.conf <<-EOF\n\tlisten $P;\n\tEOF", "listen 80;\n"),
        ("cat <<EOF | sudo tee /etc/nginx/x.conf\nlisten $P;\nEOF", "listen 80;\n"),
        ('echo "listen ${P};" > /etc/nginx/x.conf', "listen 80;\n"),
        ("echo a > /etc/nginx/x.conf; echo b >> /etc/nginx/x.conf", "a\nb\n"),
        ("printf 'a\\nb\\n' > /etc/nginx/x.conf", "a\nb\n"),
        ("printf '%s\\n' a $P > /etc/nginx/x.conf", "a\n80\n"),
        ("{ echo a; echo $P; } > /etc/nginx/x.conf", "a\n80\n"),
        ("cd /etc/nginx; echo a > x.conf", "a\n"),
        ("envsubst '$P' < /t.conf > /etc/nginx/x.conf", "listen 80; $host; PLACE\n"),
        ("cp /t.conf /etc/nginx/x.conf", "listen $P; $host; PLACE\n"),
        ("cp /t.conf /etc/nginx/x.conf; sed -i 's/PLACE/here/g' /etc/nginx/x.conf", "listen $P; $host; here\n"),
        ('echo "${N:+listen $N;}${P:+p;}" > /etc/nginx/x.conf', "p;\n"),
    ],
)
def test_written_files_are_told(text: str, written: str) -> None:
    found = follow_text(text, "bash", {"/t.conf": "listen $P; $host; PLACE\n"}, P="80")
    assert found.written["/etc/nginx/x.conf"].text == written


def test_a_written_file_points_into_the_script_and_is_found_by_later_commands() -> None:
    found = follow_text("cat > /n.conf <<EOF\na;\nlisten \\$x $P;\nEOF\nnginx -c /n.conf", P="80")
    text = found.written["/n.conf"]
    start = text.text.index("80")
    assert (text.span(start, start + 2).outermost.text, text.span(start, start + 2).line) == ("$P", 3)
    assert text.span(text.text.index("$x"), text.text.index("$x") + 2).outermost.text == "\\$x"
    files = found.commands[-1].command.files
    assert files is not None
    assert files.read("/n.conf") is text


def test_what_is_written_on_a_condition_says_so() -> None:
    found = follow_text('if [ "$TLS" = 1 ]; then echo a > /x; else echo b > /x; fi')
    assert [(write.text.text, write.conditions) for write in found.writes if not isinstance(write.text, Unknown)] == [
        ("a\n", ("$TLS = 1",)),
        ("b\n", ("$TLS != 1",)),
    ]


def test_what_can_not_be_told_of_a_written_file_is_unknown() -> None:
    found = follow_text("j2 t.j2 > /x.conf; sed -i '/^user/d' /y.conf")
    assert [type(write.text) for write in found.writes] == [Unknown]
    assert list(found.changed) == ["/y.conf"]


def test_a_here_document_is_what_a_program_reads() -> None:
    [found] = follow_text("python - <<PY\nimport x\nPY").commands
    assert command_of(found) == "python -"
    assert found.stdin is not None and not isinstance(found.stdin, Unknown)
    assert found.stdin.text == "import x\n"


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("cat > /g.py <<EOF\nbind = ':$PORT'\nEOF", False),
        ("cat > /g.py <<'EOF'\nbind = ':$PORT'\nEOF", True),
        ("PORT=80; cat > /g.py <<EOF\nbind = ':$PORT'\nEOF", True),
        ("cat > /g.py <<EOF\nworkers = $(nproc)\nEOF", False),
    ],
)
def test_a_server_s_file_with_a_variable_that_is_not_known_is_not_known(text: str, known: bool) -> None:
    assert isinstance(follow_text(text).written["/g.py"], SourceFile) is known
