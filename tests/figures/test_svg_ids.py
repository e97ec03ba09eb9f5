"""Ids of an SVG file follow the order of what they name, not the last digits of its coordinates."""

import io
import re

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from figures.svg_ids import with_numbered_ids


def drawn(shift):
    """A figure with clip paths, markers, a picture and a reference to each, its values moved by a shift."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(4 + shift, 2))
    left.plot(np.array([1, 2, 3]) + shift, [1, 4, 9], marker="o")
    right.imshow(np.eye(3))
    file = io.StringIO()
    with plt.rc_context({"svg.hashsalt": "study", "svg.fonttype": "none"}):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    return file.getvalue()


def test_a_last_digit_changes_no_id():
    here, other = drawn(0), drawn(1e-12)
    assert here != other  # as Matplotlib writes them
    assert with_numbered_ids(here) == with_numbered_ids(other)


def test_every_reference_still_finds_its_target_and_nothing_else_changed():
    before, after = drawn(0), with_numbered_ids(drawn(0))
    ids = re.findall(r'\bid="([^"]+)"', after)
    assert len(ids) == len(set(ids))
    references = re.findall(r'(?:url\(|href=")#([^")]+)', after)
    assert {"p", "m"} <= {name.split("-")[0] for name in references}
    assert set(references) <= set(ids)
    assert len(references) == len(re.findall(r'(?:url\(|href=")#([^")]+)', before))
    hashed = r'(?<=["#])[a-z]+(?:[0-9a-f]{10}|-\d+)(?=[")])'
    assert re.sub(hashed, "", before) == re.sub(hashed, "", after)


def test_text_that_looks_like_an_id_stays():
    hashed = '<g id="m0123456789"/>'
    text = '<text>id="m0123456789" and #m0123456789"</text>'
    assert with_numbered_ids(hashed + text) == '<g id="m-0"/>' + text
