"""Matplotlib's SVG files as figures of the page."""

import re
import xml.etree.ElementTree as ElementTree

from markupsafe import escape  # part of Jinja

# Colours of figures/style.py, by the name under which the template sets them for light and for dark.
COLOURS = {"#0072b2": "blue", "#d55e00": "orange", "#009e73": "green", "#cc79a7": "purple"}


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
