"""Configuration files that are wrong: each is told in its own clear line, without a traceback, before any job.

tests/test_configuration.py has the values of every key one by one; here whole files go through the check's command
line, which `make` runs first, and some through Snakemake itself.
"""

import itertools
import re
from collections import Counter

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import check
from data.datasets import load_datasets
from design import plan as planning
from design.canonical import FACTORS, canonical_name
from design.configuration import ConfigurationError, Study
from helpers.mutations import EDIT, edited, with_values_changed
from helpers.workflow import PROJECT, run_snakemake
from published.publication import read_published
from running import checking

FILES = {
    # not YAML, or not the YAML of a configuration
    "a bracket left open": ("sweeps: {units: [1, 2}\n", "study.yaml, line 1, column 22: expected ',' or ']'"),
    "a quote left open": ('dataset: "mnist\n', "study.yaml, line 2, column 1: found unexpected end of stream"),
    "a tab": ("sweeps:\n\tunits: [1]\n", r"line 2, column 1: found character '\t' that cannot start any token"),
    "two values in a line": ("alpha: 0.05: 0.1\n", "line 1, column 12: mapping values are not allowed here"),
    "a line out of step": ("baseline:\n    units: 8\n  epochs: 2\n", "study.yaml, line 3, column 3: "),
    "an unknown alias": ("alpha: *level\n", "line 1, column 8: found undefined alias 'level'"),
    "an alias to itself": ("baseline: &a {units: *a}\n", "found unconstructable recursive node"),
    "a key given twice": ("alpha: 0.1\nalpha: 0.2\n", "line 2, column 1: the key `alpha` is given twice"),
    "a key below given twice": ("baseline: {units: 1, units: 2}\n", "the key `units` is given twice"),
    "two documents": ("alpha: 0.1\n---\nalpha: 0.2\n", "line 2, column 1: but found another document"),
    "a list": ("- alpha\n- 0.05\n", "must hold a mapping of keys to values. Received: a list"),
    "a word": ("mnist\n", "must hold a mapping of keys to values. Received: a str"),
    "a date that is none": ("alpha: 2024-13-45\n", "line 1, column 8: no valid value (month must be in 1..12"),
    "Latin-1": ("dataset: caf\xe9\n".encode("latin-1"), "cannot be read: not UTF-8 text"),
    "UTF-16": ("alpha: 0.1\n".encode("utf-16"), "cannot be read: not UTF-8 text"),
    "a NUL": (b"alpha: 0.1\x00\n", "study.yaml: "),
    "an image": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "cannot be read: not UTF-8 text"),
    "lists without end": ("a: " + 5000 * "[", "study.yaml: maximum recursion depth exceeded"),
    "a Python object": ("alpha: !!python/object/apply:os.getcwd []\n", "could not determine a constructor for the tag"),
    "a Python name": ("alpha: !!python/name:os.system\n", "could not determine a constructor for the tag"),
    "a tag of one's own": ("alpha: !level 0.1\n", "could not determine a constructor for the tag '!level'"),
    "a key that is a list": ("? [a, b]\n: 1\n", "line 1, column 3: a key must be a word or a number"),
    "a key that is null": ("~: 1\n", "a key must be a word or a number"),
    # keys
    "an unknown key": ("colour: red\n", "`colour` is not a known key. Known: dataset, "),
    "a key misspelt": ("replicate: 3\n", "`replicate` is not a known key. Did you mean `replicates`?"),
    "a key in capitals": ("Alpha: 0.1\n", "`Alpha` is not a known key. Did you mean `alpha`?"),
    "a factor at the top": ("momentum: 0.9\n", "Did you mean `baseline.momentum` or `sweeps.momentum`?"),
    "a factor misspelt": ("baseline: {learningrate: 1}\n", "`baseline.learningrate` is not a known key. Did you mean"),
    "a sweep of seeds": ("sweeps: {seed: [1, 2]}\n", "`sweeps.seed` is not a known key."),
    "a grid of an unknown factor": ("grids: {g: {unit: [1], epochs: [1]}}\n", "`grids.g.unit` is not a known key."),
    "an unknown margin": (
        "margins: {accurcy: 0.1}\n",
        "`margins.accurcy` is not a known key. Did you mean `accuracy`?",
    ),
    "an unknown look": ("figures: {color: true}\n", "`figures.color` is not a known key. Known: dpi, show_seeds."),
    "a number as a key": ("5: 1\n", "`5` is not a known key."),
    "true as a key": ("yes: 1\n", " is not a known key. Known: dataset, "),
    # values
    "no width": ("baseline: {units: 0}\n", "`baseline.units` must be a positive integer. Received: 0"),
    "half a unit": ("baseline: {units: 2.5}\n", "`baseline.units` must be a positive integer. Received: 2.5"),
    "units as a word": ("baseline: {units: many}\n", "`baseline.units` must be a positive integer. Received: 'many'"),
    "units beyond 31 bits": ("baseline: {units: 2147483648}\n", "`baseline.units` must be a positive integer."),
    "a negative rate": (
        "baseline: {learning_rate: -1}\n",
        "`baseline.learning_rate` must be a positive finite number.",
    ),
    "an infinite rate": ("baseline: {learning_rate: .inf}\n", "must be a positive finite number. Received: inf"),
    "a rate that is no number": (
        "baseline: {learning_rate: .nan}\n",
        "must be a positive finite number. Received: nan",
    ),
    "a rate with a comma": ("baseline: {learning_rate: '0,1'}\n", "must be a positive finite number. Received: '0,1'"),
    "a tiny rate": (
        "baseline: {learning_rate: 1.0e-30}\n",
        "must be a number of at most 20 characters when written out",
    ),
    "a huge rate": (
        "sweeps: {learning_rate: [1.0e+300]}\n",
        "must be a number of at most 20 characters when written out",
    ),
    "a tiny momentum": (
        "sweeps: {momentum: [1.0e-50]}\n",
        "must be a number of at most 20 characters when written out",
    ),
    "a momentum of 1": ("baseline: {momentum: 1}\n", "`baseline.momentum` must be a number from 0 to below 1."),
    "an empty batch": ("baseline: {batch_size: 0}\n", "`baseline.batch_size` must be a positive integer."),
    "a batch beyond the data": (
        "baseline: {batch_size: 60001}\n",
        "batch_size must be at most the training set's 60000",
    ),
    "an optimizer that is none": (
        "baseline: {optimizer: lion}\n",
        "must be one of rmsprop, rmsprop_keras2, sgd, adam.",
    ),
    "momentum for adam": ("baseline: {optimizer: adam, momentum: 0.9}\n", "optimizer adam takes no momentum"),
    "no epochs": ("baseline: {epochs: 0}\n", "`baseline.epochs` must be a positive integer."),
    "a baseline of null": ("baseline:\n", "`baseline` must be a mapping. Received: None"),
    "no replicates": ("replicates: 0\n", "`replicates` must be a positive integer. Received: 0"),
    "true replicates": ("replicates: true\n", "`replicates` must be a positive integer. Received: True"),
    "more replicates than memory": ("replicates: 2000000000\n", "must have at most 1,000,000 runs"),
    "epochs without end": ("sweeps: {epochs: [5, 2000000000]}\n", "must have at most 1,000,000 runs"),
    "a grid without end": (
        f"grids: {{g: {{units: {list(range(1, 500))}, batch_size: {list(range(1, 500))}}}}}\n",
        "must have at most 1,000,000 runs (milestones of all points times `replicates`). Received: 2,490,",
    ),
    "blocks of no seeds": ("seeds_per_job: 0\n", "`seeds_per_job` must be a positive integer. Received: 0"),
    "milestones of no epochs": ("checkpoint_every: 0\n", "`checkpoint_every` must be a positive integer. Received: 0"),
    "a level of 0": ("alpha: 0\n", "`alpha` must be a number from 0.000001 to below 0.5. Received: 0"),
    "a level in per cent": ("alpha: 5 %\n", "`alpha` must be a number from 0.000001 to below 0.5. Received: '5 %'"),
    "a margin of 0": ("margins: {loss: 0}\n", "`margins.loss` must be a positive finite number. Received: 0"),
    "figures too coarse": ("figures: {dpi: 10}\n", "`figures.dpi` must be an integer from 50 to 600. Received: 10"),
    "a switch half on": ("figures: {show_seeds: maybe}\n", "`figures.show_seeds` must be true or false."),
    "states kept perhaps": ("keep_optimizer_state: perhaps\n", "`keep_optimizer_state` must be true or false."),
    # sweeps and grids
    "a sweep of one number": ("sweeps: {units: 64}\n", "`sweeps.units` must be a list of values, e.g. [512]."),
    "a sweep of nothing": ("sweeps: {units: []}\n", "`sweeps.units` must hold at least one value."),
    "a value twice": ("sweeps: {momentum: [0, 0.0]}\n", "`sweeps.momentum` must hold each value once."),
    "a value twice, spelt anew": ("sweeps: {learning_rate: [1e-3, 0.001]}\n", "both 0.001"),
    "a list in a list": ("sweeps: {units: [[64]]}\n", "`sweeps.units` must be a positive integer. Received: [64]"),
    "sweeps as a list": ("sweeps: [units]\n", "`sweeps` must be a mapping. Received: ['units']"),
    "a grid of one factor": ("grids: {g: {units: [1, 2]}}\n", "`grids.g` must map two or more factors to lists"),
    "a grid with a table's name": ("grids: {runs: {units: [1], epochs: [1]}}\n", "`grids.runs`: a grid's name must be"),
    "a grid with a path's name": ("grids: {../g: {units: [1], epochs: [1]}}\n", "`grids.../g`: a grid's name must be"),
    "a grid with momentum for adam": (
        "grids: {g: {optimizer: [sgd, adam], momentum: [0, 0.9]}}\n",
        "`grids.g`: optimizer adam takes no momentum",
    ),
    # files and folders
    "an unknown data set": ("dataset: minst\n", "`dataset` must be one of mnist, fashion_mnist, "),
    "a data set with a path's name": (
        "dataset: ../mnist\n",
        "`dataset` must be a name of at most 40 letters, digits, - and _",
    ),
    "a data set that is a number": ("dataset: 5\n", "`dataset` must be a name of at most 40 letters, digits, - and _"),
    "a folder that is not there": ("data_folder: no/such\n", "`data_folder` must be an existing folder."),
    "a folder that is a file": ("data_folder: study.yaml\n", "`data_folder` must be an existing folder."),
    "a folder without the files": ("dataset: mine\ndata_folder: .\n", "`data_folder` must hold the file train-images"),
    "a folder with too long a name": (f"data_folder: {'x' * 300}\n", "`data_folder` must be an existing folder."),
    "a folder with a NUL": ('data_folder: "a\\0b"\n', "`data_folder` must be an existing folder."),
    "a publication that is not there": ("published: none.yaml\n", "`published` must be an existing file, or null."),
    "a publication that is a folder": ("published: .\n", "`published` must be an existing file, or null."),
    "a publication with too long a name": (
        f"published: {'x' * 300}\n",
        "`published` must be an existing file, or null.",
    ),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working directory, away from the project's own configuration."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder, content):
    content = content if isinstance(content, bytes) else content.encode()
    (folder / "study.yaml").write_bytes(content)


