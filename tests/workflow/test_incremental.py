"""What reruns when: the exact jobs of a dry run after one change to a finished study."""

import os
import shutil
import time

import pytest

from helpers.workflow import SUBSET, copy_project, environment_of_another, jobs_to_run, run_snakemake, write_config

TABLES = {"aggregate": 1, "check_published": 1, "plot": 1, "report": 1}
SUMMARY = {"resample": 1, **TABLES}
PLAN = {"plan": 1, **SUMMARY}  # what a change of the plan, of its questions or of an engine reruns at least
ALL_TRAINING = {"train": 4, "evaluate": 4, **PLAN}


@pytest.fixture
def study(finished, tmp_path):
    """A copy of the finished study, time stamps kept."""
    return shutil.copytree(finished[1], tmp_path / "study")


@pytest.fixture
def project(tmp_path):
    """A copy of the project that a test may edit."""
    return copy_project(tmp_path / "project")


def add_comment(project, path):
    """Add a comment to a module of the project, which must be there."""
    module = project / "scripts" / path
    module.write_text(module.read_text(encoding="utf-8") + "# a comment\n", encoding="utf-8")


CONFIG_CHANGES = {
    "nothing": ({}, {}),
    "a sweep value added": ({"sweeps.units": [8, 16, 24]}, {"describe": 1, "train": 1, "evaluate": 1, **PLAN}),
    "a sweep value removed": ({"sweeps.units": [8]}, PLAN),
    "a sweep removed": ({"sweeps.units": None}, PLAN),
    "a grid of trained points added": (
        {"grids": {"both": {"units": [8, 16], "epochs": [2]}}},
        PLAN,
    ),
    "a milestone removed": ({"sweeps.epochs": [2]}, PLAN),
    "a milestone added": ({"sweeps.epochs": [2, 4, 12]}, {"train": 4, "evaluate": 1, **PLAN}),
    "replicates doubled": ({"replicates": 4}, ALL_TRAINING),
    "replicates with a partial block": ({"replicates": 3}, ALL_TRAINING),
    "a figure option": ({"figures.dpi": 60}, {"plot": 1, "report": 1}),
    "the level of the tests": ({"alpha": 0.1}, PLAN),
    "a margin": ({"margins": {"accuracy": 0.002}}, TABLES),
    "no publication checked": ({"published": None}, {"check_published": 1, "plot": 1, "report": 1}),
    "optimizer states no longer kept": ({"keep_optimizer_state": False}, {"report": 1}),  # it shows the settings
    "the same number spelt otherwise": ({"sweeps.learning_rate": ["1e-3", "0.010"]}, {}),
    "two hyperparameters swapped": (
        {"baseline.units": 128, "baseline.batch_size": 8, "sweeps.units": [128, 16]},
        {"describe": 2, **ALL_TRAINING},
    ),
}


@pytest.mark.parametrize(("changes", "expected"), CONFIG_CHANGES.values(), ids=CONFIG_CHANGES)
def test_edit_of_the_config(finished, study, changes, expected):
    write_config(study, changes)
    assert jobs_to_run(finished[0], study) == expected


def test_edit_taken_back_runs_nothing(finished, study):
    write_config(study, {"sweeps.units": [8, 16, 24]})
    assert jobs_to_run(finished[0], study)["train"] == 1
    write_config(study)
    assert jobs_to_run(finished[0], study) == {}


# Appended to each module in turn; of the rooms, one module each at least.
CODE_EDITS = {
    "the training script": (["train.py"], ALL_TRAINING),
    "training: the networks": (["training/networks.py"], ALL_TRAINING),
    "the evaluation": (["evaluate.py"], {"evaluate": 4, **PLAN}),
    "the aggregation": (["aggregate.py"], TABLES),
    "stats: paired comparisons": (["stats/paired_verdicts.py"], TABLES),
    "tables: trends": (["tables/trends.py"], TABLES),
    "the two-way bootstrap": (["resample.py"], {"resample": 1, "report": 1}),
    "the check of published numbers": (["check_published.py"], {"check_published": 1, "plot": 1, "report": 1}),
    "published: verdicts": (["published/verdicts.py"], {"check_published": 1, "plot": 1, "report": 1}),
    "the plotting script": (["plot.py"], {"plot": 1, "report": 1}),
    "figures: axes": (["figures/axes.py"], {"plot": 1, "report": 1}),
    "files: provenance": (["files/provenance.py"], {"report": 1}),
    "writing: sentences": (["writing/sweep_sentences.py"], {"report": 1}),
    "what Snakemake and make alone import": (["running/forecast.py", "running/progress.py", "verify.py"], {}),
    "design: the config and the plan": (["design/configuration.py", "design/plan.py"], {}),
}


