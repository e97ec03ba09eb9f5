"""A sound config is completed; of any other, every fault is told at once, one line each: key, expected, received."""

import json
import math
import subprocess
import sys

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.own_data import training_images
from design import configuration, yaml_files
from design import plan as planning
from design import schema as schemas
from design.canonical import FACTORS
from design.configuration import ConfigurationError, Figures, Margins, Study, validate
from design.hyperparameters import OPTIMIZERS, Baseline
from helpers.workflow import PROJECT, SUBSET
from published.publication import publications

CONFIG = PROJECT / "config" / "config.yaml"
QUICK = PROJECT / "config" / "quick.yaml"
FASHION = PROJECT / "config" / "fashion.yaml"
IMAGES = training_images(PROJECT / "config" / "datasets.yaml")
INF, NAN = float("inf"), float("nan")

INTEGER = "a positive integer"
POSITIVE = "a positive finite number"
SHARE = "a number from 0 to below 1"
LEVEL = "a number from 0.000001 to below 0.5"
DPI = "an integer from 50 to 600"
OPTIMIZER = "one of rmsprop, rmsprop_keras2, sgd, adam"
NAME = "a name of at most 40 letters, digits, - and _ that does not repeat itself (it names a folder)"
MAPPING = "a mapping"
SWITCH = "true or false"
TEXT = "text or null"

TOP = (
    "Known: dataset, data_folder, baseline, replicates, seeds_per_job, checkpoint_every, "
    "keep_optimizer_state, sweeps, grids, alpha, margins, published, figures."
)
POINT = "Known: units, learning_rate, momentum, batch_size, optimizer, epochs."
GRID_NAME = (
    "a grid's name must be 1 to 40 lower-case letters, digits and underscores, and not that of a factor or of another "
    "table or figure."
)
ADAM = "optimizer adam takes no momentum (it has its own), momentum must be 0. Received: momentum="
TOO_LARGE = "batch_size must be at most the training set's 60000 images. Received: "
UNKNOWN_DATASET = (
    "`dataset` must be one of mnist, fashion_mnist, or a name of your own with `data_folder` set to the folder of its "
    "four IDX files. Received: "
)


def problems_of(raw, images=IMAGES, read_publication=None):
    with pytest.raises(ConfigurationError) as caught:
        validate(raw, images, read_publication)
    return caught.value.problems


def nested(key, value):
    """Return `{"a": {"b": value}}` for the key `a.b`."""
    for part in reversed(key.split(".")):
        value = {part: value}
    return value


