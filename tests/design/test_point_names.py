"""One value has one spelling, and reads back as the same value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from design.configuration import validate
from design.hyperparameters import point_of
from design.point_names import canonical_name, canonical_value, changes

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("values", "spelling"),
    [
        ((0, 0.0, -0.0, "0"), "0"),
        ((512, 512.0, "512"), "512"),
        ((1e-4, 0.0001, "0.0001"), "0.0001"),
        ((1e-5, 0.00001), "0.00001"),
        ((0.1, 1 / 10), "0.1"),
        ((0.1 + 0.2,), "0.30000000000000004"),
        ((1e22, 10**22), "10000000000000000000000"),
        ((100, 1e2), "100"),
        ((-2.5,), "-2.5"),
        ((True,), "true"),
        ((False,), "false"),
        (("007",), "007"),
        (("nan",), "nan"),
        (("rmsprop",), "rmsprop"),
        (("rmsprop_keras2",), "rmsprop_keras2"),
    ],
)
def test_one_value_has_one_spelling(values, spelling):
    assert [canonical_value(value) for value in values] == [spelling] * len(values)


@given(FINITE)
def test_a_number_reads_back_as_the_same_number(number):
    assert float(canonical_value(number)) == number


@given(FINITE)
def test_a_spelling_is_positional_without_spare_zeros_and_final(number):
    spelling = canonical_value(number)
    assert set(spelling) <= set("-.0123456789")
    assert not spelling.endswith(".")
    assert "." not in spelling or not spelling.endswith("0")
    assert canonical_value(spelling) == spelling


@given(st.integers(min_value=-(2**53), max_value=2**53))
def test_an_integer_is_spelled_as_such(integer):
    assert canonical_value(integer) == str(integer)
    assert canonical_value(float(integer)) == str(integer)


def test_the_baseline_has_the_name_on_which_all_paths_rest():
    config, _ = validate({})
    name = "units=512,learning_rate=0.001,momentum=0,batch_size=128,optimizer=rmsprop"
    assert canonical_name(point_of(config.baseline)) == name


def test_a_name_keeps_the_order_it_is_given():
    assert canonical_name({"momentum": 0.9, "units": 64}) == "momentum=0.9,units=64"


def test_changes_are_told_by_value_not_by_spelling():
    baseline = validate({})[0].baseline
    texts = {name: canonical_value(value) for name, value in baseline.items()}
    assert changes(texts, baseline) == "baseline"
    other = {"units": "64", "momentum": "0.9"}
    assert changes(texts | other, baseline) == "units=64 momentum=0.9"
    assert changes(texts | {"epochs": "20"}, baseline) == "epochs=20"
    assert changes(texts | {"epochs": "20"}, baseline, point_of(baseline)) == "baseline"
