"""How the names of classes are drawn: in a font that has all their letters, else as the classes' numbers."""

import unicodedata
from contextlib import suppress
from dataclasses import dataclass

from matplotlib import font_manager
from matplotlib.backends.backend_agg import RendererAgg

LONGEST = 40  # letters; a longer name is a sentence, which no axis has room for
USUAL = "DejaVu Sans"  # comes with Matplotlib


@dataclass(frozen=True)
class ClassNames:
    """What stands in figures for the classes.

    Attributes:
        drawn: the text of each class.
        fonts: families to draw them with, in the order in which they are tried.
        numbered: the names that numbers stand for; empty where the names themselves are drawn.
        note: one line on anything but names in the usual font, else empty.
    """

    drawn: list[str]
    fonts: list[str]
    numbered: list[str]
    note: str


def drawable(names: list[str]) -> ClassNames:
    """Return what stands in figures for classes of these names: the names if they can be drawn on this machine."""
    missing = {letter for letter in "".join(names) if not letter.isspace() and not _has(USUAL, letter)}
    others, lacking = _fonts_with(missing) if missing else ([], set())
    if lacking or max(map(len, names)) > LONGEST:
        letters = " ".join(sorted(lacking))
        reason = f"no font here has {letters}" if lacking else f"a name is longer than {LONGEST} letters"
        note = f"The figures show classes by number, since {reason}. The report lists their names."
        return ClassNames([str(number) for number in range(len(names))], ["sans-serif"], names, note)
    note = f"{' and '.join(others)} draws what {USUAL} lacks of the class names." if others else ""
    return ClassNames(names, ["sans-serif", *others], [], note)


def _has(family: str, letter: str) -> bool:
    """Whether a font draws a letter: it has a glyph, and that glyph has an outline."""
    font = font_manager.get_font(font_manager.findfont(font_manager.FontProperties(family=[family])))
    if not font.get_char_index(ord(letter)):
        return False
    font.load_char(ord(letter))
    return len(font.get_path()[0]) > 0


def _fonts_with(letters: set[str]) -> tuple[list[str], set[str]]:
    """Return families that together have these letters, those with most of them first, and letters that none has."""
    known = {entry.fname for entry in font_manager.fontManager.ttflist}
    for path in sorted({*font_manager.findSystemFonts()} - known):  # installed since Matplotlib made its list
        with suppress(Exception):  # as Matplotlib does: whatever is wrong with one file, the others may do
            font_manager.fontManager.addfont(path)
    upright = [entry for entry in font_manager.fontManager.ttflist if entry.style == "normal"]
    families = {entry.name for entry in upright if entry.weight in (400, 500)}
    # The font of last resort has a sign for every letter: a box that names its alphabet.
    families = {family for family in families if "last resort" not in family.lower()}
    covered = {family: {letter for letter in letters if _has(family, letter)} for family in sorted(families)}
    chosen: list[str] = []
    while best := max(covered.values(), key=lambda found: len(found & letters)) & letters:
        chosen.append(next(family for family, found in covered.items() if found & letters == best))
        letters = letters - best
    return chosen, letters


def width(text: str, size: float) -> float:
    """Return the width of a line in points, set in the present font at a size in points."""
    renderer = RendererAgg(1, 1, dpi=72)
    return renderer.get_text_width_height_descent(text, font_manager.FontProperties(size=size), ismath=False)[0]


def is_right_to_left(name: str) -> bool:
    """Whether a name holds letters that are read from right to left."""
    return any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in name)


def in_lines(text: str, size: float, widest: float) -> str:
    """Return a text in lines of at most a width in points; a word that is wider is cut."""
    lines = [""]
    for word in text.split(" "):
        if width(longer := f"{lines[-1]} {word}".strip(), size) <= widest:
            lines[-1] = longer
            continue
        lines.append("")
        for letter in word:
            if width(lines[-1] + letter, size) > widest:
                lines.append("")
            lines[-1] += letter
    return "\n".join(filter(None, lines))