@pytest.mark.parametrize(
    ("key", "expected", "values"),
    [
        ("dataset", NAME, ["", "a/b", "../mnist", "-mnist", "two words", "mnist\n", 5, None, ["mnist"]]),
        ("data_folder", TEXT, [5, True, ["data"], {"path": "data"}]),
        ("published", TEXT, [5, True, ["mine.yaml"], {"path": "mine.yaml"}]),
        ("baseline", MAPPING, [None, 5, "rmsprop", []]),
        ("baseline.units", INTEGER, [0, -3, 2.5, 2**31, INF, NAN, True, None, "many", "", [512], {"value": 512}]),
        (
            "baseline.learning_rate",
            POSITIVE,
            [0, -0.1, INF, -INF, NAN, 10**400, False, True, None, "fast", "0x10", [0.1]],
        ),
        ("baseline.momentum", SHARE, [-0.1, -1, 1, 1.5, INF, NAN, True, False, None, "none", "0,9", []]),
        ("baseline.batch_size", INTEGER, [0, -128, 12.5, INF, True, None, "all"]),
        ("baseline.optimizer", OPTIMIZER, ["RMSprop", "adagrad", "", 5, None, ["sgd"], {"sgd": 1}]),
        ("baseline.epochs", INTEGER, [0, -5, 2.5, NAN, None, "five", [5, 10]]),
        ("replicates", INTEGER, [0, -1, 2.5, INF, True, None, "ten", [0, 1]]),
        ("seeds_per_job", INTEGER, [0, -1, 0.5, None, "all"]),
        ("checkpoint_every", INTEGER, [0, -5, 2.5, None, "never"]),
        ("alpha", LEVEL, [0, -0.05, 0.5, 1, NAN, INF, None, "five percent"]),
        ("margins", MAPPING, [None, 0.001, [0.001]]),
        ("margins.accuracy", POSITIVE, [0, -0.001, INF, NAN, None, "small"]),
        ("margins.loss", POSITIVE, [0, -0.001, INF, NAN, None, "small"]),
        ("figures", MAPPING, [None, 150, "large"]),
        ("figures.dpi", DPI, [49, 601, 0, 99.5, INF, None, "high"]),
        ("figures.show_seeds", SWITCH, [2, None, "maybe", []]),
        ("sweeps", MAPPING, [5, "units", [], ["units"], False]),
        ("grids", MAPPING, [5, "units", [], [{"units": [1, 2]}], False]),
    ],
)
def test_a_wrong_value_is_told_with_its_key_and_what_was_expected(key, expected, values):
    for value in values:
        shown = repr(value) if len(repr(value)) <= 80 else f"{value!r:.77}…"
        assert problems_of(nested(key, value)) == [f"`{key}` must be {expected}. Received: {shown}"]


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("replicate", "Did you mean `replicates`?"),
        ("Replicates", "Did you mean `replicates`?"),
        ("dataste", "Did you mean `dataset`?"),
        ("sweep", "Did you mean `sweeps`?"),
        ("seeds", "Did you mean `sweeps`?"),
        ("epochs", "Did you mean `baseline.epochs` or `sweeps.epochs`?"),
        ("learning_rates", "Did you mean `baseline.learning_rate` or `sweeps.learning_rate`?"),
        ("quux", TOP),
        ("baseline.unit", "Did you mean `units`?"),
        ("baseline.lr", POINT),
        ("baseline.learning-rate", "Did you mean `learning_rate`?"),
        ("baseline.quux", POINT),
        ("margins.acuracy", "Did you mean `accuracy`?"),
        ("margins.quux", "Known: accuracy, loss."),
        ("figures.DPI", "Known: dpi, show_seeds."),
        ("figures.show_seed", "Did you mean `show_seeds`?"),
        ("sweeps.unit", "Did you mean `units`?"),
        ("sweeps.moment", "Did you mean `momentum`?"),
        ("sweeps.seed", POINT),
        ("grids.both.optimiser", "Did you mean `optimizer`?"),
    ],
)
def test_an_unknown_key_is_told_with_the_nearest_known_one(key, told):
    raw = nested(key, [64, 512])
    if key.startswith("grids."):
        raw["grids"]["both"]["units"] = [64, 512]
    assert problems_of(raw) == [f"`{key}` is not a known key. {told}"]


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ({5: 1}, f"`5` is not a known key. {TOP}"),
        ({None: 1}, f"`None` is not a known key. {TOP}"),
        ({2.5: 1}, f"`2.5` is not a known key. {TOP}"),
        ({"two\nlines": 1}, f"`'two\\nlines'` is not a known key. {TOP}"),
        ({"x" * 500: 1}, f"`'{'x' * 76}…` is not a known key. {TOP}"),
        ({"baseline": {5: 1}}, f"`baseline.5` is not a known key. {POINT}"),
        ({"margins": {None: 1}}, "`margins.None` is not a known key. Known: accuracy, loss."),
        ({"sweeps": {5: [1]}}, f"`sweeps.5` is not a known key. {POINT}"),
        ({"sweeps": {None: None}}, f"`sweeps.None` is not a known key. {POINT}"),
        ({"sweeps": {"two\nlines": [1]}}, f"`sweeps.'two\\nlines'` is not a known key. {POINT}"),
        ({"grids": {"both": {5: [1], "units": [1]}}}, f"`grids.both.5` is not a known key. {POINT}"),
        ({"grids": {5: {"units": [1], "epochs": [1]}}}, f"`grids.5`: {GRID_NAME} Received: 5"),
        ({"grids": {"two\nlines": {}}}, f"`grids.'two\\nlines'`: {GRID_NAME} Received: 'two\\nlines'"),
    ],
)
def test_a_key_that_is_no_word_is_told_in_one_line(raw, problem):
    assert problems_of(raw) == [problem]


@pytest.mark.parametrize("raw", [None, 5, "dataset: mnist", ["dataset"], True])
def test_a_config_that_is_no_mapping_is_refused(raw):
    assert problems_of(raw) == [f"the configuration must be a mapping of keys to values. Received: {raw!r}"]