def refused(files):
    """Return the lines with which the check refuses files; each says that it is an error."""
    with pytest.raises(SystemExit) as caught:
        check.main(files)
    lines = caught.value.code.split("\n")
    assert all(line.startswith("ERROR: ") and line == "".join(line.splitlines()) for line in lines)
    return [line.removeprefix("ERROR: ") for line in lines]


def test_the_files_are_many_and_all_different():
    assert len({content for content, _ in FILES.values()}) == len(FILES) >= 60


@pytest.mark.parametrize(("content", "problem"), FILES.values(), ids=FILES)
def test_a_bad_file_is_told_in_one_clear_line(folder, content, problem):
    write(folder, content)
    (line,) = refused(["study.yaml"])
    assert problem in line
    assert len(line) < 400
    assert [path.name for path in folder.iterdir()] == ["study.yaml"]


SNAKEMAKE = [
    *("a factor misspelt", "half a unit", "momentum for adam", "a value twice, spelt anew", "a huge rate"),
    *("more replicates than memory", "a grid with a path's name", "an unknown data set", "a folder with a NUL"),
    *("a publication that is not there",),
]


@pytest.mark.parametrize("name", SNAKEMAKE)
def test_snakemake_says_the_same_before_any_job(finished, folder, name):
    content, problem = FILES[name]
    (folder / "config.yaml").write_text(content)
    output = run_snakemake(finished[0], folder, "--dry-run", check=False)
    told = output.stdout + output.stderr
    assert output.returncode != 0
    assert "Traceback" not in told
    errors = re.findall(r"^ERROR: (.*)$", told, re.MULTILINE)
    assert len(errors) == 1
    assert problem in errors[0]
    assert not (folder / "results").exists()


