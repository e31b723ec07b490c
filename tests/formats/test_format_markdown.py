"""Fenced blocks of Markdown documents."""

from serveaudit.formats.markdown import Embedded, parse
from serveaudit.source import SourceFile


def blocks(text: str) -> list[Embedded]:
    return parse(SourceFile("README.md", text))


def test_a_block_has_its_language_its_text_and_its_places() -> None:
    (block,) = blocks("# Deploy\n\n```python\nbind = ':8000'\nworkers = 2\n```\n")
    assert (block.kind, block.view.text, block.heading) == ("python", "bind = ':8000'\nworkers = 2\n", "Deploy")
    at = block.view.text.index("workers")
    assert block.view.span(at, at + 7).line == 5


def test_indentation_and_quotation_marks_are_no_part_of_the_text() -> None:
    listed, quoted = blocks("1. x\n   ~~~~ nginx\n   a {\n     b;\n   ```\n   ~~~~\n> ```yaml\n> a:\n>   - b\n> ```\n")
    assert (listed.kind, listed.view.text) == ("nginx", "a {\n  b;\n```\n")
    assert (quoted.kind, quoted.view.text) == ("yaml", "a:\n  - b\n")


def test_a_fence_that_is_never_closed_goes_on_to_the_end() -> None:
    (block,) = blocks("````\na\n```\nb")
    assert block.view.text == "a\n```\nb\n"


def test_inline_code_is_no_fence() -> None:
    assert blocks("Use ``` a ``` here\n```a``` x\n") == []


def test_a_block_is_named_by_its_fence() -> None:
    infos = ['nginx title="site.conf"', "yaml:compose.yml", "{code-block} nginx", "ini {filename='a.ini'}", "dockerfile"]
    found = blocks("".join(f"```{info}\nx\n```\n" for info in infos))
    assert [(block.kind, block.title) for block in found] == [
        ("nginx", "site.conf"),
        ("yaml", "compose.yml"),
        ("nginx", ""),
        ("ini", "a.ini"),
        ("dockerfile", ""),
    ]


def test_a_block_is_named_by_its_first_comment() -> None:
    comments = [
        "# gunicorn.conf.py",
        "; /etc/uwsgi/app.ini",
        "# file: deploy/nginx.conf",
        "#!/bin/sh\n# run.sh",
        "# Dockerfile",
    ]
    found = [blocks(f"```\n{comment}\nx\n```\n")[0].title for comment in comments]
    assert found == ["gunicorn.conf.py", "/etc/uwsgi/app.ini", "deploy/nginx.conf", "run.sh", "Dockerfile"]


def test_a_sentence_in_a_comment_names_no_file() -> None:
    assert blocks("```\n# Use gunicorn.conf.py to set workers.\n# e.g.\n```\n")[0].title == ""


def test_a_block_is_named_by_the_line_before_or_its_heading() -> None:
    found = blocks(
        "### `docker-compose.yml`\n```\na\n```\nEdit **nginx.conf**:\n\n```\nb\n```\n/etc/app.service\n```\nc\n```\n"
    )
    assert [block.title for block in found] == ["docker-compose.yml", "nginx.conf", "/etc/app.service"]


def test_a_section_groups_its_blocks_and_headings_inside_of_blocks_do_not_count() -> None:
    found = blocks("Setup\n=====\n```\n# not a heading\n```\n```\n```\n## Setup\n```\n```\nText\n---\n```\n```\n")
    assert [(block.heading, block.section) for block in found] == [("Setup", 1), ("Setup", 1), ("Setup", 2), ("Text", 3)]