@pytest.mark.parametrize("section", ["sweeps", "grids.both"])
@pytest.mark.parametrize(
    ("factor", "values", "problem"),
    [
        ("units", 512, "must be a list of values, e.g. [512]. Received: 512"),
        ("units", {"from": 1}, "must be a list of values, e.g. [512]. Received: {'from': 1}"),
        ("optimizer", "sgd", "must be a list of values, e.g. [rmsprop]. Received: 'sgd'"),
        ("units", [512, 0], f"must be {INTEGER}. Received: 0"),
        ("units", [512, 2.5], f"must be {INTEGER}. Received: 2.5"),
        ("units", [512, [64]], f"must be {INTEGER}. Received: [64]"),
        ("units", [512, None], f"must be {INTEGER}. Received: None"),
        ("learning_rate", [0.001, 0], f"must be {POSITIVE}. Received: 0"),
        ("learning_rate", [0.001, "slow"], f"must be {POSITIVE}. Received: 'slow'"),
        ("momentum", [0, 1], f"must be {SHARE}. Received: 1"),
        ("batch_size", [128, 0], f"must be {INTEGER}. Received: 0"),
        ("optimizer", ["rmsprop", "lion"], f"must be {OPTIMIZER}. Received: 'lion'"),
        ("epochs", [5, 0], f"must be {INTEGER}. Received: 0"),
        ("momentum", [0, 0.9, 0.0], "must hold each value once. Received: 0.0 and 0, both 0"),
        ("momentum", [0, "0"], "must hold each value once. Received: '0' and 0, both 0"),
        ("momentum", ["0.0", -0.0], "must hold each value once. Received: -0.0 and '0.0', both 0"),
        ("learning_rate", [0.001, "1e-3"], "must hold each value once. Received: '1e-3' and 0.001, both 0.001"),
        ("learning_rate", ["1e-5", 0.00001], "must hold each value once. Received: 1e-05 and '1e-5', both 0.00001"),
        ("units", [512, 64, 512.0], "must hold each value once. Received: 512.0 and 512, both 512"),
        ("optimizer", ["sgd", "sgd"], "must hold each value once. Received: 'sgd' and 'sgd', both sgd"),
    ],
)
def test_a_wrong_list_of_values_is_told(section, factor, values, problem):
    raw = nested(f"{section}.{factor}", values)
    if section == "grids.both":
        raw["grids"]["both"]["batch_size" if factor != "batch_size" else "units"] = [128, 64]
    assert problems_of(raw) == [f"`{section}.{factor}` {problem}"]


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (
            {"sweeps": {"units": []}},
            "`sweeps.units` must hold at least one value. Received: [] (null removes the sweep)",
        ),
        (
            {"grids": {"both": {"units": [], "epochs": [5]}}},
            "`grids.both.units` must hold at least one value. Received: []",
        ),
        (
            {"grids": {"both": {"units": None, "epochs": [5]}}},
            "`grids.both.units` must be a list of values, e.g. [512]. Received: None",
        ),
        (
            {"grids": {"one": {"units": [64, 512]}}},
            "`grids.one` must map two or more factors to lists of values. Received: {'units': [64, 512]}",
        ),
        ({"grids": {"one": {}}}, "`grids.one` must map two or more factors to lists of values. Received: {}"),
        ({"grids": {"one": [64]}}, "`grids.one` must map two or more factors to lists of values. Received: [64]"),
        *(
            ({"grids": {name: {"units": [64, 512], "epochs": [5]}}}, f"`grids.{name}`: {GRID_NAME} Received: {name!r}")
            for name in [
                "units",
                "runs",
                "comparisons",
                "forest",
                "baseline",
                "train_and_test",
                "Both",
                "1st",
                "a-b",
                "a/b",
                "..",
                "",
            ]
        ),
    ],
)
def test_a_wrong_sweep_or_grid_is_told(raw, problem):
    assert problems_of(raw) == [problem]


