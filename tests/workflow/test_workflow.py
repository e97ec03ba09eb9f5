"""The real Snakefile on small real data, from end to end."""

import csv
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import yaml

from helpers.workflow import PROJECT, copy_project, jobs_to_run, run_script, run_snakemake, write_config


def contents(folder, *names):
    """Return the bytes of all files under some folders or files of a study, by path."""
    paths = [path for name in names for path in (folder / name).rglob("*")] + [folder / name for name in names]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths if path.is_file()}


TABLES = (
    *("runs.csv", "units.csv", "units.md", "epochs.csv", "learning_rate.md", "comparisons.csv", "differences.csv"),
    *("two_way.csv", "selection.csv", "learning.csv", "trends.csv", "published.csv", "orderings.csv"),
)
RESULTS = ("results/tables", "results/figures", "results/runs", "results/report.md", "results/plan.csv")
BASELINE = {"units": 8, "learning_rate": 0.001, "momentum": 0, "batch_size": 128, "optimizer": "rmsprop", "epochs": 2}


def test_study_makes_what_the_design_promises(finished):
    results = finished[1] / "results"
    milestone = "runs/units=8,learning_rate=0.001,momentum=0,batch_size=128,optimizer=rmsprop/seeds=0-1/epochs=4"
    expected = [f"{milestone}/{name}" for name in ("state.npz", "optimizer.npz", "history.csv", "test.npz")]
    expected.append(f"{milestone}/metrics.csv")
    expected += [f"tables/{name}" for name in TABLES]
    expected += [
        f"figures/{name}.{kind}"
        for name in ("learning_curves", "units", "confusion_matrix", "most_missed", "train_and_test")
        for kind in ("svg", "png")
    ]
    expected += ["report.md", "report.html", "provenance.json", "plan.csv"]
    assert [name for name in expected if not (results / name).is_file()] == []


def test_run_again_does_nothing(finished):
    output = run_snakemake(*finished)
    assert "Nothing to be done" in output.stdout + output.stderr


def test_progress_is_told(finished, tmp_path):
    project, done = finished
    study = shutil.copytree(done, tmp_path / "study")
    output = run_snakemake(project, study, "--force", "results/tables/runs.csv")
    assert "1 of 1 steps (100%) done" in output.stdout + output.stderr
    log = next((study / "results" / "logs" / "train").rglob("*.log")).read_text()
    assert re.search(r"^seed 0 epoch 1/2: train loss [\d.]+ accuracy [\d.]+, test loss", log, re.MULTILINE)


def started(result, rule):
    """Return the messages of a rule's jobs in the order in which they started."""
    return re.findall(rf"^Job \d+: ({rule} .*)$", result.stdout + result.stderr, flags=re.MULTILINE)


STAND_IN = """import sys
from pathlib import Path

for option, path in zip(sys.argv, sys.argv[1:]):
    if option in ("--state", "--optimizer-state", "--history", "--outcomes", "--metrics", "--record"):
        Path(path).touch()
"""


def test_longest_training_starts_first(tmp_path):
    """On one core: by the work of the epochs to come, a chain by all of its links, evaluations when training is done.

    The scripts only make the files: when a job starts does not depend on what it computes.
    """
    project, study = copy_project(tmp_path / "project"), tmp_path / "study"
    for script in ("train", "evaluate"):
        (project / "scripts" / f"{script}.py").write_text(STAND_IN)
    write_config(study, {"sweeps": {}, "grids": {"size": {"units": [5, 18], "epochs": [1, 4]}}})
    result = run_snakemake(project, study, "--until", "evaluate", cores=1)
    order = [
        tuple(map(int, re.findall(r"units=(\d+).* to (\d+) epochs", line)[0])) for line in started(result, "Train")
    ]
    assert order == [(18, 2), (5, 2), (18, 4), (8, 2), (5, 4), (18, 1), (5, 1)]
    kinds = re.findall(r"^Job \d+: (Train|Evaluate) ", result.stdout + result.stderr, flags=re.MULTILINE)
    assert kinds == sorted(kinds, reverse=True)


def test_states_no_longer_needed_go_and_more_epochs_train_again(finished, tmp_path):
    """Without optimizer states the same results, nothing to do afterwards, and the same bytes for more epochs."""
    project, kept = finished
    write_config(tmp_path, {"keep_optimizer_state": False, "sweeps": {}})
    until = ("--until", "evaluate")
    run_snakemake(project, tmp_path, *until)
    assert len(list(tmp_path.rglob("state.npz"))) == 1
    assert list(tmp_path.rglob("optimizer.npz")) == []
    assert jobs_to_run(project, tmp_path, *until) == {}
    write_config(tmp_path, {"keep_optimizer_state": False, "sweeps": {"epochs": [2, 4]}})
    assert jobs_to_run(project, tmp_path, *until)["train"] == 2
    run_snakemake(project, tmp_path, *until)
    found, expected = contents(tmp_path, "results/runs"), contents(kept, "results/runs")
    assert len(list(tmp_path.rglob("state.npz"))) == 2
    assert list(tmp_path.rglob("optimizer.npz")) == []
    assert [path for path in found if found[path] != expected[path]] == []


