"""A sound config is completed; of any other, every fault is told at once, one line each: key, expected, received."""

import functools
import math
from pathlib import Path

import pytest

from data.data_folder import image_counts
from data.labelled_images import ImageCounts
from design import configuration, yaml_files
from design import plan as planning
from design.configuration import Config, ConfigurationError, Figures, Margins, validate
from design.hyperparameters import OF_TRAINING
from design.network_file import network_reader
from design.places import Places
from helpers.workflow import PROJECT, SUBSET
from helpers.wrong_configs import STUDY, UNKNOWN_DATASET, WHOLE, WRONG_CONFIGS, looked_for, nested
from published.publication import publications

CONFIG = PROJECT / "config" / "config.yaml"
QUICK = PROJECT / "config" / "quick.yaml"
FASHION = PROJECT / "config" / "fashion.yaml"
PLACES = Places(Path(STUDY), PROJECT)
IMAGES = image_counts(PROJECT / "config" / "datasets.yaml", PLACES)
PUBLICATION = functools.cache(publications(PLACES))


def problems_of(raw, images=IMAGES, read_publication=None):
    with pytest.raises(ConfigurationError) as caught:
        validate(raw, images, read_publication, network_reader(PLACES))
    return caught.value.problems


@pytest.mark.parametrize(
    ("raw", "problems"),
    [
        pytest.param(raw, problems, id=f"{kind} {number}")
        for kind, cases in WRONG_CONFIGS.items()
        for number, (raw, problems) in enumerate(cases)
    ],
)
def test_a_wrong_config_is_refused_in_one_line_for_each_fault(raw, problems):
    assert problems_of(raw, read_publication=PUBLICATION) == problems


@pytest.mark.parametrize("key", ["replicates", "baseline.units", "baseline.learning_rate", "alpha", "data_folder"])
def test_a_number_too_long_for_python_to_write_is_refused(key):
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
        "grids": {"one": {"units": [1, 2]}, "both": {"units": [0.5, 1], "momentum": [0, "x"]}},
        "figures": {"dpi": 10},
    }
    assert sorted(problems_of(raw)) == sorted(
        [
            f"{UNKNOWN_DATASET}'minst' (did you mean 'mnist'?)",
            "`replicate` is not a known key. Did you mean `replicates`?",
            "`replicates` must be a positive integer. Received: 0",
            f"`baseline.units` must be {WHOLE}. Received: 2.5",
            "`baseline.momentum` must be a number from 0 to below 1. Received: 1",
            "`sweeps.epochs` must hold at least one value. Received: [] (null removes the sweep)",
            "`sweeps.unit` is not a known key. Did you mean `units`?",
            "`sweeps.learning_rate` must hold each value once. Received: '0.10' and 0.1, both 0.1",
            "`grids.one` must map two or more factors to lists of values. Received: {'units': [1, 2]}",
            f"`grids.both.units` must be {WHOLE}. Received: 0.5",
            "`grids.both.momentum` must be a number from 0 to below 1. Received: 'x'",
            "`figures.dpi` must be an integer from 50 to 600. Received: 10",
        ]
    )