@pytest.mark.parametrize(
    ("raw", "problems"),
    [
        ({"baseline": {"optimizer": "adam", "momentum": 0.9}}, [f"`baseline`: {ADAM}0.9"]),
        (
            {"baseline": {"optimizer": "adam", "momentum": 0.9}, "sweeps": {"units": [64, 512]}},
            [f"`baseline`: {ADAM}0.9"],
        ),
        (
            {"baseline": {"momentum": 0.9}, "sweeps": {"optimizer": ["rmsprop", "adam"]}},
            [f"`sweeps.optimizer`: {ADAM}0.9"],
        ),
        (
            {"baseline": {"optimizer": "adam"}, "sweeps": {"momentum": [0, "0.5", 0.9]}},
            [f"`sweeps.momentum`: {ADAM}0.5", f"`sweeps.momentum`: {ADAM}0.9"],
        ),
        (
            {"grids": {"both": {"optimizer": ["sgd", "adam"], "momentum": [0, 0.9]}}},
            [f"`grids.both`: {ADAM}0.9"],
        ),
        (
            {"grids": {"three": {"optimizer": ["sgd", "adam"], "momentum": [0.5], "batch_size": [64, 128]}}},
            [f"`grids.three`: {ADAM}0.5"],
        ),
        (
            {"baseline": {"optimizer": "adam"}, "grids": {"both": {"units": [64, 512], "momentum": [0, 0.5]}}},
            [f"`grids.both`: {ADAM}0.5"],
        ),
        ({"baseline": {"batch_size": 60001}}, [f"`baseline`: {TOO_LARGE}60001"]),
        (
            {"baseline": {"batch_size": 60001}, "sweeps": {"units": [64, 512], "batch_size": [60001, 70000]}},
            [f"`baseline`: {TOO_LARGE}60001", f"`sweeps.batch_size`: {TOO_LARGE}70000"],
        ),
        ({"sweeps": {"batch_size": [128, 60000, 60001]}}, [f"`sweeps.batch_size`: {TOO_LARGE}60001"]),
        (
            {"grids": {"both": {"batch_size": [128, 99999], "units": [64, 512]}}},
            [f"`grids.both`: {TOO_LARGE}99999"],
        ),
    ],
)
def test_values_that_do_not_go_together_are_told_once_where_they_meet(raw, problems):
    assert problems_of(raw) == problems


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ({"dataset": "minst"}, f"{UNKNOWN_DATASET}'minst' (did you mean 'mnist'?)"),
        ({"dataset": "fashion-mnist"}, f"{UNKNOWN_DATASET}'fashion-mnist' (did you mean 'fashion_mnist'?)"),
        ({"dataset": "letters"}, f"{UNKNOWN_DATASET}'letters'"),
        ({"data_folder": "no/such"}, "`data_folder` must be an existing folder. Received: 'no/such'"),
        ({"data_folder": ""}, "`data_folder` must be an existing folder. Received: ''"),
        ({"data_folder": __file__}, f"`data_folder` must be an existing folder. Received: {__file__!r}"),
        (
            {"dataset": "letters", "data_folder": str(PROJECT / "config")},
            "`data_folder` must hold the file train-images-idx3-ubyte or train-images-idx3-ubyte.gz. "
            f"Received: {str(PROJECT / 'config')!r}",
        ),
        (
            {"dataset": "letters", "data_folder": str(SUBSET), "sweeps": {"batch_size": [128, 1001]}},
            "`sweeps.batch_size`: batch_size must be at most the training set's 1000 images. Received: 1001",
        ),
    ],
)
def test_a_data_set_that_cannot_be_had_is_told(raw, problem):
    assert problems_of(raw) == [problem]


@pytest.mark.parametrize("key", ["replicates", "baseline.units", "baseline.learning_rate", "alpha", "data_folder"])
def test_a_number_too_long_for_python_to_write_is_told(key):
    (problem,) = problems_of(nested(key, 16**5000))
    assert problem.startswith(f"`{key}` must be ")
    assert problem.endswith(". Received: int too long to show")


def test_a_problem_of_several_lines_becomes_several_problems():
    def images(dataset, data_folder):
        raise ValueError("datasets.yaml: one\ndatasets.yaml: two")

    assert problems_of({}, images) == ["datasets.yaml: one", "datasets.yaml: two"]


