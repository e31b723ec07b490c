"""From a launcher's step to its commands: shells, scripts, arguments, what stands between."""

import random

import pytest

from followed import Machine, chain, follow_script, follow_text, follow_words, shown, told
from serveaudit.command import Step
from serveaudit.following import follow
from serveaudit.source import Piece, SourceFile
from serveaudit.values import Place, Unknown, Value

ENTRYPOINT = '#!/bin/sh\nset -e\npython manage.py migrate --noinput\nexec "$@"\n'


def test_words_without_a_shell_are_the_command() -> None:
    found = follow_words(["gunicorn", "--bind", "0.0.0.0:$PORT", "app:app"])
    assert told(found) == ["gunicorn --bind 0.0.0.0:$PORT app:app"]
    assert found.commands[0].links == ()
    assert found.commands[0].last


def test_a_text_is_read_by_the_shell_that_the_launcher_uses() -> None:
    found = follow_text("python manage.py migrate && gunicorn -b :${PORT:-8000} app:app")
    assert told(found) == ["python manage.py migrate", "gunicorn -b :8000 app:app"]
    assert [each.last for each in found.commands] == [False, True]
    assert found.commands[1].command.argv[2].assumes == ("$PORT is not set",)
    assert found.commands[1].command.cwd.x == "/app"


@pytest.mark.parametrize(
    ("text", "shell", "links"),
    [
        ("gunicorn app", "sh", "sh stays"),
        ("exec gunicorn app", "sh", "sh becomes"),
        ("gunicorn app", "bash", "bash becomes"),
        ("migrate && gunicorn app", "bash", "bash becomes"),
        ("migrate\ngunicorn app", "bash", "bash becomes"),
        ("migrate; true && gunicorn app", "bash", "bash stays"),
        ("gunicorn app > log", "bash", "bash stays"),
        ("trap 'kill 0' TERM; gunicorn app", "bash", "bash stays"),
        ("if true; then gunicorn app; fi", "bash", "bash stays"),
        ("exec gunicorn app | tee log", "sh", "sh stays"),
        ("(exec gunicorn app)", "sh", "sh stays"),
        ("exec gunicorn app &", "sh", "sh stays"),
        ("exec nice -n 5 gosu app gunicorn app", "sh", "sh becomes > nice becomes > gosu becomes"),
        ("sudo -u app gunicorn app", "sh", "sh stays > sudo forwards"),
        ("sh -c 'exec gunicorn app'", "sh", "sh stays > sh becomes"),
        ("trap 'kill $P' TERM; gunicorn app & P=$!; wait $P", "sh", "sh forwards"),
    ],
)
def test_links_tell_which_process_is_left_between(text: str, shell: str, links: str) -> None:
    found = next(each for each in follow_text(text, shell).commands if each.command.word(0) == "gunicorn")
    assert chain(found) == links


def test_a_pipe_and_the_background_are_told() -> None:
    found = follow_text("daphne app & gunicorn app 2>&1 | tee log")
    assert [(each.command.word(0), each.background, each.piped, each.last) for each in found.commands] == [
        ("daphne", True, False, False),
        ("gunicorn", False, True, True),
        ("tee", False, False, True),
    ]


def test_a_script_runs_the_command_that_it_is_given() -> None:
    files = {"/app/entrypoint.sh": ENTRYPOINT}
    found = follow_words(["/app/entrypoint.sh", "gunicorn", "-w", "4", "app:app"], files)
    assert told(found) == ["python manage.py migrate --noinput", "gunicorn -w 4 app:app"]
    assert chain(found.commands[1]) == "/app/entrypoint.sh becomes"
    word = found.commands[1].command.argv[2]
    assert (word.places[0].span.text, word.places[0].span.path) == ('"4"', "Dockerfile")


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (["./entrypoint.sh", "gunicorn", "a"], "/app/entrypoint.sh"),
        (["entrypoint", "gunicorn", "a"], "/usr/local/bin/entrypoint"),
        (["sh", "-e", "/entrypoint.sh", "gunicorn", "a"], "/entrypoint.sh"),
        (["/bin/bash", "-o", "pipefail", "/entrypoint.sh", "gunicorn", "a"], "/entrypoint.sh"),
        (["tini", "--", "/entrypoint.sh", "gunicorn", "a"], "/entrypoint.sh"),
        (["/entrypoint.sh", "/entrypoint.sh", "gunicorn", "a"], "/entrypoint.sh"),
    ],
)
def test_scripts_are_found_by_path_and_by_name(words: list[str], path: str) -> None:
    found = follow_words(words, {path: ENTRYPOINT})
    assert told(found)[-1] == "gunicorn a"


