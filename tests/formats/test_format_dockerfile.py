"""Dockerfiles as instructions: continued lines, heredocs, both forms of commands."""

import time

import pytest

from serveaudit.formats.dockerfile import Dockerfile, Instruction, parse
from serveaudit.source import SourceFile


def read(text: str) -> Dockerfile:
    return parse(SourceFile("Dockerfile", text))


def one(text: str) -> Instruction:
    (instruction,) = read(text).instructions
    return instruction


def test_a_continued_line_is_joined_without_comments_and_blank_lines() -> None:
    run = one("RUN apt-get update && \\\n  # why\n\n    apt-get install -y \\\n      nginx\n")
    assert run.rest.text == "apt-get update &&     apt-get install -y       nginx"
    at = run.rest.text.index("nginx")
    assert (run.rest.span(at, at + 5).line, run.rest.span(at, at + 5).outermost.text) == (5, "nginx")
    assert run.span.text.startswith("RUN apt-get") and run.span.text.endswith("nginx")


def test_names_are_upper_case_and_flags_stand_apart() -> None:
    copy = one("copy --from=build --chown=a:b --link /a /b")
    assert (copy.name, copy.rest.text) == ("COPY", "/a /b")
    assert {name: view.text for name, view in copy.flags.items()} == {"from": "build", "chown": "a:b", "link": ""}


def test_the_words_of_the_json_form_keep_their_places() -> None:
    command = one('CMD ["gunicorn", \\\n  "-b", "a\\tb\\u0041" ]')
    assert command.words is not None
    assert [word.text for word in command.words] == ["gunicorn", "-b", "a\tbA"]
    assert [(word.whole().line, word.whole().outermost.text) for word in command.words][1:] == [(2, "-b"), (2, "a\\tb\\u0041")]


@pytest.mark.parametrize("text", ["['a']", "[a", '["a", 1]', '["a"] x', "gunicorn app:app", "[" * 5000])
def test_what_is_no_json_list_of_strings_is_for_the_shell(text: str) -> None:
    assert one(f"CMD {text}").words is None


def test_a_heredoc_is_a_script_or_a_file() -> None:
    run, copy, shell = read(
        'RUN <<EOF\necho a\necho b\nEOF\nCOPY <<-"X" /etc/a.conf\n\thello\n\tX\nRUN cat <<Y >/a && \\\n echo\nserver {}\nY\n'
    ).instructions
    assert run.script.text == "echo a\necho b\n"
    assert [(each.name, each.view.text, each.literal) for each in copy.heredocs] == [("X", "hello\n", True)]
    assert shell.script.text == "cat <<Y >/a && \\\n echo\nserver {}\nY"
    assert shell.script.span(shell.script.text.index("server"), len(shell.script.text)).line == 10


def test_a_shift_in_arithmetic_is_no_heredoc() -> None:
    first, second = read("RUN echo $((1 <<2))\nRUN true\n").instructions
    assert (first.heredocs, second.rest.text) == ((), "true")


def test_the_escape_directive_frees_the_backslash() -> None:
    found = read("# syntax=docker/dockerfile:1\n# escape=`\nFROM x\nCOPY a `\n c:\\\nRUN y\n")
    assert found.escape == "`"
    assert [each.rest.text for each in found.instructions] == ["x", "a  c:\\", "y"]


def test_a_word_that_is_no_instruction_is_a_problem_with_its_line() -> None:
    found = read("FROM x\nEXPOS 80\n")
    assert [(problem.span.line, problem.message) for problem in found.problems] == [
        (2, "EXPOS is no instruction of a Dockerfile")
    ]


def test_a_template_s_control_lines_are_no_problems() -> None:
    found = read("{% if a %}\nFROM x\n{%- else %}\nFROM y\n{% endif %}\n")
    assert (found.template, found.problems, len(found.instructions)) == ("Jinja", (), 2)
    assert read("FROM x\n").template == ""


@pytest.mark.parametrize("text", ["", "\n\n", "FROM", "CMD", "RUN \\", "\\", "RUN --mount", "#", 'CMD ["a'])
def test_cut_off_files_are_read_as_far_as_they_go(text: str) -> None:
    found = read(text)
    assert len(found.instructions) + len(found.problems) == (1 if text.strip("\n#") else 0)


@pytest.mark.parametrize(
    "text", ["RUN <<X\n" * 20000 + "X\n", "RUN \\\n" * 20000, "RUN " + "a" * 500000, "RUN --a " + "--b=c " * 20000]
)
def test_large_files_take_no_time(text: str) -> None:
    started = time.process_time()
    read(text)
    assert time.process_time() - started < 2


def test_a_dockerfile_inside_of_another_text_has_places_in_that_text() -> None:
    outer = SourceFile("README.md", '```\n  FROM x\n  CMD ["a"]\n```\n')
    view = outer.lines_view([(6, 12), (15, 24)])
    command = parse(view).instructions[1]
    assert command.words is not None
    assert (command.words[0].whole().line, command.words[0].whole().outermost.text, command.span.path) == (3, "a", "README.md")