def test_all_problems_come_at_once():
    raw = {
        "dataset": "minst",
        "replicate": 3,
        "replicates": 0,
        "baseline": {"units": 2.5, "momentum": 1},
        "sweeps": {"epochs": [], "unit": [1], "learning_rate": [0.1, "0.10"]},
        "grids": {"one": {"units": [1, 2]}, "both": {"units": [0, 1], "momentum": [0, "x"]}},
        "figures": {"dpi": 10},
    }
    assert sorted(problems_of(raw)) == sorted(
        [
            f"{UNKNOWN_DATASET}'minst' (did you mean 'mnist'?)",
            "`replicate` is not a known key. Did you mean `replicates`?",
            "`replicates` must be a positive integer. Received: 0",
            "`baseline.units` must be a positive integer. Received: 2.5",
            "`baseline.momentum` must be a number from 0 to below 1. Received: 1",
            "`sweeps.epochs` must hold at least one value. Received: [] (null removes the sweep)",
            "`sweeps.unit` is not a known key. Did you mean `units`?",
            "`sweeps.learning_rate` must hold each value once. Received: '0.10' and 0.1, both 0.1",
            "`grids.one` must map two or more factors to lists of values. Received: {'units': [1, 2]}",
            "`grids.both.units` must be a positive integer. Received: 0",
            "`grids.both.momentum` must be a number from 0 to below 1. Received: 'x'",
            "`figures.dpi` must be an integer from 50 to 600. Received: 10",
        ]
    )


def test_problems_of_a_publication_come_with_those_of_the_config(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("dataset: mnist\nsource: A paper.\ndefaults: {units: 0}\nnumbers: []\n")
    told = problems_of({"published": str(mine), "alpha": 1}, None, publications(PROJECT))
    assert told[0] == "`alpha` must be a number from 0.000001 to below 0.5. Received: 1"
    assert f"{mine}: `orderings` is missing" in told
    assert f"{mine}: `defaults.units` must be a positive integer. Received: 0" in told
    assert problems_of({"published": "no/such"}, None, publications(PROJECT)) == [
        "`published` must be an existing file, or null. Received: 'no/such'"
    ]


def test_the_error_reads_one_problem_a_line():
    with pytest.raises(ConfigurationError) as caught:
        validate({"replicates": 0, "alpha": 1})
    assert str(caught.value).splitlines() == caught.value.problems
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    ("key", "given_value", "value"),
    [
        ("baseline.learning_rate", "1e-4", 0.0001),
        ("baseline.learning_rate", 1, 1.0),
        ("baseline.units", 512.0, 512),
        ("baseline.units", "1e2", 100),
        ("baseline.momentum", "0", 0),
        ("baseline.momentum", 0.999, 0.999),
        ("baseline.batch_size", 60000, 60000),
        ("baseline.optimizer", "adam", "adam"),
        ("replicates", 1, 1),
        ("alpha", "1e-2", 0.01),
        ("margins.loss", "5e-3", 0.005),
        ("figures.show_seeds", False, False),
        ("data_folder", str(SUBSET), str(SUBSET)),
        ("published", None, None),
    ],
)
def test_a_right_value_is_taken_as_the_number_it_is(key, given_value, value):
    study, notes = validate(nested(key, given_value), IMAGES)
    for part in key.split("."):
        study = getattr(study, part)
    assert study == value
    assert notes == []