@pytest.mark.parametrize("name", ["a bracket left open", "a tab", "a Python object", "UTF-16", "a list"])
def test_snakemake_refuses_what_it_cannot_read_before_any_job(finished, folder, name):
    """In its own words, without file and line: hence the check that `make` runs first."""
    content = FILES[name][0]
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
    **dict.fromkeys(Study.model_fields, VALUES),
    "baseline": st.fixed_dictionaries({}, optional={factor: v | VALUES for factor, v in SENSIBLE.items()}) | VALUES,
    "sweeps": GRID,
    "grids": st.dictionaries(st.sampled_from(["g", "both", "units"]) | st.text(max_size=5), GRID, max_size=2) | VALUES,
    "replicates": st.integers(1, 50) | VALUES,
    "seeds_per_job": st.integers(1, 50) | VALUES,
}
CONFIGS = st.fixed_dictionaries({}, optional=KEYS).flatmap(
    lambda known: st.dictionaries(st.text(max_size=8), VALUES, max_size=1).map(lambda unknown: unknown | known)
)


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
    some = st.lists(st.sampled_from(FACTORS), unique=True, max_size=3)

    def spelt(value):
        return draw(SPELLINGS)(value)

    def several(factors):
        return {
            factor: [*map(spelt, draw(st.lists(values[factor], min_size=1, max_size=3, unique=True)))]
            for factor in factors
        }

    names = draw(st.lists(st.sampled_from(["g", "shape", "both_2"]), unique=True, max_size=2))
    factors = st.lists(st.sampled_from(FACTORS), unique=True, min_size=2, max_size=3)
    config = draw(st.fixed_dictionaries({}, optional=REST))
    config["baseline"] = {factor: spelt(draw(values[factor])) for factor in draw(some)}
    config["sweeps"] = several(draw(some)) | draw(st.sampled_from([{}, {}, {"momentum": None}]))
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


