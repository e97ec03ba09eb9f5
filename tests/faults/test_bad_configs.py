"""Wrong configs through Snakemake itself, and, in the long tests, any content of the three YAML files a user writes.

tests/helpers/wrong_configs.py has the cases; tests/design/test_configuration.py holds the model against each of them,
tests/running/test_checking.py the check's command line against one of each kind.
"""

import csv
import functools
import itertools
import re
from collections import Counter

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.datasets import load_datasets
from design import plan as planning
from design import yaml_files
from design.configuration import Config, ConfigurationError, validate
from design.hyperparameters import factors_of
from design.network_file import read_network
from design.point_names import canonical_name
from helpers.mutations import EDIT, edited, with_values_changed
from helpers.workflow import PROJECT, run_snakemake
from helpers.wrong_configs import WRONG_CONFIGS, placed
from published.publication import read_published
from running import checking


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working directory, away from the project's own configuration."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


ONE_OF_EACH_KIND = {kind: cases[0] for kind, cases in WRONG_CONFIGS.items() if kind != "no mapping"}


@pytest.mark.parametrize(("raw", "problems"), ONE_OF_EACH_KIND.values(), ids=ONE_OF_EACH_KIND)
def test_snakemake_prints_the_same_lines_before_any_job(finished, folder, raw, problems):
    (folder / "config.yaml").write_text(yaml.safe_dump(raw))
    output = run_snakemake(finished[0], folder, "--dry-run", check=False)
    printed = output.stdout + output.stderr
    assert output.returncode != 0
    assert "Traceback" not in printed
    assert re.findall(r"^ERROR: (.*)$", printed, re.MULTILINE) == placed(problems, folder, finished[0])
    assert not (folder / "results").exists()


@pytest.mark.parametrize(
    "content", ["sweeps: {units: [1, 2}\n", "a: !!python/name:os.system\n", "- alpha\n", b"\xff\xfea"]
)
def test_snakemake_refuses_what_it_cannot_read_before_any_job(finished, folder, content):
    """In its own words, without file and line: hence the check that `make` runs first."""
    (folder / "config.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    output = run_snakemake(finished[0], folder, "--dry-run", check=False)
    assert output.returncode != 0
    assert not (folder / "results").exists()


# --- any configuration ----------------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    ["mnist", "rmsprop", "adam", "1e-4", "nan", "../x", "$(true)", "a b", "-x", "<b>", "é", "\x85", "0x1"]
)
NUMBERS = st.integers() | st.integers(0, 30) | st.floats() | st.floats(0, 1)
SCALARS = st.none() | st.booleans() | NUMBERS | WORDS | st.text(max_size=12) | st.dates() | st.binary(max_size=5)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
SENSIBLE = {
    "units": st.integers(1, 2000),
    "learning_rate": st.floats(1e-6, 10),
    "momentum": st.floats(0, 0.99),
    "batch_size": st.integers(1, 60000),
    "optimizer": st.sampled_from(["rmsprop", "rmsprop_keras2", "sgd", "adam"]),
    "epochs": st.integers(1, 40),
}
LISTS = {factor: st.lists(values, min_size=1, max_size=4) | VALUES for factor, values in SENSIBLE.items()}
GRID = st.fixed_dictionaries({}, optional=LISTS) | VALUES
KEYS = {
    **dict.fromkeys(Config.model_fields, VALUES),
    "baseline": st.fixed_dictionaries({}, optional={factor: v | VALUES for factor, v in SENSIBLE.items()}) | VALUES,
    "sweeps": GRID,
    "grids": st.dictionaries(st.sampled_from(["g", "both", "units"]) | st.text(max_size=5), GRID, max_size=2) | VALUES,
    "replicates": st.integers(1, 50) | VALUES,
    "seeds_per_job": st.integers(1, 50) | VALUES,
}
CONFIGS = st.fixed_dictionaries({}, optional=KEYS).flatmap(
    lambda known: st.dictionaries(st.text(max_size=8), VALUES, max_size=1).map(lambda unknown: unknown | known)
)


