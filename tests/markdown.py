"""What stands in a page of the documentation, as its readers' programs take it apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

COMMANDS = "sh"


@dataclass(frozen=True)
class Block:
    """A block of code: the number of its first line, its language and its text. An indented one is of commands."""

    line: int
    language: str
    text: str

    @property
    def commands(self) -> list[str]:
        """Its lines, without comments; what ends in a backslash goes on in the next."""
        joined = re.sub(r"\\\n\s*", "", self.text)
        return [command for line in joined.splitlines() if (command := re.sub(r"(^|\s)#.*", "", line).strip())]


def _tokens(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(text)


def _inline(text: str) -> Iterator[Token]:
    for token in _tokens(text):
        yield from token.children or ()


def blocks(text: str) -> Iterator[Block]:
    """All blocks of a page, from the top."""
    for token in _tokens(text):
        if token.map is not None and token.type == "fence":
            yield Block(token.map[0] + 2, token.info, token.content)
        elif token.map is not None and token.type == "code_block":
            yield Block(token.map[0] + 1, COMMANDS, token.content)


def sentences(text: str) -> list[str]:
    """The lines of plain text."""
    return [token.content for token in _inline(text) if token.type == "text"]


def quoted(text: str) -> list[str]:
    """What stands between backticks."""
    return [token.content for token in _inline(text) if token.type == "code_inline"]


def links(text: str) -> list[tuple[str, str]]:
    """The links and pictures that lead to files of this project: a path ("" for the page itself) and an anchor."""
    found = [str(token.attrGet("href") or token.attrGet("src") or "") for token in _inline(text)]
    return [(path, anchor) for path, _, anchor in (link.partition("#") for link in found if link) if ":" not in path]


def anchors(text: str) -> set[str]:
    """What GitHub calls the headings in links."""
    tokens = _tokens(text)
    headings = (
        "".join(token.content for token in after.children or ())
        for before, after in pairwise(tokens)
        if before.type == "heading_open"
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def rows(text: str) -> list[list[str]]:
    """The rows of all tables, headers first, a list of cells each."""
    found: list[list[str]] = []
    tokens = _tokens(text)
    for before, token in pairwise(tokens):
        if before.type == "tr_open":
            found.append([])
        if before.type in ("th_open", "td_open"):
            found[-1].append(token.content)
    return found