def check_sound_configs(folder, examples):
    """Whatever is sound is accepted, and its plan holds every wanted point once, with all seeds, and no other.

    Returns how many had a sweep, a grid, and points that several of these share.
    """
    path = folder / "study.yaml"
    kinds = Counter()

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(sound_configs())
    def test(config):
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        study, _ = checking.check([path])
        rows = [dict(zip(planning.COLUMNS, row, strict=True)) for row in planning.plan_rows(planning.make_plan(study))]
        seeds, wishes = {}, {}
        for row in rows:
            point = tuple(number(row[factor]) for factor in FACTORS)
            block = range(row["first_seed"], row["last_seed"] + 1)
            assert 1 <= len(block) <= config.get("seeds_per_job", 10)
            seeds.setdefault(point, []).extend(block)
            wishes.setdefault(point, []).append(row["wanted_by"].split())
        assert all(found == list(range(config.get("replicates", 10))) for found in seeds.values())
        assert all(some == others[0] and len({*some}) == len(some) for others in wishes.values() for some in others)
        wanted = enumerated(config)
        assert {point: {*some[0]} for point, some in wishes.items() if some[0]} == wanted
        every = config.get("checkpoint_every", 5)
        assert seeds.keys() == {passed for point in wanted for passed in way_to(point, every)}
        kinds["sweep"] += any(config["sweeps"].values())
        kinds["grid"] += bool(config["grids"])
        kinds["shared"] += any(len(names - {"baseline"}) > 1 for names in wanted.values())

    test()
    print(dict(kinds))
    assert min(kinds[kind] for kind in ("sweep", "grid", "shared")) > examples / 20


def test_any_sound_file_is_accepted_and_its_plan_holds_every_wanted_point_once(folder):
    check_sound_configs(folder, 100)


@pytest.mark.long
def test_five_thousand_sound_files_are_accepted_and_their_plans_hold_every_wanted_point_once(folder):
    check_sound_configs(folder, 5_000)