FACTORS = factors_of(read_network(PROJECT / "config" / "networks" / "dense.py").keywords)
FUZZ = settings(max_examples=5_000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
ANY_KEYS = st.text(max_size=8) | st.integers() | st.floats() | st.booleans() | st.none() | st.dates()
NESTED = st.recursive(
    ANY_KEYS | st.sampled_from(["mnist", "1e-4", "1\n2", 0, 0.5, 1, 5, 512, 10**400]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["both", *FACTORS]) | ANY_KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)


def assert_single_lines(problems):
    for line in problems:
        assert [line] == line.splitlines()
        assert len(line) < 700


# What config/README.md says.
DEFAULTS = {"units": 512, "learning_rate": 0.001, "momentum": 0, "batch_size": 128, "optimizer": "rmsprop", "epochs": 5}
SOUND = {
    "units": st.integers(1, 2000),
    "learning_rate": st.builds(
        lambda digits, power: float(f"{digits}e{power}"), st.integers(1, 999), st.integers(-7, 1)
    ),
    "momentum": (st.integers(0, 99) | st.just(99)).map(lambda hundredths: hundredths / 100),
    "batch_size": st.integers(1, 1000),
    "epochs": st.integers(1, 12),
}
SPELLINGS = st.sampled_from([lambda value: value, str, lambda value: value if isinstance(value, str) else float(value)])
REST = {
    "dataset": st.sampled_from(["mnist", "fashion_mnist"]),
    "replicates": st.integers(1, 12),
    "seeds_per_job": st.integers(1, 15),
    "checkpoint_every": st.integers(1, 15),
    "keep_optimizer_state": st.booleans(),
    "alpha": st.floats(0.0001, 0.4999),
    "margins": st.fixed_dictionaries({}, optional=dict.fromkeys(["accuracy", "loss"], st.floats(1e-6, 1))),
    "figures": st.fixed_dictionaries({}, optional={"dpi": st.integers(50, 600), "show_seeds": st.booleans()}),
}


@st.composite
def sound_configs(draw):
    """Draw a configuration with nothing wrong: numbers in all spellings, sweeps, grids, and what else may be set."""
    adam = draw(st.booleans())  # it takes no momentum
    optimizers = ["rmsprop", "rmsprop_keras2", "sgd", *(["adam"] if adam else [])]
    values = SOUND | {"optimizer": st.sampled_from(optimizers)} | ({"momentum": st.just(0)} if adam else {})
    few = st.lists(st.sampled_from(list(FACTORS)), unique=True, max_size=3)

    def spelt(value):
        return draw(SPELLINGS)(value)

    def several(factors):
        return {
            factor: [*map(spelt, draw(st.lists(values[factor], min_size=1, max_size=3, unique=True)))]
            for factor in factors
        }

    names = draw(st.lists(st.sampled_from(["g", "shape", "both_2"]), unique=True, max_size=2))
    factors = st.lists(st.sampled_from(list(FACTORS)), unique=True, min_size=2, max_size=3)
    config = draw(st.fixed_dictionaries({}, optional=REST))
    config["baseline"] = {factor: spelt(draw(values[factor])) for factor in draw(few)}
    config["sweeps"] = several(draw(few)) | draw(st.sampled_from([{}, {}, {"momentum": None}]))
    config["grids"] = {name: several(draw(factors)) for name in names}
    return {"published": None} | config


def number(value):
    """Return a value as a number, whatever its spelling; the name of an optimizer as it is."""
    try:
        return float(value)
    except ValueError:
        return value


def enumerated(config):
    """Return who wants which values of all factors: `values -> names`, by every combination there is."""
    baseline = {factor: number(value) for factor, value in (DEFAULTS | config["baseline"]).items()}
    sweeps = {f: {f: [*values, baseline[f]]} for f, values in config["sweeps"].items() if values is not None}
    wanted = {tuple(baseline.values()): {"baseline"}}
    for name, factors in (sweeps | config["grids"]).items():
        for combination in itertools.product(*factors.values()):
            point = baseline | dict(zip(factors, map(number, combination), strict=True))
            wanted.setdefault(tuple(point.values()), set()).add(name)
    return wanted


def way_to(point, every):
    """Return the values of all that is trained on the way to a point, itself included: `every` so many epochs, it."""
    *others, epochs = point
    return {(*others, float(passed)) for passed in range(every, int(epochs), every)} | {point}


def assert_planned_as_enumerated(path, config):
    """Assert that the plan of a sound config holds every wanted point once, with all seeds, and no other.

    Returns who wants which point.
    """
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    checked, _ = checking.check([path])
    rows = list(csv.DictReader(planning.plan_text(planning.make_plan(checked)).splitlines()))
    seeds, wishes = {}, {}
    for row in rows:
        point = tuple(number(row[factor]) for factor in FACTORS)
        block = range(int(row["first_seed"]), int(row["last_seed"]) + 1)
        assert 1 <= len(block) <= config.get("seeds_per_job", 10)
        seeds.setdefault(point, []).extend(block)
        wishes.setdefault(point, []).append(row["wanted_by"].split())
    assert all(found == list(range(config.get("replicates", 10))) for found in seeds.values())
    assert all(names == others[0] and len({*names}) == len(names) for others in wishes.values() for names in others)
    wanted = enumerated(config)
    assert {point: {*names[0]} for point, names in wishes.items() if names[0]} == wanted
    every = config.get("checkpoint_every", 5)
    assert seeds.keys() == {passed for point in wanted for passed in way_to(point, every)}
    return wanted


SOUND_CONFIGS = {
    "sweeps and grids that share points": {
        "sweeps": {"units": [64, "512", 1024.0], "momentum": ["0.5"], "optimizer": ["sgd"]},
        "grids": {"g": {"units": [64, 512], "momentum": [0, 0.5]}, "shape": {"epochs": [3, 12], "units": [64]}},
    },
    "blocks and milestones that do not divide": {
        "baseline": {"epochs": 7, "learning_rate": "1e-4"},
        "sweeps": {"epochs": [1, 13], "momentum": None},
        "grids": {},
        "replicates": 11,
        "seeds_per_job": 4,
        "checkpoint_every": 3,
    },
}


@pytest.mark.parametrize("config", SOUND_CONFIGS.values(), ids=SOUND_CONFIGS)
def test_a_sound_file_is_accepted_and_its_plan_holds_every_wanted_point_once(folder, config):
    wanted = assert_planned_as_enumerated(folder / "study.yaml", {"published": None, "baseline": {}} | config)
    assert len(wanted) > 2


@pytest.mark.long
def test_five_thousand_sound_files_are_accepted_and_their_plans_hold_every_wanted_point_once(folder):
    kinds = Counter()

    @FUZZ
    @given(sound_configs())
    def test(config):
        wanted = assert_planned_as_enumerated(folder / "study.yaml", config)
        kinds["sweep"] += any(config["sweeps"].values())
        kinds["grid"] += bool(config["grids"])
        kinds["shared"] += any(len(names - {"baseline"}) > 1 for names in wanted.values())

    test()
    print(dict(kinds))
    assert min(kinds[kind] for kind in ("sweep", "grid", "shared")) > 250


@pytest.mark.long
def test_ten_thousand_files_are_refused_in_clear_lines_or_give_a_plan_whose_names_are_safe_in_a_path(folder):
    """A good part is sound but for a few values."""
    path = folder / "study.yaml"
    ends = Counter()
    nearly_sound = sound_configs().flatmap(lambda config: with_values_changed(config, VALUES))

    @settings(FUZZ, max_examples=10_000)
    @given(st.one_of(CONFIGS, VALUES, nearly_sound))
    def test(content):
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        try:
            config, problems = checking.check([path])[0], []
        except ConfigurationError as error:
            config, problems = None, error.problems
        assert bool(config) != bool(problems)
        ends["accepted" if config else "refused"] += 1
        assert_single_lines(problems)
        if config:
            plan = planning.make_plan(config)
            for name, point in plan.points.items():
                assert re.fullmatch(r"[a-z0-9_=.,]{10,200}", name)
                assert name == canonical_name(point)
            assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in (*config.sweeps, *config.grids))
            assert set(config.sweeps) <= set(FACTORS)
            assert len(plan.evaluated()) <= 1_000_000

    test()
    print(dict(ends))
    assert min(ends["accepted"], ends["refused"]) > 500


