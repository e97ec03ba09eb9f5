"""From the config to targets: everything the rules ask that is not a rule.

wildcards: `dataset` a data set's name; one for each hyperparameter, which together make a point's canonical name, looked
up in the plan and never parsed; `first`, `last` the block's first and last seed; `epochs` the number of epochs trained.
"""

import difflib
import functools
import json
import shlex
import sys
from pathlib import Path

PROJECT = Path(str(workflow.current_basedir)).resolve().parents[1]
SCRIPTS = PROJECT / "scripts"
DATASETS_FILE = PROJECT / "config" / "datasets.yaml"
TEMPLATES = PROJECT / "workflow" / "report"
sys.path.insert(0, str(SCRIPTS))
if set(str(PROJECT)) & {"{", "}"}:
    sys.exit(f"ERROR: Snakemake cannot work under a path with {{ or }}. Received: {PROJECT}. Move the project.")

from data import datasets as data_sets
from data.data_folder import idx_files, training_images
from design import configuration
from design import plan as planning
from design.canonical import HYPERPARAMETERS, canonical_value
from files.code_digest import code_digest, engine, files_digest
from published.publication import publication_file, publications
from running import disk, leftovers, one_run, time_stamps
from training import cost

read_publication = functools.cache(publications(PROJECT))

count_images = training_images(DATASETS_FILE)

try:
    CONFIG, notes = configuration.validate(config, count_images, read_publication)
except configuration.ConfigurationError as error:
    sys.exit("\n".join(f"ERROR: {problem}" for problem in error.problems))
if workflow.is_main_process:
    for note in notes:
        print(f"NOTE: {note}", file=sys.stderr)

