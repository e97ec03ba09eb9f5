"""From the config to targets: everything the rules ask that is not a rule.

wildcards: `dataset` a data set's name; `point` a point's canonical name, looked up in the plan and never parsed;
`first`, `last` the block's first and last seed; `epochs` the number of epochs trained.
"""

import difflib
import shlex
import sys
from importlib.metadata import version
from pathlib import Path

PROJECT = Path(str(workflow.current_basedir)).resolve().parents[1]
SCRIPTS = PROJECT / "scripts"
DATASETS_FILE = PROJECT / "config" / "datasets.yaml"
PUBLISHED_FILE = PROJECT / "config" / "published.yaml"
TEMPLATES = PROJECT / "workflow" / "report"
sys.path.insert(0, str(SCRIPTS))

import configuration
import cost
import datasets as data_sets
import plan as planning
import yaml_files
from canonical import canonical_value
from code_digest import code_digest, files_digest
from own_data import own_files, training_images

try:
    STUDY, notes = configuration.validate(config, training_images(DATASETS_FILE))
except configuration.ConfigurationError as error:
    sys.exit("\n".join(f"ERROR: {problem}" for problem in error.problems))
if workflow.is_main_process:
    for note in notes:
        print(f"NOTE: {note}", file=sys.stderr)

PLAN = planning.make_plan(STUDY)
planning.write_plan(PLAN, "results/plan.csv")
planning.write_if_changed("results/config.json", STUDY.model_dump_json(indent=2) + "\n")

RAW = "results/data/{dataset}/raw"
ARRAYS = "results/data/{dataset}/{array}.npy"
ARRAY_NAMES = ["x_train", "y_train", "x_test", "y_test"]
MILESTONE = "results/runs/{point}/seeds={first}-{last}/epochs={epochs}"
SUMMARIES = [*STUDY.sweeps, *STUDY.grids]
ENGINE = ", ".join(f"{package} {version(package)}" for package in ("tensorflow", "keras", "numpy"))
# With --software-deployment-method the job's own environment provides python, else the one that runs Snakemake.
PYTHON = "python" if workflow.deployment_settings.deployment_method else sys.executable


wildcard_constraints:
    dataset=r"[A-Za-z0-9][A-Za-z0-9_-]*",
    point=r"[^/]+",
    first=r"\d+",
    last=r"\d+",
    epochs=r"\d+",


def command(script):
    """Return a param that calls a script. Its argument `input` keeps it out of the rerun triggers: a path moves."""
    call = f"{shlex.quote(PYTHON)} {shlex.quote(str(SCRIPTS / script))}.py"
    return lambda wildcards, input: call


def code(script):
    """Return a param that changes when the script, or a helper module it imports, does."""
    return f"{script}.py and its imports: {code_digest(SCRIPTS / f'{script}.py')}"


