"""Programs that start others: what is left when they are taken away."""

import pytest

from followed import chain, command_of, follow_text, follow_words, told


@pytest.mark.parametrize(
    ("words", "links"),
    [
        ("env A=1 gunicorn app", "env becomes"),
        ("env -u B -C /srv A=1 gunicorn app", "env becomes"),
        ("nohup nice -n 10 ionice -c2 -n7 gunicorn app", "nohup becomes > nice becomes > ionice becomes"),
        ("nice -10 gunicorn app", "nice becomes"),
        ("time -p gunicorn app", "time stays"),
        ("timeout -k 5 30 gunicorn app", "timeout forwards"),
        ("sudo -E -u www gunicorn app", "sudo forwards"),
        ("gosu app:app gunicorn app", "gosu becomes"),
        ("su-exec app gunicorn app", "su-exec becomes"),
        ("runuser -u app -- gunicorn app", "runuser forwards"),
        ("su - app -c gunicorn\\ app", "su forwards > sh stays"),
        ("su app -s /bin/sh -c 'exec gunicorn app'", "su forwards > sh becomes"),
        ("setpriv --reuid=app --clear-groups gunicorn app", "setpriv becomes"),
        ("chpst -u app -e /env gunicorn app", "chpst becomes"),
        ("s6-setuidgid app gunicorn app", "s6-setuidgid becomes"),
        ("tini -- gunicorn app", "tini forwards"),
        ("/usr/bin/tini -g -s -- gunicorn app", "/usr/bin/tini forwards"),
        ("dumb-init gunicorn app", "dumb-init forwards"),
        ("poetry run gunicorn app", "poetry becomes"),
        ("pipenv --python 3.12 run gunicorn app", "pipenv becomes"),
        ("uv run --no-sync --extra prod gunicorn app", "uv forwards"),
        ("pdm run -p . gunicorn app", "pdm forwards"),
        ("hatch run gunicorn app", "hatch stays"),
        ("conda run --no-capture-output -n web gunicorn app", "conda stays"),
        ("newrelic-admin run-program gunicorn app", "newrelic-admin becomes"),
        ("ddtrace-run gunicorn app", "ddtrace-run becomes"),
        ("opentelemetry-instrument --service_name web gunicorn app", "opentelemetry-instrument becomes"),
        ("doppler run -p web -- gunicorn app", "doppler forwards"),
        ("chamber exec web common -- gunicorn app", "chamber becomes"),
        ("dockerize -wait tcp://db:5432 -timeout 60s gunicorn app", "dockerize forwards"),
        ("./wait-for-it.sh db:5432 -t 30 -- gunicorn app", "./wait-for-it.sh becomes"),
        ("with-contenv gunicorn app", "with-contenv becomes"),
        ("xargs -0 gunicorn app", "xargs stays"),
        ("python -m coverage run -m gunicorn app", "python becomes > coverage becomes"),
        ("bash -lc 'exec gunicorn app'", "bash becomes"),
        ("busybox sh -c 'exec gunicorn app'", "sh becomes"),
        ('sh -c \'exec "$0" "$@"\' gunicorn app', "sh becomes"),
    ],
)
def test_wrappers_are_taken_away_and_become_links(words: str, links: str) -> None:
    found = follow_text("exec " + words, "bash")
    assert told(found)[0].removeprefix("python -m ") == "gunicorn app"
    assert chain(found.commands[0]) == f"bash becomes > {links}"


@pytest.mark.parametrize(
    "words", ["poetry install", "uv sync", "conda activate web", "./wait-for-it.sh db:5432", "env A=1", "sudo -v"]
)
def test_a_wrapper_that_starts_nothing_is_a_command(words: str) -> None:
    found = follow_words(words.split())
    assert told(found) == [words]
    assert found.commands[0].unread is None


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("uv run main.py", "python main.py"),
        ("uv run -m app.serve", "python -m app.serve"),
        ("uv run python -m gunicorn app", "python -m gunicorn app"),
        ("python -u -m debugpy --listen 0.0.0.0:5678 -m uvicorn app", "python -m uvicorn app"),
        ("python manage.py runserver", "python manage.py runserver"),
    ],
)
def test_what_python_is_to_run_stays_with_python(words: str, command: str) -> None:
    assert told(follow_words(words.split())) == [command]


def test_what_wrappers_say_of_directory_user_and_variables_is_kept() -> None:
    [found] = follow_words("env -C /srv A=1 setpriv --reuid=web gunicorn app".split()).commands
    assert found.command.cwd.x == "/srv"
    assert found.command.env.get("A").x == "1"
    assert found.user and found.user.x == "web"


def test_a_wrapper_that_reads_variables_from_elsewhere_hides_them() -> None:
    [found] = follow_words("doppler run -- gunicorn app".split()).commands
    assert found.command.env.get("W").why == "it fills in secrets as variables"


def test_a_wrapper_that_restarts_on_changes_is_marked() -> None:
    [found] = follow_words("watchmedo auto-restart -d . --pattern=*.py --recursive -- gunicorn app".split()).commands
    assert found.reloads
    assert found.command.word(0) == "gunicorn"


def test_tini_g_reaches_the_whole_group() -> None:
    [with_group] = follow_words(["tini", "-g", "--", "gunicorn", "app"]).commands
    [without] = follow_words(["tini", "--", "gunicorn", "app"]).commands
    assert (with_group.links[0].group, without.links[0].group) == (True, False)


def test_a_text_that_the_outer_shell_fills_in_is_read_with_its_variables() -> None:
    text = 'A="--ini u.ini"; su - "$U" -c "cd /srv && exec $VENV/bin/uwsgi $A \\"x y\\"" &'
    [found] = follow_text(text).commands
    assert told(follow_text(text)) == ["<$VENV>/bin/uwsgi --ini u.ini 'x y'"]
    assert found.command.cwd.x == "/srv"
    assert found.command.argv[-1].places[0].span.outermost.text == 'x y\\"'.removesuffix('\\"')


def test_a_quoted_text_in_json_is_told_at_its_place() -> None:
    [found] = follow_words(["sh", "-c", 'exec gunicorn -b "0.0.0.0:$PORT" app']).commands
    assert [word.places[0].span.outermost.text for word in found.command.argv] == [
        "gunicorn",
        "-b",
        '\\"0.0.0.0:$PORT\\"',
        "app",
    ]


def test_a_variable_that_is_known_in_part_is_set_for_the_command_behind_env() -> None:
    (found,) = follow_text('env -i A="x$UNKNOWN" B=$UNKNOWN gunicorn a:b').commands
    assert command_of(found) == "gunicorn a:b"
    assert not found.command.env.get("A").known