def check_any_file(folder, examples):
    """Whatever a YAML file holds is refused in clear lines, or gives a plan whose names are safe in a path.

    A good part is sound but for a few values.
    """
    path = folder / "study.yaml"
    ends = Counter()
    nearly_sound = sound_configs().flatmap(lambda config: with_values_changed(config, VALUES))

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of(CONFIGS, VALUES, nearly_sound))
    def test(content):
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        try:
            study, problems = checking.check([path])[0], []
        except ConfigurationError as error:
            study, problems = None, error.problems
        assert bool(study) != bool(problems)
        ends["accepted" if study else "refused"] += 1
        for line in problems:
            assert [line] == line.splitlines()
            assert len(line) < 700
        if study:
            plan = planning.make_plan(study)
            for name, point in plan.points.items():
                assert re.fullmatch(r"[a-z0-9_=.,]{10,200}", name)
                assert name == canonical_name(point.model_dump())
            assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in (*study.sweeps, *study.grids))
            assert set(study.sweeps) <= set(FACTORS)
            assert len(plan.evaluated()) <= 1_000_000

    test()
    print(dict(ends))
    assert min(ends["accepted"], ends["refused"]) > examples / 20


def test_any_file_is_refused_in_clear_lines_or_gives_a_safe_plan(folder):
    check_any_file(folder, 200)


@pytest.mark.long
def test_ten_thousand_files_are_refused_in_clear_lines_or_give_a_safe_plan(folder):
    check_any_file(folder, 10_000)


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
def test_a_bad_publication_or_data_set_is_told_in_one_clear_line(folder, name, old, new, problem):
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
SHORT = {  # a few rows of every kind, read in a tenth of the time
    "published.yaml": SHIPPED["published.yaml"]
    | {
        "numbers": [
            row for row in SHIPPED["published.yaml"]["numbers"] if "units" in row["id"] or "baseline" in row["id"]
        ],
        "orderings": SHIPPED["published.yaml"]["orderings"][:3],
    },
    "datasets.yaml": {"mnist": SHIPPED["datasets.yaml"]["mnist"]},
}


def assert_publication(found, content):
    """Assert that a publication was read as it is written."""
    assert (found.dataset, found.source) == (content["dataset"], content["source"])
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
        for name in ("description", "license", "citation", "train_images_count", "test_images_count"):
            assert getattr(dataset, name) == entry[name]
        assert list(dataset.class_names) == entry["class_names"]
        expected = {key: (entry["files"][key]["name"], entry["files"][key]["sha256"].lower()) for key in dataset.files}
        assert {key: (file.name, file.sha256) for key, file in dataset.files.items()} == expected
        sources = [tuple(source.values()) for source in entry["sources"]]
        assert [
            (source.address, source.folder)[: len(values)]
            for source, values in zip(dataset.sources, sources, strict=True)
        ] == sources


YAML_READERS = {
    "published.yaml": (read_published, assert_publication),
    "datasets.yaml": (load_datasets, assert_datasets),
}


def some_edits(most):
    return st.lists(EDIT, max_size=most)


def check_any_yaml(path, sound, examples):
    """What is nearly a shipped file is read as it is written, or refused in lines that each name the file."""
    read, assert_as_written = YAML_READERS[path.name]
    ends = Counter()

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(with_values_changed(sound, VALUES, most=2), st.sampled_from([0, 0, 2]).flatmap(some_edits))
    def test(content, edits):
        path.write_bytes(edited(yaml.safe_dump(content, allow_unicode=True, sort_keys=False).encode(), edits))
        try:
            found = read(path)
        except ValueError as error:
            for line in str(error).split("\n"):
                assert re.match(rf"{re.escape(str(path))}(, line \d+, column \d+)?: ", line)
                assert [line] == line.splitlines()
                assert len(line) < 700
            ends["refused"] += 1
            return
        ends["accepted"] += 1
        if not edits:
            assert_as_written(found, content)

    test()
    print(path.name, dict(ends))
    assert min(ends["accepted"], ends["refused"]) > examples / 20


@pytest.mark.parametrize("name", SHIPPED)
def test_any_publication_and_data_set_is_read_as_written_or_refused_in_lines_that_name_the_file(folder, name):
    check_any_yaml(folder / name, SHORT[name], 200)


@pytest.mark.long
@pytest.mark.parametrize("name", SHIPPED)
def test_five_thousand_publications_and_data_sets_are_read_as_written_or_refused(folder, name):
    check_any_yaml(folder / name, SHIPPED[name], 5_000)
