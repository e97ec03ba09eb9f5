"""The report as a page: Markdown, figures and comparisons in one HTML file that asks the network for nothing.

Conventions of the Markdown: one h1; a figure is a paragraph of its own, `![caption](figures/NAME.png)`, and
`NAME.svg` stands in the page; a paragraph `*Table: NAME.*` directly before a table names it, and each of its rows can
then be linked, `[0.97902](#units-512)`, by the id that `row_id` gives.
"""

import json
import math
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args
from urllib.parse import unquote

import jinja2
import numpy as np
import scipy  # its submodules load at first use
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape  # part of Jinja

from intervals import t_half_width
from paired import Comparison, Verdict, holm
from rounding import rounded, supported_decimals

ALPHAS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1)  # the levels a reader can choose, beside the study's own
VERDICTS = get_args(Verdict)
LONG_TABLE = 150  # rows; longer tables scroll by themselves, so that what follows can be reached
SCRIPT = "verdicts.js"
SECTIONS = {"verdicts": "All comparisons", "provenance": "Provenance"}  # the template's own, after the Markdown's
OTHER_IDS = ("content", "verdict-data", "verdict-controls", "verdict-status")
# Colours that plot.py draws with, by the name under which the template sets them for light and for dark.
COLOURS = {"#0072b2": "blue", "#d55e00": "orange", "#009e73": "green", "#cc79a7": "purple"}


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
    alphas = sorted({*ALPHAS, *(some["alpha"] for some in families)})
    data = {"families": families, "quantiles": t_quantiles(families, alphas)}
    return environment.get_template("report.html.j2").render(
        title=title,
        heading=Markup(document.heading),
        body=Markup(document.body),
        contents=[*document.contents, *sections.items()],
        sections=sections,
        families=[reading_family(some, document.ids) for some in families],
        margins={some["metric"]: some["margin"] for some in families},
        alphas=alphas,
        table_number=document.tables + 1,
        is_long=sum(len(some["rows"]) for some in families) > LONG_TABLE,
        data=embedded_json(data),
        script=Markup(script),
        provenance=provenance,
        provenance_text=provenance_text,
    )


# Markdown to HTML


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


def read_document(markdown: str, figures: Path) -> Document:
    """Convert the report's Markdown; see `render_page` for arguments and errors."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    document = Document()
    tokens = _with_figures(_with_tables(parser.parse(markdown), document), document, figures)
    _name_headings(tokens, document)
    _check_links(tokens, document)
    levels = [index for index, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h1"]
    if len(levels) != 1:
        raise ValueError(f"the report must have one h1. Received: {len(levels)}")
    start = levels[0]
    document.heading = parser.renderer.render(tokens[start + 1 : start + 2], parser.options, {})
    document.body = parser.renderer.render(tokens[:start] + tokens[start + 3 :], parser.options, {})
    return document


def _text(inline: Token) -> str:
    """Return an inline token's text without its marks."""
    breaks = {"softbreak": " ", "hardbreak": " "}
    return "".join(breaks.get(child.type, child.content) for child in inline.children or ())


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
            heading = _text(tokens[index + 1])
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
    cells = [_text(token) for token in tokens if token.type == "inline"]
    columns = sum(token.type == "th_open" for token in tokens)
    header, body = cells[:columns], cells[columns:]
    leading = max(1, header.index("n")) if "n" in header else 1
    rows = [body[start : start + columns] for start in range(0, len(body), columns)]
    inside, column, row = False, 0, -1
    for token in tokens:
        if token.type == "tbody_open":
            inside = True
        elif token.type == "th_open":
            token.attrSet("scope", "col")
        elif token.type == "tr_open" and inside:
            column, row = 0, row + 1
            if name is not None:
                token.attrSet("id", document.claim(row_id(name, *rows[row][:leading])))
                document.rows.add(token.attrs["id"])
            if "baseline" in rows[row]:
                token.attrSet("class", "baseline")
        elif token.type == "td_open" and column >= leading:
            if rows[row][column] in VERDICTS:
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


def sentence_case(name: str) -> str:
    """Return a name of the config for reading: `learning_rate` is "Learning rate"."""
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


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
        done.append(_html(figure(svg, _text(children[0]), document.figures)))
        index += 3
    return done


def _name_headings(tokens: list[Token], document: Document) -> None:
    """Give each h2 an id made of its words, and enter it in the contents."""
    for place, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            text = _text(tokens[place + 1])
            words = re.sub("-+", "-", row_id(text)).strip("-") or "section"
            name, count = words, 1
            while name in document.ids:
                count += 1
                name = f"{words}-{count}"
            token.attrSet("id", document.claim(name))
            document.contents.append((name, text))


def _check_links(tokens: list[Token], document: Document) -> None:
    """Raise ValueError for a link within the page that leads nowhere; mark those that lead to a row."""
    for link in (child for token in tokens for child in token.children or () if child.type == "link_open"):
        target = unquote(link.attrs["href"])
        if not target.startswith("#"):
            continue
        if target[1:] not in document.ids:
            raise ValueError(f"a link leads to {target!r}, but the page has no such id")
        if target[1:] in document.rows:
            link.attrSet("class", "number")


