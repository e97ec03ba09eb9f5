"""Names of classes are drawn in a font that has their letters, or as numbers: never as signs for letters not there."""

import io

import matplotlib.pyplot as plt
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager

from figures.class_names import LONGEST, drawable, in_lines, width

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.usefixtures("styled")]

KMNIST = list("おきすつなはまやれを")


def write_font(path, family, letters, blank=""):
    """Write a font in which each letter is a square, and some draw nothing."""
    pens = {f"letter{ord(letter)}": TTGlyphPen(None) for letter in letters}
    for letter, pen in zip(letters, pens.values(), strict=True):
        if letter not in blank:
            pen.moveTo((100, 0))
            for corner in ((100, 700), (800, 700), (800, 0)):
                pen.lineTo(corner)
            pen.closePath()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *pens])
    builder.setupCharacterMap({ord(letter): name for letter, name in zip(letters, pens, strict=True)})
    builder.setupGlyf({".notdef": TTGlyphPen(None).glyph()} | {name: pen.glyph() for name, pen in pens.items()})
    builder.setupHorizontalMetrics(dict.fromkeys([".notdef", *pens], (900, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2(usWeightClass=400)
    builder.setupPost()
    builder.save(path)


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A function that gives the machine fonts, `family=letters`; those Matplotlib has found here are not among them."""
    fonts = font_manager.fontManager
    usual = [entry for entry in fonts.ttflist if entry.name in ("DejaVu Sans", "Last Resort High-Efficiency")]
    monkeypatch.setattr(fonts, "ttflist", usual)
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [str(path) for path in tmp_path.glob("*.ttf")])

    def give(**families):
        for family, letters in families.items():
            write_font(tmp_path / f"{family}.ttf", family, letters)

    yield give
    fonts._findfont_cached.cache_clear()


def test_usual_names_are_drawn_as_they_are(machine):
    names = ["T-shirt/top", "$x$", "a_b", "é", "سيارة", "Ω", "אב", "x" * LONGEST]
    found = drawable(names)
    assert (found.drawn, found.fonts, found.numbered, found.note) == (names, ["sans-serif"], [], "")


def test_a_font_of_the_machine_that_has_the_letters_is_used(machine):
    machine(Some="おき", Kana="".join(KMNIST))
    found = drawable(KMNIST)
    assert (found.drawn, found.fonts, found.numbered) == (KMNIST, ["sans-serif", "Kana"], [])
    assert found.note == "Kana draws what DejaVu Sans lacks of the class names."
    with plt.rc_context({"font.family": found.fonts}):
        figure = plt.figure()
        figure.text(0.1, 0.5, "seen as お", parse_math=False)
        file = io.StringIO()
        figure.savefig(file, format="svg")
        figure.savefig(io.BytesIO(), format="png")  # a warning is an error here
    assert "'Kana'" in file.getvalue()


def test_letters_of_several_fonts_are_put_together(machine):
    machine(Han="字", Kana="".join(KMNIST))
    assert drawable([*KMNIST, "字"]).fonts == ["sans-serif", "Kana", "Han"]


def test_letters_that_no_font_has_turn_all_names_to_numbers(machine):
    machine(Some="おきす")
    found = drawable(KMNIST)
    assert (found.drawn, found.fonts, found.numbered) == (list("0123456789"), ["sans-serif"], KMNIST)
    assert found.note == (
        "The figures show classes by number, since no font here has つ な は ま や れ を. The report lists their names."
    )


def test_a_letter_without_an_outline_is_not_there(machine, tmp_path):
    write_font(tmp_path / "Blank.ttf", "Blank", KMNIST, blank=KMNIST)
    assert drawable(KMNIST).numbered == KMNIST


def test_names_that_are_too_long_turn_to_numbers(machine):
    found = drawable(["x" * (LONGEST + 1), "y"])
    assert (found.drawn, found.numbered) == (["0", "1"], ["x" * (LONGEST + 1), "y"])
    assert "a name is longer than 40 letters" in found.note


@pytest.mark.parametrize(
    "text", ["Ankle boot", "W" * LONGEST, "seen as a rather long name of a class", "a b  c", "سيارة " * 9]
)
def test_text_is_cut_into_lines_that_fit(text):
    lines = in_lines(text, 7, 90).split("\n")
    assert all(0 < width(line, 7) <= 90 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert len(lines) == 1 or width(text, 7) > 90