def test_a_script_that_is_not_there_is_said_to_be_missing() -> None:
    [found] = follow_words(["bash", "/start.sh", "--x"]).commands
    assert found.command.word(1) == "/start.sh"
    assert isinstance(found.unread, Unknown)
    assert found.unread.why == "/start.sh is not in the repository"


def test_a_program_that_is_no_script_is_no_missing_script() -> None:
    [found] = follow_words(["/venv/bin/gunicorn", "app"]).commands
    assert found.unread is None


@pytest.mark.parametrize("text", ["#!/usr/bin/env python3\nprint()\n", "#!/bin/execlineb -P\ngunicorn\n"])
def test_scripts_for_other_interpreters_are_commands(text: str) -> None:
    [found] = follow_script(text).commands
    assert found.command.word(0) == "/app/start.sh"


def test_arguments_that_are_not_known_stay_unknown() -> None:
    found = follow_script('#!/bin/sh\nexec gunicorn "$@" --timeout "$1"', None)
    assert told(found) == ["gunicorn <$@> --timeout <$1>"]


def test_a_script_starts_another_one() -> None:
    files = {"/app/bin/web.sh": '#!/bin/sh\nexec gunicorn -w "$1" "$APP"'}
    found = follow_script('#!/bin/bash\nexport APP=app:app\nexec "$(dirname "$0")/bin/web.sh" 3', files=files)
    assert told(found) == ["gunicorn -w 3 app:app"]
    assert chain(found.commands[0]) == "/app/start.sh becomes > /app/bin/web.sh becomes"


def test_what_follows_exec_or_exit_is_not_reached() -> None:
    assert told(follow_text("exec gunicorn a\ngunicorn b")) == ["gunicorn a"]
    assert told(follow_text("gunicorn a; exit 0; gunicorn b")) == ["gunicorn a"]


def test_a_user_a_umask_and_an_output_are_told() -> None:
    [found] = follow_text("umask 0077; exec gosu app gunicorn app >> /var/log/app.log").commands
    assert found.user and found.user.x == "app"
    assert found.umask and found.umask.x == "0077"
    assert found.output and found.output.x == "/var/log/app.log"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("exec supervisord -n -c /etc/x.conf", "supervisord"),
        ("honcho start -f Procfile.prod", "procfile"),
        ("make -C backend run", "make"),
    ],
)
def test_managers_of_their_own_are_commands_with_a_link(text: str, kind: str) -> None:
    [found] = follow_text(text).commands
    assert found.links[-1].kind == kind


def test_python_scripts_are_commands() -> None:
    assert told(follow_text("python -u serve.py --port 80")) == ["python -u serve.py --port 80"]
    [found] = follow_text("python -u serve.py").commands
    assert found.command.env.get("PYTHONUNBUFFERED").x == "1"


def test_a_text_for_another_shell_is_not_read() -> None:
    [found] = follow_text("gunicorn app", "powershell").commands
    assert found.unread is not None


def test_a_shell_reads_its_standard_input() -> None:
    assert told(follow_text("bash <<EOF\nexec gunicorn app\nEOF")) == ["gunicorn app"]


def test_a_script_in_an_indented_block_is_told_at_its_place_in_the_file() -> None:
    outer = SourceFile("compose.yml", "command: |\n    export W=4\n    exec gunicorn -w $W app\n")
    view = outer.lines_view([(15, 25), (30, 53)])
    step = Step(Place(outer.whole()), script=view)
    [found] = follow(step, None).commands
    places = [place.span.outermost for place in found.command.argv[2].places]
    assert shown(found.command.argv[2]) == "4"
    assert [(place.text, place.line) for place in places] == [("4", 2), ("$W", 3)]