@pytest.mark.long
def test_five_thousand_contents_with_keys_of_any_kind_are_accepted_or_refused_in_single_lines():
    """What YAML can hold and `yaml.safe_dump` does not write: keys that are numbers, dates, null."""

    def images(dataset, data_folder):
        if dataset != "mnist":
            raise ValueError(f"no data set {dataset!r}")
        return 1000

    @FUZZ
    @given(st.dictionaries(ANY_KEYS | st.sampled_from([*Config.model_fields]), NESTED, max_size=3) | NESTED)
    def test(content):
        try:
            config, problems = validate(content, images)[0], []
        except ConfigurationError as error:
            config, problems = None, error.problems
        assert bool(config) != bool(problems)
        assert_single_lines(problems)

    test()


@pytest.mark.long
def test_any_bytes_are_read_as_yaml_reads_them_or_refused_in_one_line(folder):
    path = folder / "study.yaml"

    @FUZZ
    @given(st.text(alphabet="ab:1 -[]{}\n\t'\"#&*!|>%,?.<=\x00é", max_size=30) | st.binary(max_size=20))
    def test(content):
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        try:
            received, problem = yaml_files.read(path), None
        except yaml_files.YamlFileError as error:
            received, problem = None, str(error)
        if problem is None:
            assert received == yaml.safe_load(path.read_bytes())
        else:
            assert_single_lines([problem])

    test()