@pytest.mark.parametrize(("paths", "expected"), CODE_EDITS.values(), ids=CODE_EDITS)
def test_comment_added_to_code(project, study, paths, expected):
    for path in paths:
        add_comment(project, path)
    assert jobs_to_run(project, study) == expected


WORDS = {
    "a colour": ("scripts/figures/style.py", "#0072B2", "#0000FF", {"plot": 1, "report": 1}),
    "a label": (
        "scripts/design/labels.py",
        '"hidden units"',
        '"width"',
        {"check_published": 1, "plot": 1, "report": 1},
    ),
    "the report's template": ("workflow/report/report.md.j2", "network", "net", {"report": 1}),
    "the page's script": ("workflow/report/verdicts.js", "const", "let", {"report": 1}),
}


@pytest.mark.parametrize(("path", "old", "new", "expected"), WORDS.values(), ids=WORDS)
def test_word_changed(project, study, path, old, new, expected):
    text = (project / path).read_text(encoding="utf-8")
    assert old in text
    (project / path).write_text(text.replace(old, new, 1), encoding="utf-8")
    assert jobs_to_run(project, study) == expected


def test_touched_files_run_nothing(project, study):
    later = time.time() + 60
    for folder in (project, study):
        for path in folder.rglob("*"):
            if path.is_file() and ".snakemake" not in path.parts:
                os.utime(path, (later, later))
    assert jobs_to_run(project, study) == {}


def test_moved_study_runs_nothing(finished, study, tmp_path):
    moved = study.rename(tmp_path / "elsewhere")
    assert jobs_to_run(finished[0], moved) == {}


def test_copied_project_runs_nothing(project, study):
    """`project` lies elsewhere than the project that made the study."""
    assert jobs_to_run(project, study) == {}


def test_comment_in_the_code_that_fetches_data_trains_nothing(project, study):
    for path in ("download.py", "data/idx.py"):
        add_comment(project, path)
    assert jobs_to_run(project, study, "data") == {"download": 1, "preprocess": 1, "data": 1}
    run_snakemake(project, study, "data")
    assert jobs_to_run(project, study) == {}


@pytest.mark.parametrize("package", ["tensorflow", "keras", "numpy"])
def test_another_version_of_the_engine_trains_everything(finished, study, tmp_path, package):
    python = environment_of_another(tmp_path / "other", package)
    assert jobs_to_run(finished[0], study, python=python) == ALL_TRAINING


def test_own_data_count_by_content_not_by_place(finished, study, tmp_path):
    """An own data set has no listed hash, so its files' digest is a param; `make` makes the data first."""
    project = finished[0]
    folder = shutil.copytree(SUBSET, tmp_path / "images")
    write_config(study, {"data_folder": str(folder)})
    run_snakemake(project, study, "data")
    assert jobs_to_run(project, study) == {"report": 1}  # its provenance names the folder
    labels = folder / "train-labels-idx1-ubyte"
    content = bytearray(labels.read_bytes())
    content[-1] = (content[-1] + 1) % 10
    labels.write_bytes(content)
    run_snakemake(project, study, "data")
    assert jobs_to_run(project, study)["train"] == 4


# Rule -> one file of each of several jobs; what depends on them runs too.
MISSING = {
    "download": ["data/*/raw/t10k-labels-idx1-ubyte"],
    "preprocess": ["data/*/x_test.npy"],
    "train": [
        "runs/units=8,learning_rate=0.001,*/*/epochs=2/state.npz",  # on the way to a longer training
        "runs/units=8,learning_rate=0.001,*/*/epochs=4/train.json",
        "runs/units=8,learning_rate=0.01,*/*/epochs=2/history.csv",
        "runs/units=16,*/*/epochs=2/optimizer.npz",
    ],
    "evaluate": ["runs/units=16,*/*/epochs=2/test.npz", "runs/units=8,learning_rate=0.01,*/*/epochs=2/metrics.csv"],
    "aggregate": ["tables/units.csv"],
    "plot": ["figures/units.png"],
}


@pytest.mark.parametrize(("rule", "patterns"), MISSING.items(), ids=MISSING)
def test_a_missing_file_is_made_again(finished, study, rule, patterns):
    """Also while all that was made from it is there: what an error tells to delete must come back."""
    for pattern in patterns:
        (path,) = (study / "results").glob(pattern)
        path.unlink()
    assert jobs_to_run(finished[0], study)[rule] == len(patterns)


def test_time_stamps_alone_do_not_decide_whatever_a_profile_says(finished, study, tmp_path):
    """Else an edited level would give a report of the new one over tables of the old."""
    (tmp_path / "profile").mkdir()
    (tmp_path / "profile" / "config.yaml").write_text("rerun-triggers: mtime\n")
    write_config(study, {"alpha": 0.1})
    assert jobs_to_run(finished[0], study, environment={"SNAKEMAKE_PROFILE": str(tmp_path / "profile")}) == PLAN
