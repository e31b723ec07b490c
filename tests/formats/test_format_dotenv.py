"""Files of variables."""

from serveaudit.formats.dotenv import bare, parse
from serveaudit.source import SourceFile


def texts(text: str) -> dict[str, str]:
    return {variable.name: variable.text.text for variable in parse(SourceFile(".env", text))}


def test_quotes_comments_and_export_are_no_part_of_a_value() -> None:
    text = "# c\nexport A=1 # c\nB=\"x # y\" # z\nC='$D'\nE=a#b\nF=\n  G = h i \nH: yaml\n"
    assert texts(text) == {"A": "1", "B": "x # y", "C": "$D", "E": "a#b", "F": "", "G": "h i", "H": "yaml"}


def test_escapes_count_in_double_quotes_only_and_keep_their_places() -> None:
    double, single = parse(SourceFile(".env", "A=\"x\\ny\\\\z\"\nB='\\n'\n"))
    assert (double.text.text, single.text.text, single.quote) == ("x\ny\\z", "\\n", "'")
    assert double.text.span(2, 3).outermost.text == "y"


def test_a_quoted_value_goes_over_several_lines() -> None:
    assert texts('A="one\ntwo"\nB=2\n') == {"A": "one\ntwo", "B": "2"}


def test_a_quote_that_is_never_closed_is_a_character() -> None:
    assert texts("A='x\nB=2\n") == {"A": "'x", "B": "2"}


def test_a_value_has_its_line() -> None:
    _, second = parse(SourceFile(".env", "A=1\nWORKERS=4\n"))
    assert (second.text.whole().line, second.text.whole().outermost.text) == (2, "4")


def test_names_without_a_value_come_from_the_shell() -> None:
    assert [span.text for span in bare(SourceFile(".env", "A=1\nTOKEN\n# B\n"))] == ["TOKEN"]
