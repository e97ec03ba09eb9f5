"""Every fault of a YAML file's values is one line in one wording: its key, what was expected, what was received."""

from typing import Annotated

import pytest
from pydantic import AfterValidator

from design.explanations import Line, Strict, fault, nearest, number, parse, shown, text, unknown, word


def _even(value):
    if value % 2:
        raise fault("an even number")
    return value


class Leaf(Strict):
    size: number(int, "a positive integer", gt=0)
    share: number(float, "a number from 0 to below 1", ge=0, lt=1) = 0
    pair: Annotated[number(int, "an integer"), AfterValidator(_even)] = 2


class Tree(Strict):
    name: text("[a-z]+", "lower-case letters")
    note: Line = "-"
    leaves: list[Leaf] = []  # noqa: RUF012 - pydantic copies it
    top: Leaf = Leaf(size=1)


HUGE = 16**5000  # Python writes out no such number
SOUND = {"name": "oak"}


@pytest.mark.parametrize(
    ("raw", "lines"),
    [
        ({}, ["`tree.name` is missing"]),
        ({"name": "Oak"}, ["`tree.name` must be lower-case letters. Received: 'Oak'"]),
        ({"name": "oak\n"}, ["`tree.name` must be lower-case letters. Received: 'oak\\n'"]),
        ({"name": 5}, ["`tree.name` must be lower-case letters. Received: 5"]),
        ({"name": b"oak"}, ["`tree.name` must be lower-case letters. Received: b'oak'"]),
        ({"name": None}, ["`tree.name` must be lower-case letters. Received: None"]),
        ({"name": HUGE}, ["`tree.name` must be lower-case letters. Received: int too long to show"]),
        (
            SOUND | {"note": 2020},
            ["`tree.note` must be one line of text, in quotes if it looks like a number. Received: 2020"],
        ),
        (SOUND | {"leaves": {}}, ["`tree.leaves` must be a list. Received: {}"]),
        (SOUND | {"leaves": [5]}, ["`tree.leaves[0]` must be a mapping. Received: 5"]),
        (SOUND | {"top": [1]}, ["`tree.top` must be a mapping. Received: [1]"]),
        (
            SOUND | {"leaves": [{"size": 1}, {"size": "none", "share": 1}]},
            [
                "`tree.leaves[1].size` must be a positive integer. Received: 'none'",
                "`tree.leaves[1].share` must be a number from 0 to below 1. Received: 1",
            ],
        ),
        (SOUND | {"leaves": [{"size": True}]}, ["`tree.leaves[0].size` must be a positive integer. Received: True"]),
        (SOUND | {"top": {"size": 1, "pair": 3}}, ["`tree.top.pair` must be an even number. Received: 3"]),
        (SOUND | {"top": {"size": 1, "pair": "x"}}, ["`tree.top.pair` must be an integer. Received: 'x'"]),
        (SOUND | {"nmae": 1}, ["`tree.nmae` is not a known key. Did you mean `name`?"]),
        (SOUND | {"hight": 1}, ["`tree.hight` is not a known key. Did you mean `forest.height`?"]),
        (SOUND | {"quux": 1}, ["`tree.quux` is not a known key. Known: name, note, leaves, top."]),
        (SOUND | {5: 1}, ["`tree.5` is not a known key. Known: name, note, leaves, top."]),
        (SOUND | {2.5: 1}, ["`tree.2.5` is not a known key. Known: name, note, leaves, top."]),
        (SOUND | {"a\nb": 1}, ["`tree.'a\\nb'` is not a known key. Known: name, note, leaves, top."]),
        (
            SOUND | {"leaves": [{"size": 1, "siez": 2, 5: 1}]},
            [
                "`tree.leaves[0].siez` is not a known key. Did you mean `size`?",
                "`tree.leaves[0].5` is not a known key. Known: size, share, pair.",
            ],
        ),
        (None, ["`tree` must be a mapping. Received: None"]),
        ({"name": "Oak", "quux": 1, "top": 5}, 3),
    ],
)
def test_every_fault_is_a_line_that_names_key_expectation_and_value(raw, lines):
    problems = []
    assert parse(Tree, raw, "tree", problems, {"height": "`forest.height`"}) is None
    assert problems == lines or len(problems) == lines


def test_a_key_of_thousands_of_digits_is_one_short_line():
    problems = []
    assert parse(Tree, SOUND | {HUGE: 1}, "", problems) is None
    [line] = problems
    assert line.isprintable()
    assert line.endswith("is not a known key. Known: name, note, leaves, top.")
    assert len(line) < 150


def test_sound_values_are_kept_and_texts_of_numbers_read():
    tree = parse(Tree, SOUND | {"leaves": [{"size": "1e2", "share": "1e-4"}]}, "", problems := [])
    assert problems == []
    assert tree.leaves[0] == Leaf(size=100, share=0.0001)
    assert parse(Leaf, {"size": 2.0}, "", []).size == 2


def test_words_and_values_fit_a_line():
    assert (word("a_b"), word("a\nb"), word(5)) == ("a_b", "'a\\nb'", "5")
    assert shown("x" * 500) == "'" + "x" * 76 + "…"
    endless = []
    endless.append(endless)
    assert shown(endless) == "[[...]]"


def test_the_nearest_name_is_offered():
    assert unknown("a.sise", "sise", ["size"]) == "`a.sise` is not a known key. Did you mean `size`?"
    assert nearest("minst", ["mnist", "noise"]) == " (did you mean 'mnist'?)"
    assert nearest("zebra", ["mnist"]) == ""