def test_runs_table_agrees_with_the_files_it_sums_up(finished):
    study = finished[1]
    with (study / "results" / "tables" / "runs.csv").open() as file:
        runs = list(csv.DictReader(file))
    hyperparameters = ["units", "learning_rate", "momentum", "batch_size", "optimizer"]
    metrics = ["train_loss", "train_accuracy", "test_loss", "test_accuracy"]
    assert list(runs[0]) == [*hyperparameters, "epochs", "seed", *metrics]
    assert len(runs) == 4 * 2
    labels = np.load(study / "results" / "data" / "mnist-subset" / "y_test.npy")
    for run in runs:
        point = ",".join(f"{name}={run[name]}" for name in hyperparameters)
        folder = study / "results" / "runs" / point / "seeds=0-1" / f"epochs={run['epochs']}"
        with np.load(folder / "test.npz") as outcomes:
            predicted, loss = (outcomes[name][int(run["seed"])] for name in ("predicted", "loss"))
        assert float(run["test_accuracy"]) == pytest.approx(np.mean(predicted == labels))
        assert float(run["test_loss"]) == pytest.approx(loss.astype(float).mean(), rel=1e-8)
        with (folder / "history.csv").open() as file:
            last = [row for row in csv.DictReader(file) if row["seed"] == run["seed"]][-1]
        assert (last["epoch"], last["train_loss"]) == (run["epochs"], run["train_loss"])
        assert float(last["test_loss"]) == pytest.approx(float(run["test_loss"]), rel=1e-5)


def test_provenance_says_what_made_the_results(finished):
    record = json.loads((finished[1] / "results" / "provenance.json").read_text())
    assert record["packages"].keys() >= {"tensorflow", "keras", "numpy", "snakemake"}
    assert record["config"]["baseline"]["units"] == 8
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in record["data"].values())
    assert len(record["data"]) == 4
    assert record["rules"]["train"]["jobs"] == 4
    assert record["cpu"]


def test_snakemake_report_works(finished, tmp_path):
    project, study = finished
    run_snakemake(project, study, "--report", str(tmp_path / "report.html"))
    text = (tmp_path / "report.html").read_text()
    assert "Tables" in text
    assert "Figures" in text
    assert "learning curves" in text


@pytest.mark.skipif(not (PROJECT / ".venv").exists(), reason="make runs in the environment it makes")
def test_make_brings_data_and_study_up_to_date(finished, tmp_path):
    """In a copy of the project that holds the finished study: both are found complete; options are passed on."""
    project = copy_project(tmp_path / "project")
    shutil.copy(PROJECT / "Makefile", project)
    (project / ".venv").symlink_to(PROJECT / ".venv")
    for folder in ("results", ".snakemake"):
        shutil.copytree(finished[1] / folder, project / folder)
    shutil.copy(finished[1] / "config.yaml", project / "config" / "config.yaml")

    def make(*arguments):
        call = ["make", "--old-file=.venv/installed", "CORES=1", "MEMORY_MB=5000", *arguments]
        done = subprocess.run(call, cwd=project, capture_output=True, text=True, timeout=120, check=False)
        return done.returncode, done.stdout + done.stderr

    code, told = make()
    assert code == 0
    assert told.count("Nothing to be done") == 2
    assert f"The report is in {project}/results/report.html" in told.splitlines()
    assert "Write the report" in make("ARGS=--dry-run --forcerun report")[1]
    beside = project / "beside; 'us'"  # what the shell makes of a name is none of a study's business
    beside.mkdir()
    for folder in ("results", ".snakemake"):
        shutil.move(project / folder, beside / folder)
    code, told = make(f"FOLDER={beside.name}")
    assert code == 0
    assert told.count("Nothing to be done") == 2
    assert f"The report is in {beside}/results/report.html" in told.splitlines()
    assert 'CONFIG="config/config.yaml config/fashion.yaml" FOLDER=fashion' in make("-n", "fashion")[1]
    fashion = ("CONFIG=config/config.yaml config/fashion.yaml", "FOLDER=fashion", "ARGS=--dry-run")
    assert "Download fashion_mnist" in make(*fashion)[1]
    assert not (project / "fashion" / "results").exists()
    assert not (project / "results").exists()
    (project / "config" / "config.yaml").write_text("replicates: none\n")
    code, told = make()
    assert code != 0
    assert "`replicates` must be a positive integer" in told


