"""Addresses within the page: ids of headings and of table rows, and the links that lead there."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import unquote

from markdown_it.token import Token

SECTIONS = {"verdicts": "All comparisons", "provenance": "Provenance"}  # the template's own, after the Markdown's
OTHER_IDS = ("content", "verdict-data", "verdict-controls", "verdict-status")


@dataclass
class Document:
    """The Markdown's part of the page, as far as it has been read.

    Attributes:
        heading: HTML inside the h1.
        body: HTML of everything after it.
        contents: id and text of each h2.
        ids: of the whole page; no two places share one.
        rows: those of them that are table rows.
        tables: number of tables.
        figures: number of figures.
    """

    heading: str = ""
    body: str = ""
    contents: list[tuple[str, str]] = field(default_factory=list)
    ids: set[str] = field(default_factory=lambda: {*SECTIONS, *OTHER_IDS})
    rows: set[str] = field(default_factory=set)
    tables: int = 0
    figures: int = 0

    def claim(self, name: str) -> str:
        """Return an id, taken from now on; raises ValueError if it was taken before."""
        if name in self.ids:
            raise ValueError(f"two places of the page have the id {name!r}: rename a table or a level")
        self.ids.add(name)
        return name


def row_id(table: str, *levels: str) -> str:
    """Return the id of a table's row, the target of links from numbers.

    Args:
        table: the name in the table's `*Table: NAME.*` line.
        levels: the row's level; for a grid the level of each factor, in the table's order.

    Returns:
        Lower case; anything but letters, digits, "." and "_" is "-".
    """
    return "-".join(re.sub(r"[^\w.]", "-", part.lower()) for part in (table, *levels))


def row_ids(table: str, rows: Iterable[Iterable[str]]) -> list[str]:
    """Return the ids of a table's rows, by the levels of each; of rows that share theirs the later ones get a number.

    Two claims of a publication may have the same words, or differ in signs alone.
    """
    ids: dict[str, None] = {}
    for levels in rows:
        name = first = row_id(table, *levels)
        count = 1
        while name in ids:
            count += 1
            name = f"{first}-{count}"
        ids[name] = None
    return list(ids)


def sentence_case(name: str) -> str:
    """Return a name of the config for reading: `learning_rate` is "Learning rate"."""
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def plain_text(inline: Token) -> str:
    """Return an inline token's text without its marks."""
    breaks = {"softbreak": " ", "hardbreak": " "}
    return "".join(breaks.get(child.type, child.content) for child in inline.children or ())


def name_headings(tokens: list[Token], document: Document) -> None:
    """Give each h2 an id made of its words, and enter it in the contents."""
    for place, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            text = plain_text(tokens[place + 1])
            words = re.sub("-+", "-", row_id(text)).strip("-") or "section"
            name, count = words, 1
            while name in document.ids:
                count += 1
                name = f"{words}-{count}"
            token.attrSet("id", document.claim(name))
            document.contents.append((name, text))


def check_links(tokens: list[Token], document: Document) -> None:
    """Raise ValueError for a link within the page that leads nowhere; mark those that lead to a row."""
    for link in (child for token in tokens for child in token.children or () if child.type == "link_open"):
        target = unquote(link.attrs["href"])
        if not target.startswith("#"):
            continue
        if target[1:] not in document.ids:
            raise ValueError(f"a link leads to {target!r}, but the page has no such id")
        if target[1:] in document.rows:
            link.attrSet("class", "number")