# --- publications and data sets -------------------------------------------------------------------------

HUGE = f"0x{4000 * 'f'}"  # Python writes out no such number
OTHER_FILES = {  # file, what is replaced in the shipped one, by what, and the key that the line names
    "a class without a name": ("datasets.yaml", '["0", ', "[null, ", "`mnist.class_names[0]` "),
    "a class of 4,000 digits": ("datasets.yaml", '["0", ', f"[{HUGE}, ", "`mnist.class_names"),
    "a data set of two lines": ("datasets.yaml", "fashion_mnist:", '"fashion\\nmnist":', "fashion\\nmnist"),
    "a key of two lines": (
        "datasets.yaml",
        "  license: MIT",
        '  license: MIT\n  "a\\nb": 1',
        "`fashion_mnist.'a\\nb'` ",
    ),
    "a key of 4,000 digits": (
        "published.yaml",
        "dataset: ",
        f"? {HUGE}\n: 1\ndataset: ",
        "is not a known key. Known: ",
    ),
    "a key of 4,000 digits beside data sets": (
        "datasets.yaml",
        "mnist:",
        f"? {HUGE}\n: 1\nmnist:",
        "must be a name of ",
    ),
    "a quantity of 4,000 digits": ("published.yaml", "test_loss", HUGE, ".quantity` must be one of "),
    "a number of 4,000 digits": ("published.yaml", "0.9257", HUGE, "`numbers.first_epoch_training.published` must be "),
}


@pytest.mark.parametrize(("name", "old", "new", "problem"), OTHER_FILES.values(), ids=OTHER_FILES)
def test_a_bad_publication_or_data_set_is_refused_in_one_clear_line(folder, name, old, new, problem):
    shipped = (PROJECT / "config" / name).read_text(encoding="utf-8")
    rows = "\n".join(line for line in shipped.splitlines() if not line.startswith("#"))
    assert old in rows
    (folder / name).write_text(rows.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=r"^\S+\.yaml: .+$") as caught:
        YAML_READERS[name][0](folder / name)
    line = str(caught.value)
    assert line.startswith(f"{folder / name}: ")
    assert line.isprintable()
    assert problem in line
    assert len(line) < 400