def test_1e_4_is_a_number_though_yaml_reads_text(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("baseline: {learning_rate: 1e-4}\nsweeps: {learning_rate: [1e-5, 1e-4, 0.1]}\n")
    raw = yaml_files.read(file)
    assert raw["baseline"]["learning_rate"] == "1e-4"
    study, notes = validate(raw, IMAGES)
    assert study.baseline.learning_rate == 0.0001
    assert study.sweeps == {"learning_rate": [0.00001, 0.0001, 0.1]}
    assert notes == []


@pytest.mark.parametrize(
    ("sweep", "completed", "added"),
    [
        ({"units": [1024, 64]}, [64, 512, 1024], "512"),
        ({"momentum": [0.9, "0.5"]}, [0, 0.5, 0.9], "0"),
        ({"learning_rate": ["1e-4"]}, [0.0001, 0.001], "0.001"),
        ({"epochs": [20]}, [5, 20], "5"),
        ({"optimizer": ["sgd", "adam"]}, ["rmsprop", "sgd", "adam"], "rmsprop"),
    ],
)
def test_a_sweep_without_the_baselines_value_gets_it_and_says_so(sweep, completed, added):
    (factor,) = sweep
    study, notes = validate({"sweeps": sweep}, IMAGES)
    assert study.sweeps == {factor: completed}
    assert notes == [f"`sweeps.{factor}` lacks the baseline's value; {added} was added to it"]


def test_the_baselines_value_may_be_spelled_in_another_way():
    study, notes = validate({"sweeps": {"momentum": ["0.0", 0.9], "learning_rate": ["1e-3"]}}, IMAGES)
    assert study.sweeps == {"learning_rate": [0.001], "momentum": [0, 0.9]}
    assert notes == []


def test_a_sweep_may_hold_the_baselines_value_alone():
    study, notes = validate({"sweeps": {"units": [512]}}, IMAGES)
    assert study.sweeps == {"units": [512]}
    assert notes == []
    assert len(planning.make_plan(study).points) == 1


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"sweeps": None, "grids": None},
        {"sweeps": {}, "grids": {}},
        {"sweeps": {"units": None, "epochs": None}, "grids": {"update_rule": None}},
    ],
)
def test_sweeps_and_grids_can_be_left_out(raw):
    study, notes = validate(raw, IMAGES)
    assert study.sweeps == {}
    assert study.grids == {}
    assert notes == []


def test_an_own_data_set_has_its_own_number_of_images():
    study, _ = validate({"dataset": "my-digits", "data_folder": str(SUBSET), "baseline": {"batch_size": 1000}}, IMAGES)
    assert study.dataset == "my-digits"


def test_sweeps_come_in_one_order_whatever_the_files():
    study, _ = validate({"sweeps": {"momentum": [0], "units": [512], "epochs": [5]}}, IMAGES)
    assert list(study.sweeps) == ["epochs", "units", "momentum"]


WORDS = st.sampled_from([*Study.model_fields, *FACTORS, *Margins.model_fields, *Figures.model_fields])
KEYS = WORDS | st.text(max_size=8) | st.integers() | st.floats() | st.booleans() | st.none() | st.dates()
SCALARS = (
    KEYS
    | st.binary(max_size=8)
    | st.sampled_from([*OPTIMIZERS, "mnist", "1e-4", "0", "inf", "1\n2", 0, 0.5, 1, 5, 512, 10**400])
)
JUNK = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
LISTS = st.lists(SCALARS, max_size=4) | JUNK
FACTOR_LISTS = st.dictionaries(st.sampled_from(FACTORS) | KEYS, LISTS, max_size=3) | JUNK
SECTIONS = {
    **dict.fromkeys(Study.model_fields, JUNK),
    "baseline": st.dictionaries(st.sampled_from(FACTORS) | KEYS, SCALARS, max_size=3) | JUNK,
    "sweeps": FACTOR_LISTS,
    "grids": st.dictionaries(st.sampled_from(["both", "more"]) | KEYS, FACTOR_LISTS, max_size=2) | JUNK,
}
RAW = st.builds(
    lambda known, unknown: known | unknown,
    st.fixed_dictionaries({}, optional=SECTIONS),
    st.dictionaries(KEYS, JUNK, max_size=2),
)


def some_images(dataset, data_folder):
    if dataset != "mnist":
        raise ValueError(f"no data set {dataset!r}")
    return 1000


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(RAW | JUNK)
def test_whatever_yaml_can_say_is_accepted_or_refused_in_single_lines(raw):
    try:
        study, lines = validate(raw, some_images)
    except ConfigurationError as error:
        study, lines = None, error.problems
    assert study or lines
    for line in lines:
        assert [line] == line.splitlines()
        assert len(line) < 500


@pytest.fixture(scope="module")
def config():
    return yaml_files.read(CONFIG)


def size(study):
    """Return the numbers of points, training jobs and evaluations."""
    plan = planning.make_plan(study)
    milestones = sum(len(epochs) for epochs in plan.wanted.values())
    return len(plan.points), milestones * len(plan.blocks), len(plan.evaluated())


def test_the_study_is_sound_and_of_known_size(config):
    study, notes = validate(config, IMAGES)
    assert notes == []
    assert size(study) == (27, 33, 31)