def test_bad_config_ends_before_any_job(finished, tmp_path):
    write_config(tmp_path, {"baseline.units": 0, "sweeps.learning_rate": [], "replicate": 3})
    output = run_snakemake(finished[0], tmp_path, check=False)
    assert output.returncode != 0
    errors = [line for line in output.stderr.splitlines() if line.startswith("ERROR")]
    assert len(errors) == 3
    assert "Traceback" not in output.stderr
    assert not (tmp_path / "results").exists()


def test_unknown_point_gets_one_line(finished, tmp_path):
    write_config(tmp_path)
    point = "units=9,learning_rate=0.001,momentum=0,batch_size=128,optimizer=rmsprop"
    target = f"results/runs/{point}/seeds=0-1/epochs=2/state.npz"
    output = run_snakemake(finished[0], tmp_path, "--dry-run", "--", target, check=False)
    assert output.returncode != 0
    assert "ERROR: no sweep or grid of the config holds the point units=9," in output.stderr
    assert "Did you mean units=8," in output.stderr
    assert "Traceback" not in output.stderr


def test_altered_own_data_are_refused_by_header(finished, tmp_path):
    from helpers.workflow import SUBSET

    images = shutil.copytree(SUBSET, tmp_path / "images")
    with (images / "train-images-idx3-ubyte").open("ab") as file:
        file.write(b"x")
    write_config(tmp_path, {"data_folder": str(images)})
    output = run_snakemake(finished[0], tmp_path, "data", check=False)
    assert output.returncode != 0
    assert "train-images-idx3-ubyte" in output.stderr + output.stdout
    assert not list((tmp_path / "results").rglob("*.npy"))


def test_other_sweeps_by_config_alone(finished, tmp_path):
    """Any hyperparameter can be swept; of the sweeps that are gone nothing stays, of the user's files everything."""
    project, done = finished
    study = shutil.copytree(done, tmp_path / "study")
    posters = [study / "results" / place for place in ("figures/poster.svg", "figures/poster.png", "tables/poster.csv")]
    for path in posters:
        path.touch()
    assert (study / "results" / "tables" / "learning_rate.csv").is_file()
    write_config(study, {"sweeps": {"optimizer": ["rmsprop", "adam"], "batch_size": [100, 128]}})
    run_snakemake(project, study)
    text = (study / "results" / "report.md").read_text()
    assert "## Optimizer" in text
    assert "## Batch size" in text
    left = [path for folder in ("tables", "figures") for path in (study / "results" / folder).glob("learning_rate.*")]
    assert left == []
    assert all(path.exists() for path in posters)


def test_numbers_of_a_paper_of_ones_own_are_checked(finished, tmp_path):
    """Named in the config, in a file of one's own: an ordering alone, then with a number, then none of them."""
    project, done = finished
    study = shutil.copytree(done, tmp_path / "study")
    ordering = {"id": "wide", "statement": "16 units beat 8.", "metric": "test_loss", "source": "section 2"}
    paper = {
        "dataset": "mnist-subset",
        "source": "A paper.",
        "defaults": BASELINE,
        "numbers": [],
        "orderings": [ordering | {"winner": {"units": 16}, "loser": {}}],
    }
    number = {"id": "first", "quantity": "test_accuracy", "published": 0.5, "source": "table 1"}
    write_config(study, {"published": "paper.yaml"})
    for paper["numbers"] in ([], [number]):
        (study / "paper.yaml").write_text(yaml.safe_dump(paper), encoding="utf-8")
        run_snakemake(project, study)
        report = (study / "results" / "report.md").read_text()
        assert "1 published ordering can be checked." in report
        assert ("## The published numbers" in report) == bool(paper["numbers"])
        assert (study / "results" / "figures" / "published.svg").is_file() == bool(paper["numbers"])
    write_config(study, {"published": None})
    run_snakemake(project, study)
    assert "published" not in (study / "results" / "report.md").read_text()


def test_check_agrees_with_the_workflow(finished, tmp_path):
    write_config(tmp_path)
    output = run_script("check", ["config.yaml"], cwd=tmp_path)  # away from the project's own config/config.yaml
    assert "4 training jobs, 4 evaluations" in output.stdout