# Figures


def figure(svg: str, caption: str, number: int) -> str:
    """Return an SVG file of matplotlib as a figure of the page.

    Black follows the page's text colour, white its background and greys lie as far between, so that a figure is at
    home on a dark page. One that holds a picture or white words, which stand on colours that must stay, is put on a
    light card instead.

    Args:
        svg: content of the file.
        caption: also read out in place of the drawing.
        number: of the figure; ids inside get it as a prefix.

    Returns:
        HTML.

    Raises:
        ValueError: if there is no caption, or the drawing holds a script, a foreign object or a reference that is
            neither within it nor a picture's data.
    """
    if not caption.strip():
        raise ValueError(f"figure {number} has no caption: write it as ![caption](figures/NAME.png)")
    root = ElementTree.fromstring(svg)
    referenced = set(re.findall(r'(?:url\(|href=")#([^")]+)', svg))
    for parent in list(root.iter()):
        for child in list(parent):
            if _local(child.tag) in ("metadata", "style"):
                parent.remove(child)  # matplotlib's only rule, about the ends of lines, stands in the template
    elements = list(root.iter())
    keeps_its_colours = any(
        _local(element.tag) == "image" or (_local(element.tag) == "text" and "#ffffff" in element.get("style", ""))
        for element in elements
    )
    for element in elements:
        _settle(element, number, referenced)
    _, _, width, height = (float(length) for length in root.attrib["viewBox"].split())
    root.attrib.clear()
    root.attrib |= {
        "viewBox": f"0 0 {width:g} {height:g}",
        "role": "img",
        "aria-label": caption,
        "fill": "currentColor",
    }
    root.tail = None
    drawing = ElementTree.tostring(root, encoding="unicode")
    kind = ' class="card"' if keeps_its_colours else ""
    return (
        f'<figure{kind} style="--width: {width:g}pt">\n'
        f'<div class="scroll" tabindex="0" role="group" aria-label="Figure {number}">{drawing}</div>\n'
        f"<figcaption><b>Figure {number}.</b> {escape(caption)}</figcaption>\n</figure>\n"
    )


def _settle(element: ElementTree.Element, number: int, referenced: set[str]) -> None:
    """Turn an element of an SVG file into one of a page that holds other figures; see `figure` for the errors."""
    element.tag = _local(element.tag)
    if element.tag in ("script", "foreignObject"):
        raise ValueError(f"figure {number} holds a <{element.tag}>")
    attributes = {_local(name): value for name, value in element.attrib.items()}
    element.attrib.clear()
    for name, value in attributes.items():
        if name.startswith("on"):
            raise ValueError(f"figure {number} holds an attribute {name}")
        outside = name == "href" and not value.startswith(("#", "data:image/png;base64,"))
        if outside or re.search(r"url\((?!#)", value):
            raise ValueError(f"figure {number} refers to {value[:60]!r}, which is not within it")
        value = value.replace("url(#", f"url(#figure{number}-")
        if name == "id":
            if value in referenced:
                element.set("id", f"figure{number}-{value}")
        elif name == "href":
            element.set("href", f"#figure{number}-{value[1:]}" if value.startswith("#") else value)
        else:
            element.set(name, _recoloured(value) if name in ("style", "fill", "stroke") else value)


def _local(name: str) -> str:
    """Return a tag's or attribute's name without its namespace, which HTML does not have."""
    return name.rpartition("}")[2]


def _recoloured(style: str) -> str:
    """Return a style in which the page decides what black, white, greys and the figures' colours are."""
    style = re.sub(r"font-family:[^;]*;?\s*", "", style)  # the page's own, narrower than the one it was set with
    return re.sub(r"#[0-9a-f]{6}\b", lambda found: _page_colour(found[0]), style)


def _page_colour(colour: str) -> str:
    if colour in COLOURS:
        return f"var(--{COLOURS[colour]})"
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    if not red == green == blue:
        return colour
    if red in (0, 255):
        return "var(--paper)" if red else "currentColor"
    return f"color-mix(in srgb, currentColor {100 * (255 - red) / 255:.0f}%, var(--paper))"


# Comparisons


def family(
    name: str,
    metric: str,
    labels: Iterable[str],
    comparisons: Iterable[Comparison],
    *,
    alpha: float,
    margin: float,
    higher_is_better: bool,
) -> dict:
    """Return one family of comparisons as the page shows and embeds it.

    Args:
        name: of the sweep or grid, which is also its table's name.
        metric: `accuracy` or `loss`.
        labels: the level of each comparison; for a grid `factor=level,factor=level`.
        comparisons: what `paired.compare_family` returned for them.
        alpha: error rate of the family.
        margin: smallest difference that matters in practice, in the metric's unit.
        higher_is_better: True for accuracy, False for loss.

    Returns:
        Plain values only; what is not a number (the SD and p-value of a single pair) is None.

    Raises:
        ValueError: if there are not as many labels as comparisons.
    """
    rows = [
        {
            "level": label,
            "n": comparison.n,
            "mean": _number(comparison.mean),
            "sd": _number(comparison.sd),
            "p": _number(comparison.p_value),
            "verdict": comparison.verdict,
        }
        for label, comparison in zip(labels, comparisons, strict=True)
    ]
    return {
        "name": name,
        "metric": metric,
        "higher_is_better": higher_is_better,
        "margin": margin,
        "alpha": alpha,
        "rows": rows,
    }