PUBLISHED_FILE = publication_file(CONFIG.published, PROJECT)
PUBLICATION = read_publication(CONFIG.published)
PLAN = planning.make_plan(CONFIG)
IMAGES = count_images(CONFIG.dataset, CONFIG.data_folder)
TEST_IMAGES = max(cost.TEST_IMAGES, IMAGES // cost.TEST_SHARE)

RAW = "results/data/{dataset}/raw"
ARRAYS = "results/data/{dataset}/{array}.npy"
ARRAY_NAMES = ["x_train", "y_train", "x_test", "y_test"]
DATA_FOLDER = f"results/data/{CONFIG.dataset}"
# A wildcard for each hyperparameter: Snakemake splits wildcards at commas when it sends a job to a cluster
# (snakemake/snakemake#2366), so that no wildcard may hold the whole name.
POINT = ",".join(f"{name}={{{name}}}" for name in HYPERPARAMETERS)
LINK = f"{POINT}/seeds={{first}}-{{last}}/epochs={{epochs}}"
MILESTONE = f"results/runs/{LINK}"
SUMMARIES = [*CONFIG.sweeps, *CONFIG.grids]
TRAINED_BY, EVALUATED_BY = engine(SCRIPTS / "train.py"), engine(SCRIPTS / "evaluate.py")
# With --software-deployment-method the job's own environment provides python, else the one that runs Snakemake.
PYTHON = "python" if workflow.deployment_settings.deployment_method else sys.executable


wildcard_constraints:
    **{name: r"[^/,]+" for name in HYPERPARAMETERS},
    dataset=r"[A-Za-z0-9][A-Za-z0-9_-]*",
    first=r"\d+",
    last=r"\d+",
    epochs=r"\d+",


def command(script):
    """Return a param that calls a script. Its argument `input` keeps it out of the rerun triggers: a path moves.

    No setting of the caller's may reach a number: OpenBLAS adds in another order with more threads, or when told of
    another processor. Text is UTF-8, modules lie beside their script, figures are drawn without a screen.
    """
    environment = (
        "env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE -u PYTHONSAFEPATH"
        " OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 PYTHONUTF8=1 MPLBACKEND=agg"
    )
    call = f"{environment} {shlex.quote(PYTHON)} {shlex.quote(str(SCRIPTS / script))}.py"
    return lambda wildcards, input: call


def code(script):
    """Return a param that changes when the script, or a helper module it imports, does."""
    return f"{script}.py and its imports: {code_digest(SCRIPTS / f'{script}.py')}"


def known_point(wildcards):
    """Return a point's hyperparameters, looked up in the plan; ends with one line where the config holds no such."""
    name = POINT.format(**wildcards)
    if name not in PLAN.points:
        near = difflib.get_close_matches(name, PLAN.points, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        sys.exit(f"ERROR: no sweep or grid of the config holds the point {name}.{hint}")
    return PLAN.points[name]


def hyperparameters(wildcards):
    """Return a point's command-line arguments: one string with names, since params are compared without theirs."""
    values = known_point(wildcards).model_dump()
    return " ".join(f"--{name.replace('_', '-')} {canonical_value(value)}" for name, value in values.items())


def start_epochs(wildcards):
    """Return the milestone from which this link starts; 0 means fresh weights."""
    return planning.previous_milestone(int(wildcards.epochs), CONFIG.checkpoint_every)


def previous(*names):
    """Return the function that gives files of the milestone from which a link starts; none for the first."""

    def files(wildcards):
        known_point(wildcards)
        start = start_epochs(wildcards)
        folder = MILESTONE.format(**{**wildcards, "epochs": start})
        return [f"{folder}/{name}" for name in names] if start else []

    return files


def kept_if(condition, path):
    """Return an output that stays, or one that goes once no job of the run needs it."""
    return path if condition else temp(path)


def training_still_to_do(wildcards):
    """Return a link's priority: the longest rest of a chain starts first, so that no core waits for it at the end."""
    point, end = known_point(wildcards), int(wildcards.epochs)
    chains = [planning.chain(milestone, CONFIG.checkpoint_every) for milestone in PLAN.wanted[point.name]]
    last = max((links[-1] for links in chains if end in links), default=end)
    return round(cost.epoch_operations(point.units, images=1) / 1000) * (last - start_epochs(wildcards))


def training_memory(wildcards, attempt):
    """Return what a training job takes at most, in MB; more for each retry, in case this machine takes more."""
    return attempt * cost.training_memory_mb(known_point(wildcards).units, IMAGES)


def training_runtime(wildcards, attempt):
    """Return the time limit of a training job in minutes; more for each retry."""
    epochs = int(wildcards.epochs) - start_epochs(wildcards)
    seeds = int(wildcards.last) - int(wildcards.first) + 1
    return attempt * cost.training_runtime_minutes(known_point(wildcards).units, epochs, seeds, IMAGES, TEST_IMAGES)


def evaluation_memory(wildcards, attempt):
    """Return what an evaluation takes at most, in MB; more for each retry."""
    return attempt * cost.evaluation_memory_mb(known_point(wildcards).units, TEST_IMAGES)


def milestone_files(*names, wanted=lambda point, epochs: True):
    """Return the paths of some files of every evaluated milestone."""
    return [
        f"{milestone(point, epochs, first, last)}/{name}"
        for point, epochs, first, last in PLAN.evaluated()
        if wanted(point, epochs)
        for name in names
    ]


def milestone(point, epochs, first, last):
    """Return the folder of a milestone; `point` is its name."""
    return f"results/runs/{point}/seeds={first}-{last}/epochs={epochs}"


def study_files():
    """Return every file of the data and of all runs that is to stay: one that is missing is made again."""
    kept = ["state.npz", "history.csv", "train.json"]
    if CONFIG.keep_optimizer_state:
        kept.append("optimizer.npz")
    links = [
        f"{milestone(point, epochs, first, last)}/{name}"
        for point, milestones in PLAN.wanted.items()
        for epochs in milestones
        for first, last in PLAN.blocks
        for name in kept
    ]
    return [*links, *milestone_files("test.npz", "metrics.csv", "evaluate.json")]


def is_baseline(point, epochs):
    """Whether a milestone is the baseline's own."""
    return point == CONFIG.baseline.point.name and epochs == CONFIG.baseline.epochs


def baseline_chain(*names):
    """Return the paths of some files of the baseline's whole chain, for the learning curves."""
    point = CONFIG.baseline.point.name
    return [
        f"{milestone(point, epochs, first, last)}/{name}"
        for epochs in PLAN.wanted[point]
        for first, last in PLAN.blocks
        for name in names
    ]


def own_data_files(wildcards):
    """Return the local files of a data set that has no entry, whose content nothing else vouches for."""
    if wildcards.dataset in data_sets.load_datasets(DATASETS_FILE) or CONFIG.data_folder is None:
        return []
    return idx_files(CONFIG.data_folder)


def expected_hashes(wildcards):
    """Return a param that changes when other bytes are asked for, also where their files look older than the results."""
    known = data_sets.load_datasets(DATASETS_FILE).get(wildcards.dataset)
    if known is None:
        return f"own data set {wildcards.dataset}: {files_digest([Path(path) for path in own_data_files(wildcards)])}"
    return "; ".join(f"{key} sha256 {file.sha256}" for key, file in known.files.items())


def data_files(*names):
    """Return the paths of some arrays of the data set, and of their record."""
    return [f"{DATA_FOLDER}/{name}" for name in (*names, "preprocess.json")]


def local_folder_argument():
    """Return the argument that names the local folder, if the config gives one."""
    return f"--local-folder={shlex.quote(CONFIG.data_folder)}" if CONFIG.data_folder else ""


def class_names():
    """Return the names of the data set's classes; an own data set has their numbers."""
    known = data_sets.load_datasets(DATASETS_FILE).get(CONFIG.dataset)
    return known.class_names if known else [str(number) for number in range(10)]


def study_arguments():
    """Return the arguments of every summarising script: baseline, sweeps and grids, level, what the runs are made of."""
    baseline = [f"{name}={canonical_value(value)}" for name, value in CONFIG.baseline.model_dump().items()]
    summaries = [f"{factor}={factor}" for factor in CONFIG.sweeps]
    summaries += [f"{name}={','.join(factors)}" for name, factors in CONFIG.grids.items()]
    origin = ["--data-folder", DATA_FOLDER, "--trained-by", TRAINED_BY, "--evaluated-by", EVALUATED_BY]
    return shlex.join(["--baseline", *baseline, "--alpha", f"{CONFIG.alpha}", *origin, "--summaries", *summaries])


def margin_arguments():
    """Return the arguments that name the practical margins."""
    return f"--margin-accuracy {CONFIG.margins.accuracy} --margin-loss {CONFIG.margins.loss}"


def published_argument():
    """Return the argument that names the publication's file, if the config gives one."""
    return f"--published={shlex.quote(str(PUBLISHED_FILE))}" if PUBLISHED_FILE else ""


def published_content():
    """Return a param that changes when the publication's file has another content, or there is none."""
    return f"published: {files_digest([PUBLISHED_FILE]) if PUBLISHED_FILE else None}"


def figure_arguments():
    """Return the arguments that say how figures look."""
    options = CONFIG.figures
    names = json.dumps(class_names(), ensure_ascii=False)
    return shlex.join(
        ["--dpi", f"{options.dpi}", "--show-seeds", f"{options.show_seeds}".lower(), "--class-names", names]
    )


def about_arguments():
    """Return the arguments that say what the report is about."""
    return shlex.join(["--dataset", CONFIG.dataset])


def write_plan():
    """Write the plan and the config that scripts read, unless a run is at work that goes by its own.

    A dry run or a second run reads the Snakefile too, perhaps after an edit of the config.
    """
    if not one_run.held_by_another(Path()):
        planning.write_plan(PLAN, "results/plan.csv")
        planning.write_if_changed("results/config.json", CONFIG.model_dump_json(indent=2) + "\n")


def mend_time_stamps():
    """See to it that time stamps tell the truth, unless a run is at work."""
    if one_run.held_by_another(Path()):
        return
    time_stamps.out_of_the_future(Path("results"))
    if time_stamps.record_is_gone(Path()):
        time_stamps.make_all_stale(Path())
        print(f"NOTE: {time_stamps.RECORD_IS_GONE}", file=sys.stderr)


def begin_run():
    """Hold the working directory, if `make` does not do so already; the plan is then surely ours."""
    leftovers.begin(Path())
    write_plan()


VARIED = {*CONFIG.sweeps, *(factor for factors in CONFIG.grids.values() for factor in factors)}
FIGURES = ["learning_curves", "confusion_matrix", "most_missed", *SUMMARIES]
if CONFIG.sweeps:
    FIGURES.append("train_and_test")
if SUMMARIES:
    FIGURES.append("forest")
if {"learning_rate", "momentum"} <= VARIED:
    FIGURES.append("effective_rate")
if PUBLICATION and PUBLICATION.dataset == CONFIG.dataset and PUBLICATION.numbers:
    FIGURES.append("published")

if workflow.is_main_process:
    disk.require_room(Path())
    mend_time_stamps()
    write_plan()