def test_a_folder_named_default_stops_no_run(tmp_path):
    """Snakemake takes it for a profile, be it a folder of the user's, a study without a config or one with its own."""
    project = copy_project(tmp_path / "project")
    write_config(project / "default")
    overlay = [str(project / "default" / "config.yaml")]
    plain = [sys.executable, "-m", "snakemake", "--cores", "1", "--dry-run"]
    make = [sys.executable, "scripts/run_study.py", *overlay, "--cores", "1", "--dry-run"]

    def run(*call):
        return subprocess.run(call, cwd=project, capture_output=True, text=True, timeout=300, check=False)

    assert run(*plain).returncode != 0
    for call in (make, [*make, "--directory", "default"], plain, [*plain, "--directory", "default"]):
        done = run(*call, *(["--configfile", *overlay] if call[:3] == plain[:3] else []))
        assert done.returncode == 0, done.stderr
    shutil.rmtree(project / "default")
    assert run(*plain, "--directory", "default").returncode != 0  # without a config, yet the folder is made
    assert run(*plain, "--configfile", "config/config.yaml").returncode == 0


def test_a_profile_that_deploys_software_changes_nothing(tmp_path):
    """Not even where there is no conda, and for whoever asks for it outright."""
    write_config(tmp_path / "study")
    (tmp_path / "config.yaml").write_text("software-deployment-method: [conda, apptainer, env-modules]\n")
    options = ("data", "--profile", str(tmp_path), "--workflow-profile", "none", "--printshellcmds")
    done = run_snakemake(PROJECT, tmp_path / "study", *options, environment={"PATH": "/usr/bin:/bin"})
    assert f"NOTE: software-deployment-method is not used: all jobs run with {sys.executable}\n" in done.stderr
    assert done.stderr.count(f" {sys.executable} ") == done.stderr.count("scripts/") == 2


MODULE = """configfile: "study.yaml"


module mnist:
    snakefile:
        "{project}/workflow/Snakefile"
    config:
        config["mnist"]
    {prefix}


use rule * from mnist as mnist_*
{more}


rule conclusion:
    input:
        rules.mnist_report.output,
        comparisons=rules.mnist_aggregate.output.comparisons,
    output:
        "conclusion.txt",
    shell:
        "grep -c accuracy {{input.comparisons}} > {{output}}"
"""


def test_the_study_as_a_module_of_another_workflow_on_one_core(finished, tmp_path):
    """Its rules under other names, its config a part of the other's, its tables the input of a rule of the other.

    On one core it makes the same bytes as by itself on two.
    """
    project, alone = finished
    within = tmp_path / "other"
    within.mkdir()
    (within / "Snakefile").write_text(MODULE.format(project=project, prefix="", more=""))
    config = yaml.safe_load((alone / "config.yaml").read_text())
    (within / "study.yaml").write_text(yaml.safe_dump({"mnist": config}))
    call = [sys.executable, "-m", "snakemake", "--cores", "1", "--directory", str(within), "conclusion"]
    done = subprocess.run(call, cwd=within, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found, expected = contents(within, *RESULTS), contents(alone, *RESULTS)
    assert found.keys() == expected.keys()
    assert [name for name in found if found[name] != expected[name]] == []
    rows = list(csv.DictReader((alone / "results/tables/comparisons.csv").open()))
    assert int((within / "conclusion.txt").read_text()) == sum(row["metric"] == "accuracy" for row in rows)


SECOND = """
module fashion:
    snakefile:
        "{project}/workflow/Snakefile"
    config:
        config["mnist"]


use rule * from fashion as fashion_*
"""


@pytest.mark.parametrize(
    ("name", "prefix", "more"),
    [
        ("mnist", 'prefix:\n        "first"', ""),
        ("mnist", 'replace_prefix:\n        {"results/tables/": "tables/"}', ""),
        ("fashion", "", SECOND.format(project=PROJECT)),
    ],
)
def test_a_second_study_or_another_place_for_its_files_is_refused_in_one_line(tmp_path, name, prefix, more):
    """Scripts, plan and config are in results/, which two studies would share."""
    (tmp_path / "Snakefile").write_text(MODULE.format(project=PROJECT, prefix=prefix, more=more))
    write_config(tmp_path)
    config = yaml.safe_load((tmp_path / "config.yaml").read_text())
    (tmp_path / "study.yaml").write_text(yaml.safe_dump({"mnist": config}))
    call = [sys.executable, "-m", "snakemake", "--cores", "1", "--dry-run", "conclusion"]
    done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode != 0
    assert [line for line in done.stderr.splitlines() if "Using" not in line] == [
        "ERROR: a workflow can use one study as a module, without prefix and replace_prefix: its files are in results/."
        f" Received: module {name}. Run a further study by itself: snakemake --directory FOLDER."
    ]
