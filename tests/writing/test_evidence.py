"""A number in prose that no table shows is found; numbers that are no claims are left alone."""

import pytest

from writing.evidence import Evidence, UnsupportedNumberError, cells_of, chosen, numbers_in, prose, without_marks

TABLES = [
    [
        {"level": "512", "mean": "0.979020", "difference": "-0.00306", "verdict": "baseline"},
        {"level": "optimizer=rmsprop_keras2,epochs=20", "mean": "", "difference": "12.5", "verdict": "better"},
    ]
]
EVIDENCE = Evidence(TABLES, ["0.001", "10", "95"])


@pytest.mark.parametrize(
    "number", ["0.979020", "0.97902", "-0.00306", "0.00306", "+0.0031", "−0.0031", "0.001", "10", "95", "512", "20"]
)
def test_cells_in_full_or_without_the_last_digit_and_settings_are_supported(number):
    assert EVIDENCE.supports(number)


@pytest.mark.parametrize(
    "number",
    [
        *("0.97903", "0.979021", "0.9791", "0.0030", "0.00307", "0.0032", "513", "2", "21", "96", "0.002"),
        *("0.979", "0.98", "1", "0.003", "0", "1,000", "512,512"),
    ],
)
def test_a_wrong_last_digit_or_a_coarser_number_is_not(number):
    assert not EVIDENCE.supports(number)


def test_thousands_may_be_set_apart():
    assert Evidence([[{"n": "10000"}]], []).supports("10,000")
    assert not Evidence([[{"n": "10000"}]], ["0", "1"]).supports("1,000")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("from 0.98 to -0.5, and +3 of 10.", ["0.98", "-0.5", "+3", "10"]),
        ("0.00306 (10) to 0.00478 (20)", ["0.00306", "10", "0.00478", "20"]),
        ("-0.48 … 0.00", ["-0.48", "0.00"]),
        ("between 0.978-0.999 and 3/4", ["0.978", "0.999", "3", "4"]),
        ("all 10,000 images", ["10,000"]),
        ("at 95 % and δ = 0.001.", ["95", "0.001"]),
        ("p = 1.5e-05 and δ = 1e+20", ["1.5e-05", "1e+20"]),
        ("rmsprop_keras2, Keras-3, v0.5.3, figure#7, 1st and abs/21", []),
    ],
)
def test_numbers_are_told_from_names(line, found):
    assert numbers_in(line) == found


def test_cells_of_text_give_their_numbers():
    assert cells_of(TABLES) == sorted(["512", "0.979020", "-0.00306", "20", "12.5"])


def test_text_that_a_user_chose_is_evidence_of_nothing():
    row = {"id": "37", "statement": "38 beats 39", "repeats": "40", "n": "41"}
    assert cells_of([[row]]) == ["41"]


@pytest.mark.parametrize("name", ["table 37", "37", "0.97903", "a `37", "](37) `", "in 37 of"])
def test_a_name_that_a_user_chose_is_no_claim_and_hides_none(name):
    EVIDENCE.check(f"In the grid of {chosen(name)}, 512 units show [0.97902](#x) `37`.")
    for wrong in ("513 units", "[0.97903](#x)", "37"):
        with pytest.raises(UnsupportedNumberError, match="in: In the grid"):
            EVIDENCE.check(f"In the grid of {chosen(name)}, {chosen('38')} {wrong} and {chosen(name)}.")
    assert numbers_in(prose(f"Of 1{chosen(name)}3")[0]) == ["1", "3"]


def test_marks_go_and_the_text_is_shown_to_the_letter():
    assert without_marks(f"A {chosen('my_set-_a_')}.") == r"A my_set-\_a\_."


SOUND = """# A study of 77 things

| level | mean |
|-------|------|
| 77    | 0.77 |

*Table: units77.*

![Figure 77](figures/77.png)

It is [0.97902](#units-77) at 512 units; `seed 77` is code.

```
77 lines of code
```

## References

- A paper of 1977, pages 65-77

## After the references

At 20 it is 12.5.
"""


def test_what_is_no_claim_is_not_checked():
    EVIDENCE.check(SOUND)
    assert [line for line in prose(SOUND) if line.strip()] == [
        "It is [0.97902] at 512 units;  is code.",
        "At 20 it is 12.5.",
    ]


@pytest.mark.parametrize(
    ("sound", "planted"),
    [
        ("[0.97902](#units-77)", "[0.97903](#units-77)"),
        ("[0.97902](#units-77)", "[0.98](#units-77)"),
        ("`seed 77`", "seed 77"),
        ("| 77    | 0.77 |", "and 77 of them"),
        ("At 20 it", "At 30 it"),
        ("12.5.", "12.6."),
        ("12.5.", "12.5-13.5."),
        ("## References", "## Preliminaries"),
    ],
)
def test_a_planted_number_is_named_with_its_sentence(sound, planted):
    assert sound in SOUND
    with pytest.raises(UnsupportedNumberError) as caught:
        EVIDENCE.check(SOUND.replace(sound, planted))
    lines = str(caught.value).splitlines()
    assert len(lines) >= 2
    assert all(" in: " in line for line in lines[1:])