def test_a_script_that_calls_itself_comes_to_an_end() -> None:
    text = "#!/bin/sh\n/app/start.sh\n. /app/start.sh\nf() { f; f; }\nf\ngunicorn app\n"
    assert "gunicorn app" in told(follow_script(text))


def test_a_script_that_starts_itself_as_another_user_has_one_command_for_it() -> None:
    text = """#!/bin/sh
if [ "$(id -u)" = 0 ]; then
  chown app /data
  exec gosu app "$0" "$@"
fi
exec "$@"
"""
    found = follow_script(text, "gunicorn", "app")
    assert told(found) == [
        "chown app /data | $(id -u) = 0",
        "gunicorn app | $(id -u) = 0",
        "gunicorn app | $(id -u) != 0",
    ]
    assert found.commands[1].user and found.commands[1].user.x == "app"


@pytest.mark.parametrize(
    "text",
    [
        "if a; then\n" * 500 + "gunicorn\n" + "fi\n" * 500,
        ":(){ :|:& };:",
        "while true; do while true; do gunicorn; done; done",
        "X=a\n" + 'X="$X$X"\n' * 100 + "gunicorn $X",
        "A=(a)\n" + 'A=("${A[@]}" "${A[@]}")\n' * 60 + 'gunicorn "${A[@]}"',
        "set -- a b\n" + 'set -- "$@" "$@"\n' * 60 + 'gunicorn "$@"',
        "".join(f'if [ "$A{n}" = x ]; then O="$O --o{n}"; fi\n' for n in range(40)) + "gunicorn $O",
        "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; gunicorn $i",
        "gunicorn $((9**9**9**9)) $((1<<99999999))",
        'X="eval \\$X"; eval "$X"; gunicorn',
        '[ "$A" = 1 ] || ' * 500 + "gunicorn",
        "[ " + "a = b -o " * 2000 + "a = c ] && gunicorn",
        "sh -c 'sh -c \"sh -c gunicorn\"'",
        "nice " * 500 + "gunicorn",
        "f() { " * 50 + "gunicorn; " + "}; " * 50 + "f",
    ],
)
def test_hostile_scripts_are_followed_in_bounded_time(text: str) -> None:
    follow_text(text, "bash")


def test_written_files_of_earlier_steps_are_there() -> None:
    first = follow_text("echo 'exec gunicorn app' > /run.sh")
    source = SourceFile("Dockerfile", "sh /run.sh")
    step = Step(Place(source.whole()), script=source, cwd=Value("/"))
    assert told(follow(step, Machine({}), tuple(first.writes))) == ["gunicorn app"]


def test_a_folded_text_is_told_at_the_line_where_it_stands() -> None:
    outer = SourceFile("compose.yml", 'command: >\n    sh -c "migrate &&\n    exec gunicorn -w 4\n    app"\n')
    view = outer.view(
        'sh -c "migrate && exec gunicorn -w 4 app"',
        [Piece(0, 15, 18), Piece(18, 37, 19), Piece(37, 60, 4)],
    )
    words = [view.span(0, 2), view.span(3, 5), view.span(6, len(view.text))]
    argv = tuple(Value(span.text.strip('"'), (Place(span),)) for span in words)
    found = follow(Step(Place(outer.whole()), argv=argv), None)
    assert told(found) == ["migrate", "gunicorn -w 4 app"]
    assert [word.places[0].span.line for word in found.commands[1].command.argv] == [3, 3, 3, 4]


TOKENS = """if then fi [ $X = a ] ; && || gunicorn exec $X ${X:- } $( ` ) ( { case $1 in a) ;; esac while do done <<E E " ' > f
| & f() return X=1 export A=$X set -- a shift sh -c eval \\ $(( 1+ )) {{ }} for i in a b; do env su - x -c cat echo é""".split()


def test_no_sequence_of_tokens_raises() -> None:
    chance = random.Random(7)
    for _ in range(150):
        text = " ".join(chance.choice(TOKENS) for _ in range(chance.randint(1, 80)))
        follow_text(text, chance.choice(["sh", "bash"]), {"/app/f": text})