def _number(value: float | None) -> float | None:
    """Return a number, or None where it is none: JSON knows no NaN."""
    return None if value is None or math.isnan(value) else float(value)


def t_quantiles(families: list[dict], alphas: Iterable[float]) -> dict:
    """Return the quantiles from which the page's script builds its intervals.

    Args:
        families: what `family` returns.
        alphas: levels, each between 0 and 0.5.

    Returns:
        `alphas`, and under `n` for each number of pairs (as text, from 2) one pair of quantiles a level: that of the
        interval at 1 - alpha, t(n - 1, 1 - alpha/2), and that of the interval at 1 - 2 alpha, t(n - 1, 1 - alpha).
    """
    alphas = list(alphas)
    levels = np.array(alphas, dtype=float)
    counts = sorted({row["n"] for some in families for row in some["rows"] if row["n"] > 1})
    return {
        "alphas": alphas,
        "n": {
            str(n): np.stack([scipy.special.stdtrit(n - 1.0, 1 - levels / part) for part in (2, 1)], axis=-1).tolist()
            for n in counts
        },
    }


def embedded_json(value: object) -> Markup:
    """Return JSON that can stand in an HTML element without ending it; NaN becomes null."""

    def plain(item: object) -> object:
        if isinstance(item, dict):
            return {key: plain(part) for key, part in item.items()}
        if isinstance(item, list | tuple):
            return [plain(part) for part in item]
        return None if isinstance(item, float) and math.isnan(item) else item

    text = json.dumps(plain(value), allow_nan=False, separators=(",", ":"))  # beyond ASCII, U+2028 too, as \u2028
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def reading_family(some: dict, ids: set[str]) -> dict:
    """Return a family's part of the page's table, every cell as text.

    Args:
        some: what `family` returns.
        ids: of the page, where each row's own table row is looked up.

    Returns:
        `name`, `factors` (of a grid, else ""), `metric`, `alpha` and `rows`: `level`, `target` (an id or ""), `n`,
        `difference`, `interval`, `equivalence`, `p_holm`, `verdict`.
    """
    alpha, rows = some["alpha"], some["rows"]
    p_holm = holm([_or_nan(row["p"]) for row in rows])
    named = {tuple(part.rpartition("=")[0] for part in row["level"].split(",")) for row in rows}
    factors = named.pop() if len(named) == 1 else ()  # those of a grid are the same in every row, and said once
    return {
        "name": sentence_case(some["name"]),
        "factors": ", ".join(filter(None, factors)).replace("_", " "),
        "metric": some["metric"],
        "alpha": alpha,
        "rows": [
            {"level": _reading_level(row["level"], bool(factors)), "target": _own_row(some, row["level"], ids)}
            | _reading_row(row, p, alpha)
            for row, p in zip(rows, p_holm.tolist(), strict=True)
        ],
    }


def _reading_level(label: str, short: bool) -> str:
    return ", ".join(part.rpartition("=")[2] if short else part for part in label.split(","))


def _own_row(some: dict, label: str, ids: set[str]) -> str:
    """Return the id of the table row a comparison belongs to, as sweeps, grids and matched pairs name theirs."""
    name, metric, levels = some["name"], some["metric"], [part.rpartition("=")[2] for part in label.split(",")]
    candidates = (row_id(f"{name}_{metric}", *levels), row_id(name, *levels), row_id(name, metric, label))
    return next((candidate for candidate in candidates if candidate in ids), "")


def _reading_row(row: dict, p_holm: float, alpha: float) -> dict[str, str]:
    n, mean, sd = row["n"], _or_nan(row["mean"]), _or_nan(row["sd"])
    decimals = supported_decimals(sd / math.sqrt(n) if n else math.nan)

    def interval(level: float) -> str:
        half = float(t_half_width(sd, n, level)) if n > 1 else math.nan
        return f"{signed(mean - half, decimals)} … {signed(mean + half, decimals)}" if n > 1 else "–"

    return {
        "n": str(n),
        "difference": signed(mean, decimals),
        "interval": interval(alpha),
        "equivalence": interval(2 * alpha),
        "p_holm": "–" if math.isnan(p_holm) else "< 0.0001" if p_holm < 0.0001 else f"{p_holm:.4f}",
        "verdict": row["verdict"],
    }


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def signed(value: float, decimals: int) -> str:
    """Return a difference at fixed decimals with its sign; a dash where there is none."""
    text = rounded(value, decimals)
    return f"+{text}" if text and not text.startswith("-") and float(text) else text or "–"