def known_point(wildcards):
    """Return a point's hyperparameters, looked up in the plan; ends with one line where the config holds no such."""
    point = PLAN.points.get(wildcards.point)
    if point is None:
        near = difflib.get_close_matches(wildcards.point, PLAN.points, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        sys.exit(f"ERROR: no sweep or grid of the config holds the point {wildcards.point}.{hint}")
    return point


def hyperparameters(wildcards):
    """Return a point's command-line arguments: one string with names, since params are compared without theirs."""
    values = known_point(wildcards).model_dump()
    return " ".join(f"--{name.replace('_', '-')} {canonical_value(value)}" for name, value in values.items())


def start_epochs(wildcards):
    """Return the milestone from which this link starts; 0 means fresh weights."""
    return planning.previous_milestone(int(wildcards.epochs), STUDY.checkpoint_every)


def previous_state(wildcards):
    """Return the files from which this link starts: state and optimizer state, or none."""
    known_point(wildcards)
    start = start_epochs(wildcards)
    milestone = MILESTONE.format(**{**wildcards, "epochs": start})
    return [f"{milestone}/{name}.npz" for name in ("state", "optimizer")] if start else []


def kept_if(condition, path):
    """Return an output that stays, or one that goes once no job of the run needs it."""
    return path if condition else temp(path)


def training_still_to_do(wildcards):
    """Return a link's priority: the longest rest of a chain starts first, so that no core waits for it at the end."""
    units, end = known_point(wildcards).units, int(wildcards.epochs)
    chains = [planning.chain(milestone, STUDY.checkpoint_every) for milestone in PLAN.wanted[wildcards.point]]
    last = max((links[-1] for links in chains if end in links), default=end)
    return round(cost.epoch_operations(units, images=1) / 1000) * (last - start_epochs(wildcards))


def training_memory(wildcards):
    """Return what a training job takes at most, in MB."""
    return cost.training_memory_mb(known_point(wildcards).units)


def milestone_files(name, wanted=lambda point, epochs: True):
    """Return the paths of one file of every evaluated milestone."""
    return [
        f"{MILESTONE.format(point=point, epochs=epochs, first=first, last=last)}/{name}"
        for point, epochs, first, last in PLAN.evaluated()
        if wanted(point, epochs)
    ]


def is_baseline(point, epochs):
    """Whether a milestone is the baseline's own."""
    return point == STUDY.baseline.point.name and epochs == STUDY.baseline.epochs


def baseline_histories():
    """Return the histories of the baseline's whole chain, for the learning curves."""
    point = STUDY.baseline.point.name
    return [
        f"{MILESTONE.format(point=point, epochs=epochs, first=first, last=last)}/history.csv"
        for epochs in PLAN.wanted[point]
        for first, last in PLAN.blocks
    ]


def own_data_files(wildcards):
    """Return the local files of a data set that has no entry, whose content nothing else vouches for."""
    if wildcards.dataset in data_sets.load_datasets(DATASETS_FILE) or STUDY.data_folder is None:
        return []
    return own_files(STUDY.data_folder)


def expected_hashes(wildcards):
    """Return a param that changes when other bytes are asked for: the files' hashes, or that none are known."""
    known = data_sets.load_datasets(DATASETS_FILE).get(wildcards.dataset)
    if known is None:
        return f"own data set {wildcards.dataset}"
    return "; ".join(f"{key} sha256 {file.sha256}" for key, file in known.files.items())


def local_folder_argument():
    """Return the argument that names the local folder, if the config gives one."""
    return f"--local-folder {shlex.quote(STUDY.data_folder)}" if STUDY.data_folder else ""


def class_names():
    """Return the names of the data set's classes; an own data set has the digits."""
    known = data_sets.load_datasets(DATASETS_FILE).get(STUDY.dataset)
    return known.class_names if known else [str(digit) for digit in range(10)]


def study_arguments():
    """Return the arguments of every summarising script: baseline, sweeps and grids, level."""
    baseline = [f"{name}={canonical_value(value)}" for name, value in STUDY.baseline.model_dump().items()]
    summaries = [f"{factor}={factor}" for factor in STUDY.sweeps]
    summaries += [f"{name}={','.join(factors)}" for name, factors in STUDY.grids.items()]
    return shlex.join(["--baseline", *baseline, "--alpha", f"{STUDY.alpha}", "--summaries", *summaries])


def margin_arguments():
    """Return the arguments that name the practical margins."""
    return f"--margin-accuracy {STUDY.margins.accuracy} --margin-loss {STUDY.margins.loss}"


def figure_arguments():
    """Return the arguments that say how figures look."""
    options = STUDY.figures
    return shlex.join(
        ["--dpi", f"{options.dpi}", "--show-seeds", f"{options.show_seeds}".lower(), "--class-names", *class_names()]
    )


def about_arguments():
    """Return the arguments that say what the report is about."""
    return shlex.join(["--dataset", STUDY.dataset])


VARIED = {*STUDY.sweeps, *(factor for factors in STUDY.grids.values() for factor in factors)}
FIGURES = ["learning_curves", "confusion_matrix", "most_missed", *SUMMARIES]
if STUDY.sweeps:
    FIGURES.append("train_and_test")
if SUMMARIES:
    FIGURES.append("forest")
if {"learning_rate", "momentum"} <= VARIED:
    FIGURES.append("effective_rate")
if yaml_files.read(PUBLISHED_FILE).get("dataset") == STUDY.dataset:
    FIGURES.append("published")
