"""The report as a page: Markdown, figures and comparisons in one HTML file that asks the network for nothing.

Conventions of the Markdown: one h1; a figure is a paragraph of its own, `![caption](figures/NAME.png)`, and
`NAME.svg` stands in the page; a paragraph `*Table: NAME.*` directly before a table names it, and each of its rows can
then be linked, `[0.97929](#units-512)`, by the id that `row_id` gives.
"""

import re
from pathlib import Path
from typing import get_args
from urllib.parse import unquote

import jinja2
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape  # part of Jinja

from stats.paired_verdicts import Verdict
from writing.links import SECTIONS, Document, check_links, name_headings, plain_text, row_ids, sentence_case
from writing.live_verdicts import ALPHAS, embedded_json, reading_family, t_quantiles
from writing.svg import figure

VERDICTS = get_args(Verdict)
LONG_TABLE = 150  # rows; longer tables scroll by themselves, so that what follows can be reached
SCRIPT = "verdicts.js"


def render_page(
    markdown: str,
    *,
    figures: Path,
    families: list[dict],
    templates: Path,
    title: str,
    provenance: dict,
    provenance_text: str,
) -> str:
    """Return the report as one HTML file.

    Args:
        markdown: the report, in the conventions above. HTML in it is shown as text.
        figures: folder of the SVG files.
        families: what `family` returns, in the order of the page; with none the section of comparisons is left out.
        templates: folder of `report.html.j2` and `verdicts.js`.
        title: of the browser's window.
        provenance: the record of what made the results; `finished`, `commit`, `cpu` and `packages` are shown.
        provenance_text: the whole record, shown on demand.

    Returns:
        The page, ending with a line break.

    Raises:
        ValueError: if the Markdown has not exactly one h1, if a link's target, a figure's caption or its place is
            missing, if two places have the same id, or if a figure refers to anything outside itself.
        FileNotFoundError: if a figure is missing.
    """
    document = read_document(markdown, figures)
    sections = SECTIONS if families else {name: text for name, text in SECTIONS.items() if name != "verdicts"}
    script = (templates / SCRIPT).read_text(encoding="utf-8")
    if re.search(r"</script|<!--", script, re.IGNORECASE):
        raise ValueError(f"{SCRIPT} must not hold `</script` or `<!--`: they end the element it stands in")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    alphas = sorted({*ALPHAS, *(family["alpha"] for family in families)})
    data = {"families": families, "quantiles": t_quantiles(families, alphas)}
    return environment.get_template("report.html.j2").render(
        title=title,
        heading=Markup(document.heading),
        body=Markup(document.body),
        contents=[*document.contents, *sections.items()],
        sections=sections,
        families=[reading_family(family, document.ids) for family in families],
        margins={family["metric"]: family["margin"] for family in families},
        alphas=alphas,
        table_number=document.tables + 1,
        is_long=sum(len(family["rows"]) for family in families) > LONG_TABLE,
        data=embedded_json(data),
        script=Markup(script),
        provenance=provenance,
        provenance_text=provenance_text,
    )


# Markdown to HTML