SHIPPED = {
    name: yaml.safe_load((PROJECT / "config" / name).read_text(encoding="utf-8"))
    for name in ("published.yaml", "datasets.yaml")
}


def assert_publication(found, content):
    """Assert that a publication was read as it is written."""
    assert (found.dataset, found.network) == (content["dataset"], content["network"])
    if content["network"] != "dense":
        assert not found.numbers
        return
    assert [row.id for row in found.numbers] == [row["id"] for row in content["numbers"]]
    originals = {row["id"]: row for row in content["numbers"] if "repeats" not in row}
    for number_, row in zip(found.numbers, content["numbers"], strict=True):
        original = originals[row.get("repeats", row["id"])]
        assert (number_.quantity, number_.source) == (original["quantity"], row["source"])
        assert number_.published == float(original["published"])
        assert_settings(number_.levels, content["defaults"] | original)
    for ordering, row in zip(found.orderings, content["orderings"], strict=True):
        assert (ordering.id, ordering.statement, ordering.metric) == (row["id"], row["statement"], row["metric"])
        assert ordering.winner != ordering.loser
        for side in ("winner", "loser"):
            assert_settings(getattr(ordering, side), content["defaults"] | row[side])


def assert_settings(levels, given):
    assert {factor: number(text) for factor, text in levels.items()} == {f: number(given[f]) for f in FACTORS}


def assert_datasets(found, content):
    """Assert that data sets were read as they are written."""
    assert list(found) == list(content)
    for dataset, entry in zip(found.values(), content.values(), strict=True):
        assert dataset.train_images_count == number(entry["train_images_count"])
        assert list(dataset.class_names) == entry["class_names"]
        expected = {key: (entry["files"][key]["name"], entry["files"][key]["sha256"].lower()) for key in dataset.files}
        assert {key: (file.name, file.sha256) for key, file in dataset.files.items()} == expected
        sources = [tuple(source.values()) for source in entry["sources"]]
        assert [
            (source.address, source.folder)[: len(values)]
            for source, values in zip(dataset.sources, sources, strict=True)
        ] == sources


YAML_READERS = {
    "published.yaml": (functools.partial(read_published, network="dense", factors=FACTORS), assert_publication),
    "datasets.yaml": (load_datasets, assert_datasets),
}


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_publication_and_data_sets_are_read_as_written(name):
    read, assert_as_written = YAML_READERS[name]
    assert_as_written(read(PROJECT / "config" / name), SHIPPED[name])


@pytest.mark.long
@pytest.mark.parametrize("name", SHIPPED)
def test_five_thousand_publications_and_data_sets_are_read_as_written_or_refused(folder, name):
    """What is nearly a shipped file is read as it is written, or refused in lines that each name the file."""
    path = folder / name
    read, assert_as_written = YAML_READERS[name]
    ends = Counter()

    @FUZZ
    @given(
        with_values_changed(SHIPPED[name], VALUES, most=2),
        st.sampled_from([0, 0, 2]).flatmap(lambda most: st.lists(EDIT, max_size=most)),
    )
    def test(content, edits):
        path.write_bytes(edited(yaml.safe_dump(content, allow_unicode=True, sort_keys=False).encode(), edits))
        try:
            found = read(path)
        except ValueError as error:
            problems = str(error).split("\n")
            assert all(re.match(rf"{re.escape(str(path))}(, line \d+, column \d+)?: ", line) for line in problems)
            assert_single_lines(problems)
            ends["refused"] += 1
            return
        ends["accepted"] += 1
        if not edits:
            assert_as_written(found, content)

    test()
    print(name, dict(ends))
    assert min(ends["accepted"], ends["refused"]) > 250
