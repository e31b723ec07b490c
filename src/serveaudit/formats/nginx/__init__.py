"""nginx's configuration language: text -> directives with exact places.

crossplane's lexer reads the words; its parser is not used, because it tells lines only, gives up on fragments, and keeps
nothing of a text with an error in it.
"""

from __future__ import annotations

from serveaudit.formats.nginx.builder import build
from serveaudit.formats.nginx.templates import Arm, expressions, mask
from serveaudit.formats.nginx.tokens import tokenize
from serveaudit.formats.nginx.tree import Directive, Tree, Word, walk
from serveaudit.source import SourceFile

__all__ = ["Arm", "Directive", "Tree", "Word", "expressions", "parse", "walk"]


def parse(source: SourceFile) -> Tree:
    """The text's directives and its problems. Never raises: of a broken text the rest is still read."""
    masked = mask(source.text)
    tokens, stops = tokenize(masked.text)
    return build(source, masked, tokens, stops)