def read_document(markdown: str, figures: Path) -> Document:
    """Convert the report's Markdown; see `render_page` for arguments and errors."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    document = Document()
    tokens = _with_figures(_with_tables(parser.parse(markdown), document), document, figures)
    name_headings(tokens, document)
    check_links(tokens, document)
    levels = [index for index, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h1"]
    if len(levels) != 1:
        raise ValueError(f"the report must have one h1. Received: {len(levels)}")
    start = levels[0]
    document.heading = parser.renderer.render(tokens[start + 1 : start + 2], parser.options, {})
    document.body = parser.renderer.render(tokens[:start] + tokens[start + 3 :], parser.options, {})
    return document


def _html(content: str) -> Token:
    return Token("html_block", "", 0, content=content)


def _with_tables(tokens: list[Token], document: Document) -> list[Token]:
    """Return the tokens with tables in containers that scroll, with captions, row headers and ids of rows."""
    done: list[Token] = []
    heading = ""
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.type == "heading_open":
            heading = plain_text(tokens[index + 1])
        if token.type == "table_open":
            end = next(place for place in range(index, len(tokens)) if tokens[place].type == "table_close")
            name = _table_name(done[-2]) if index > 2 and done[-1].type == "paragraph_close" else None
            if name is not None:
                del done[-3:]
            done += _table(tokens[index : end + 1], name, heading, document)
            index = end
        else:
            done.append(token)
        index += 1
    return done


def _table_name(inline: Token) -> str | None:
    """Return NAME of a paragraph that holds `*Table: NAME.*` and nothing else."""
    kinds = [child.type for child in inline.children]
    found = re.fullmatch(r"Table: (.+)\.", inline.children[1].content) if len(kinds) == 3 else None
    return found[1] if found and kinds == ["em_open", "text", "em_close"] else None


def _table(tokens: list[Token], name: str | None, heading: str, document: Document) -> list[Token]:
    """Return one table's tokens in a container, its rows with ids if it has a name."""
    document.tables += 1
    number = f"Table {document.tables}"
    label = f"{number}: {name or heading}".replace("_", " ")
    caption = f"<caption><b>{number}.</b> {escape(sentence_case(name))}</caption>\n" if name else ""
    cells = [plain_text(token) for token in tokens if token.type == "inline"]
    columns = sum(token.type == "th_open" for token in tokens)
    header, body = cells[:columns], cells[columns:]
    leading = max(1, header.index("n")) if "n" in header else 1
    rows = [body[start : start + columns] for start in range(0, len(body), columns)]
    ids = row_ids(name or "", [cells[:leading] for cells in rows])
    inside, column, row = False, 0, -1
    for token in tokens:
        if token.type == "tbody_open":
            inside = True
        elif token.type == "th_open":
            token.attrSet("scope", "col")
        elif token.type == "tr_open" and inside:
            column, row = 0, row + 1
            if name is not None:
                token.attrSet("id", document.claim(ids[row]))
                document.rows.add(token.attrs["id"])
            if "baseline" in rows[row] and "verdict" in header:
                token.attrSet("class", "baseline")
        elif token.type == "td_open" and column >= leading:
            if rows[row][column] in VERDICTS and header[column] == "verdict":
                token.attrSet("class", f"verdict {rows[row][column]}")
        elif token.type == "td_open":
            token.tag = "th"
            token.attrSet("scope", "row")
        elif token.type == "td_close":
            token.tag = "th" if column < leading else "td"
            column += 1
    kind = ("scroll pinned" if leading == 1 else "scroll") + (" long" if len(rows) > LONG_TABLE else "")
    opening = f'<div class="{kind}" role="region" tabindex="0" aria-label="{escape(label)}">\n'
    return [_html(opening), tokens[0], _html(caption), *tokens[1:], _html("</div>\n")]


def _with_figures(tokens: list[Token], document: Document, figures: Path) -> list[Token]:
    """Return the tokens with each paragraph that is a picture replaced by the figure itself."""
    done: list[Token] = []
    index = 0
    while index < len(tokens):
        paragraph = tokens[index].type == "paragraph_open"
        inline = tokens[index + 1] if paragraph else tokens[index]
        children = inline.children or []
        if not any(child.type == "image" for child in children):
            done.append(tokens[index])
            index += 1
            continue
        found = re.fullmatch(r"figures/([^/\\]+)\.png", unquote(children[0].attrs.get("src", "")))
        if not paragraph or len(children) > 1 or not found:
            raise ValueError(
                f"a figure must be a paragraph of its own, ![caption](figures/NAME.png). Received: {inline.content!r}"
            )
        document.figures += 1
        svg = (figures / f"{found[1]}.svg").read_text(encoding="utf-8")
        done.append(_html(figure(svg, plain_text(children[0]), document.figures)))
        index += 3
    return done