def test_the_quick_study_is_sound_and_small(config):
    study, notes = validate(yaml_files.merge([config, yaml_files.read(QUICK)]), IMAGES)
    assert notes == []
    assert study.grids == {}
    assert study.replicates == 3
    assert size(study) == (5, 8, 6)


def test_the_fashion_study_asks_the_same_questions_at_margins_of_its_own(config):
    first, _ = validate(config, IMAGES)
    study, notes = validate(yaml_files.merge([config, yaml_files.read(FASHION)]), IMAGES)
    assert notes == []
    assert study.dataset == "fashion_mnist"
    assert (study.margins.accuracy, study.margins.loss) == (0.005, 0.025)
    assert study.model_copy(update={"dataset": first.dataset, "margins": first.margins}) == first


def test_a_completed_study_is_sound_and_completes_to_itself(config):
    study, _ = validate(config, IMAGES)
    assert validate(study.model_dump(), IMAGES) == (study, [])


def test_config_and_model_have_the_same_keys_in_the_same_order(config):
    assert list(config) == list(Study.model_fields)
    for section, model in (("baseline", Baseline), ("margins", Margins), ("figures", Figures)):
        assert list(config[section]) == list(model.model_fields)


def test_config_and_model_have_the_same_defaults(config):
    defaults = Study().model_dump(exclude={"sweeps", "grids"})  # what is varied has no default
    assert defaults == {key: config[key] for key in defaults}


def test_every_key_of_the_model_is_described():
    for model in (Study, Baseline, Margins, Figures):
        assert all(field.description for field in model.model_fields.values())


@pytest.fixture(scope="module")
def schema():
    return json.loads((PROJECT / "config" / "schema.json").read_text(encoding="utf-8"))


def test_the_schema_file_is_the_models(schema):
    assert schema == schemas.schema(), "run: make schema"


def test_the_schema_file_is_what_make_schema_writes():
    call = [sys.executable, "-m", "design.schema"]
    written = subprocess.run(call, check=True, capture_output=True, cwd=PROJECT / "scripts").stdout
    assert written == (PROJECT / "config" / "schema.json").read_bytes()


def is_valid(schema, config):
    return jsonschema.Draft202012Validator(schema).is_valid(config)


def test_the_config_files_fit_the_schema(schema, config):
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(config)
    for overlay in (QUICK, FASHION):
        jsonschema.Draft202012Validator(schema).validate(yaml_files.read(overlay))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("replicate", 3),
        ("baseline.unit", 512),
        ("sweeps.unit", [512]),
        ("grids.both.unit", [512]),
        ("margins.acuracy", 0.1),
        ("figures.DPI", 150),
        ("replicates", 0),
        ("replicates", 2.5),
        ("replicates", "ten"),
        ("alpha", 0.5),
        ("baseline.momentum", 1),
        ("baseline.momentum", -0.1),
        ("baseline.learning_rate", 0),
        ("baseline.optimizer", "adagrad"),
        ("figures.dpi", 601),
        ("sweeps.units", 512),
        ("sweeps.units", []),
        ("sweeps.optimizer", ["adagrad"]),
        ("grids.both.units", 512),
    ],
)
def test_what_the_model_refuses_does_not_fit_the_schema(schema, key, value):
    assert not is_valid(schema, nested(key, value))
    assert problems_of(nested(key, value))


def test_rules_across_fields_are_told_beside_a_wrong_value():
    baseline = {"optimizer": "adam", "momentum": 0.5, "batch_size": 70_000, "learning_rate": math.inf}
    with pytest.raises(configuration.ConfigurationError) as caught:
        configuration.validate({"baseline": baseline}, lambda dataset, folder: 60_000)
    told = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 3
    assert "`baseline.learning_rate` must be a positive finite number" in told
    assert "adam takes no momentum" in told
    assert "batch_size must be at most the training set's 60000 images. Received: 70000" in told


def test_a_wrong_batch_size_is_told_once_however_small_the_training_set():
    with pytest.raises(configuration.ConfigurationError) as caught:
        configuration.validate({"baseline": {"batch_size": 0}}, lambda dataset, folder: 20)
    assert caught.value.problems == ["`baseline.batch_size` must be a positive integer. Received: 0"]