def test_problems_of_a_publication_come_with_those_of_the_config(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("dataset: mnist\nnetwork: dense\nsource: A paper.\ndefaults: {epochs: 0}\nnumbers: []\n")
    lines = problems_of({"published": str(mine), "alpha": 1}, None, publications(PLACES))
    assert lines[0] == "`alpha` must be a number from 0.000001 to below 0.5. Received: 1"
    assert f"{mine}: `orderings` is missing" in lines
    assert f"{mine}: `defaults.epochs` must be a positive integer. Received: 0" in lines
    assert problems_of({"published": "no/such"}, None, publications(PLACES)) == [
        f"`published` must be an existing file, or null. {looked_for('no/such')}"
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
    config, notes = validate(nested(key, given_value), IMAGES)
    config = config.model_dump()
    for part in key.split("."):
        config = config[part]
    assert config == value
    assert notes == []


def test_1e_4_is_a_number_though_yaml_reads_text(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("baseline: {learning_rate: 1e-4}\nsweeps: {learning_rate: [1e-5, 1e-4, 0.1]}\n")
    raw = yaml_files.read(file)
    assert raw["baseline"]["learning_rate"] == "1e-4"
    config, notes = validate(raw, IMAGES)
    assert config.baseline["learning_rate"] == 0.0001
    assert config.sweeps == {"learning_rate": [0.00001, 0.0001, 0.1]}
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
    config, notes = validate({"sweeps": sweep}, IMAGES)
    assert config.sweeps == {factor: completed}
    assert notes == [f"`sweeps.{factor}` lacks the baseline's value; {added} was added to it"]


def test_the_baselines_value_may_be_spelled_in_another_way():
    config, notes = validate({"sweeps": {"momentum": ["0.0", 0.9], "learning_rate": ["1e-3"]}}, IMAGES)
    assert config.sweeps == {"learning_rate": [0.001], "momentum": [0, 0.9]}
    assert notes == []


def test_a_sweep_may_hold_the_baselines_value_alone():
    config, notes = validate({"sweeps": {"units": [512]}}, IMAGES)
    assert config.sweeps == {"units": [512]}
    assert notes == []
    assert len(planning.make_plan(config).points) == 1


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
    config, notes = validate(raw, IMAGES)
    assert config.sweeps == {}
    assert config.grids == {}
    assert notes == []


def test_an_own_data_set_has_its_own_number_of_images():
    config, _ = validate({"dataset": "my-digits", "data_folder": str(SUBSET), "baseline": {"batch_size": 1000}}, IMAGES)
    assert config.dataset == "my-digits"


def test_sweeps_come_in_one_order_whatever_the_files():
    config, _ = validate({"sweeps": {"momentum": [0], "units": [512], "epochs": [5]}}, IMAGES)
    assert list(config.sweeps) == ["epochs", "units", "momentum"]


@pytest.fixture(scope="module")
def raw():
    return yaml_files.read(CONFIG)


def size(config):
    """Return the numbers of points, training jobs and evaluations."""
    plan = planning.make_plan(config)
    milestones = sum(len(epochs) for epochs in plan.wanted.values())
    return len(plan.points), milestones * len(plan.blocks), len(plan.evaluated())


def test_the_study_is_sound_and_of_known_size(raw):
    config, notes = validate(raw, IMAGES)
    assert notes == []
    assert size(config) == (27, 33, 31)


def test_the_quick_study_is_sound_and_small(raw):
    config, notes = validate(yaml_files.merge([raw, yaml_files.read(QUICK)]), IMAGES)
    assert notes == []
    assert config.grids == {}
    assert config.replicates == 3
    assert size(config) == (5, 8, 6)


def test_the_fashion_study_asks_the_same_questions_at_margins_of_its_own(raw):
    first, _ = validate(raw, IMAGES)
    config, notes = validate(yaml_files.merge([raw, yaml_files.read(FASHION)]), IMAGES)
    assert notes == []
    assert config.dataset == "fashion_mnist"
    assert (config.margins.accuracy, config.margins.loss) == (0.005, 0.025)
    assert config.model_copy(update={"dataset": first.dataset, "margins": first.margins}) == first


@pytest.mark.parametrize(("name", "expected"), [("depth", (9, 9, 9)), ("convolutional", (5, 5, 5))])
def test_the_studies_of_other_networks_are_sound_and_of_known_size(raw, name, expected):
    overlay = yaml_files.read(PROJECT / "config" / f"{name}.yaml")
    config, notes = validate(yaml_files.merge([raw, overlay]), IMAGES)
    assert notes == []
    assert config.replicates == 10
    assert size(config) == expected


def test_a_completed_study_is_sound_and_completes_to_itself(raw):
    config, _ = validate(raw, IMAGES)
    assert validate(config.model_dump(), IMAGES) == (config, [])


def test_config_and_model_have_the_same_keys_in_the_same_order(raw):
    assert list(raw) == list(Config.model_fields)
    assert list(raw["baseline"]) == list(validate({}, IMAGES)[0].factors)
    for section, model in (("margins", Margins), ("figures", Figures)):
        assert list(raw[section]) == list(model.model_fields)


def test_config_and_model_have_the_same_defaults(raw):
    defaults = validate({}, IMAGES)[0].model_dump(exclude={"sweeps", "grids"})  # what is varied has no default
    assert defaults == {key: raw[key] for key in defaults}


def test_every_key_of_the_model_is_described():
    for model in (Config, Margins, Figures):
        assert all(field.description for field in model.model_fields.values())
    assert all(factor.description for factor in OF_TRAINING)


def test_rules_across_fields_are_told_beside_a_wrong_value():
    baseline = {"optimizer": "adam", "momentum": 0.5, "batch_size": 70_000, "learning_rate": math.inf}
    with pytest.raises(configuration.ConfigurationError) as caught:
        configuration.validate({"baseline": baseline}, lambda dataset, folder: ImageCounts(60_000, 10_000, (28, 28, 1)))
    lines = "\n".join(caught.value.problems)
    assert len(caught.value.problems) == 3
    assert "`baseline.learning_rate` must be a positive finite number" in lines
    assert "adam takes no momentum" in lines
    assert "batch_size must be at most the training set's 60000 images. Received: 70000" in lines


def test_a_wrong_batch_size_is_told_once_however_small_the_training_set():
    with pytest.raises(configuration.ConfigurationError) as caught:
        configuration.validate({"baseline": {"batch_size": 0}}, lambda dataset, folder: ImageCounts(20, 5, (28, 28, 1)))
    assert caught.value.problems == ["`baseline.batch_size` must be a positive integer. Received: 0"]


def test_a_network_of_the_users_own_is_noted_since_it_will_be_run(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("def build(input_shape, classes): ...\n")
    config, notes = validate({"network": str(path)}, IMAGES)
    assert config.network_file.keywords == ()
    assert notes == [f"`network`: the Python file {path} will be run, to describe, train and evaluate"]
