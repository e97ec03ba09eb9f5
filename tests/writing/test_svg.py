"""Drawings stand in the page: in its colours, with identifiers of their own, and nothing but drawings."""

import re

import pytest

from writing.svg import figure

SVG = '<svg viewBox="0 0 10 10" xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{}</svg>'


def test_drawing_takes_the_colours_of_the_page(figures):
    lines = figure((figures / "lines.svg").read_text(), "Lines", 1)
    assert re.search(r"#(000000|ffffff|0072b2|d55e00)", lines) is None
    assert "stroke: currentColor" in lines
    assert "fill: var(--paper)" in lines
    assert "stroke: var(--blue)" in lines
    assert "stroke: color-mix(in srgb, currentColor 31%, var(--paper))" in lines
    for text in ("<?xml", "<!DOCTYPE", "<metadata", "<style", "xmlns", "font-family", "http"):
        assert text not in lines
    assert lines.startswith("<figure style=")
    assert "Epochs &lt; 4 &amp; more" in lines


def test_white_words_are_put_on_a_light_card():
    words = '<text style="font-size: 8px; fill: #ffffff">7</text>'
    assert figure(SVG.format(words), "Words", 1).startswith('<figure class="card"')
    assert figure(SVG.format('<path style="fill: #ffffff"/>'), "Ground", 1).startswith("<figure style")


def test_picture_is_put_on_a_light_card(figures):
    assert figure((figures / "picture.svg").read_text(), "Picture", 1).startswith('<figure class="card"')
    alone = '<image xlink:href="data:image/png;base64,AAAA"/>'
    assert figure(SVG.format(alone), "Picture", 1).startswith('<figure class="card"')


def test_same_figure_twice_shares_no_id(figures):
    svg = (figures / "lines.svg").read_text()
    first, second = (set(re.findall(r'id="([^"]+)"', figure(svg, "Lines", number))) for number in (1, 2))
    assert first
    assert not first & second


def test_hatched_area_finds_its_hatches():
    content = (
        '<defs><pattern id="h1"/><clipPath id="c"/></defs><path id="p" clip-path="url(#c)" style="fill: url(#h1)"/>'
    )
    found = figure(SVG.format(content), "Hatched", 7)
    for text in ('id="figure7-h1"', "fill: url(#figure7-h1)", 'id="figure7-c"', 'clip-path="url(#figure7-c)"'):
        assert text in found
    assert found.count("id=") == 2  # nothing refers to the path


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("<script>alert(1)</script>", "<script>"),
        ("<g><foreignObject/></g>", "<foreignObject>"),
        ('<g onload="alert(1)"/>', "onload"),
        ('<image xlink:href="https://example.org/a.png"/>', "example.org"),
        ('<a href="javascript:alert(1)"/>', "javascript"),
        ('<path style="fill: url(https://example.org/a)"/>', "example.org"),
        ('<image href="data:image/svg+xml;base64,AAAA"/>', "data:image"),
    ],
)
def test_drawing_with_more_than_a_drawing_is_an_error(content, problem):
    with pytest.raises(ValueError, match=re.escape(problem)):
        figure(SVG.format(content), "Caption", 1)
