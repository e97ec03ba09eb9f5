"""What all rules share: the checked config and its plan, the paths of files, how a script is called.

wildcards: `dataset` a data set's name; one for each hyperparameter, which together make a point's canonical name, looked
up in the plan and never parsed; `first`, `last` the block's first and last seed; `epochs` the number of epochs trained.
"""

import difflib
import functools
import hashlib
import json
import os
import shlex
import site
import sys
from pathlib import Path

# Packages of another Python, named by PYTHONPATH or in the user's home, come after those of the environment here, and
# no job sees them. Of the caller's settings for Python only those on bytecode stay.
OTHER_PACKAGES = {os.path.abspath(path) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path}
sys.path.sort(key=(OTHER_PACKAGES | {site.getusersitepackages()}).__contains__)
for name in [name for name in os.environ if name.startswith("PYTHON")]:
    if name not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"):
        del os.environ[name]
os.environ.update(PYTHONNOUSERSITE="1")

SCRIPTS = PROJECT / "scripts"
DATASETS_FILE = PROJECT / "config" / "datasets.yaml"
sys.path.insert(0, str(SCRIPTS))

from data import datasets as data_sets
from data.data_folder import find_data_folder, image_counts, own_arrays, raw_copies
from design import configuration
from design.hyperparameters import point_of
from design.network_file import network_reader
from design.places import Places
from design.point_names import canonical_name
from design.plan import Link, make_plan, plan_text, study_text
from figures.catalogue import figure_names
from files.arithmetic import arithmetic
from files.atomic import atomic_path
from files.code_digest import code_digest, engine, files_digest
from files.outdated import remove_outdated
from files.records import Record, RecordError
from published.publication import publication_file, publications
from running import cost, guard

PLACES = Places(Path.cwd(), PROJECT)
read_publication = functools.cache(publications(PLACES))
count_images = image_counts(DATASETS_FILE, PLACES)

try:
    CONFIG, notes = configuration.validate(config, count_images, read_publication, network_reader(PLACES))
except configuration.ConfigurationError as error:
    sys.exit("\n".join(f"ERROR: {problem}" for problem in error.problems))
if workflow.is_main_process:
    for note in notes:
        print(f"NOTE: {note}", file=sys.stderr)

# Every job runs with the Python that runs Snakemake. A profile may set software-deployment-method for all workflows: then
# the rules name no environment to be made, and without other rules Snakemake need not look for conda. Else they name
# ours, for `--lint` and for reports.
ENVIRONMENT = str(PROJECT / "environment.yml")
if workflow.deployment_settings.deployment_method:
    ENVIRONMENT = None
    if MODULE is None:
        workflow.deployment_settings.deployment_method = frozenset()
        if workflow.is_main_process:
            print(f"NOTE: software-deployment-method is not used: all jobs run with {sys.executable}", file=sys.stderr)

PLAN = make_plan(CONFIG)
DATASETS = data_sets.load_datasets(DATASETS_FILE)
DATASET = DATASETS.get(CONFIG.dataset)  # None for a data set of the user's own
DATA_FOLDER = find_data_folder(CONFIG.data_folder, PLACES) if CONFIG.data_folder else None
CLASS_NAMES = CONFIG.class_names or (DATASET.class_names if DATASET else None)  # None: the labels themselves
IMAGES = count_images(CONFIG.dataset, CONFIG.data_folder)
OWN_FILES = {} if DATASET else raw_copies(own_arrays(DATA_FOLDER))  # by their names among the raw files
RAW_FILES = [*(OWN_FILES or data_sets.FILES.values())]
TRAINED_BY, EVALUATED_BY = engine(SCRIPTS / "train.py"), engine(SCRIPTS / "evaluate.py")
CONFIG_TEXT = f"{CONFIG.model_dump_json(indent=2)}\n"
STUDY_FILES = {
    Path("results/config.json"): CONFIG_TEXT.encode(),
    Path("results/network.py"): CONFIG.network_file.content,
}
PLAN_FILES = {
    Path("results/plan.csv"): plan_text(PLAN),
    Path("results/study.json"): study_text(CONFIG, TRAINED_BY, EVALUATED_BY),
}

# A wildcard for each hyperparameter: Snakemake splits wildcards at commas when it sends a job to a cluster
# (snakemake/snakemake#2366), so that no wildcard may hold the whole name.
HYPERPARAMETERS = point_of(CONFIG.factors)
POINT = ",".join(f"{name}={{{name}}}" for name in HYPERPARAMETERS)
LINK = f"{POINT}/seeds={{first}}-{{last}}/epochs={{epochs}}"
MILESTONE = f"results/runs/{LINK}"
NETWORK_SHA256 = CONFIG.network_file.sha256
NETWORKS = cost.networks_folder(NETWORK_SHA256, IMAGES.shape)
NETWORK = ",".join(f"{name}={{{name}}}" for name in cost.described_by(HYPERPARAMETERS))
DESCRIPTION = f"{NETWORKS}/{NETWORK}.json"
DESCRIBED = {canonical_name(cost.described_by(point)): point for point in PLAN.points.values()}


wildcard_constraints:
    **{name: r"[^/,]+" for name in HYPERPARAMETERS},
    dataset=r"[A-Za-z0-9][A-Za-z0-9_-]*",
    first=r"\d+",
    last=r"\d+",
    epochs=r"\d+",


def command(script):
    """Return a param that calls a script. Its argument `input` keeps it out of the rerun triggers: a path moves.

    No setting of the caller's may reach a number: OpenBLAS adds in another order with more threads, or when told of
    another processor. Text is UTF-8, figures are drawn without a screen.
    """
    environment = (
        "env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE -u NPY_DISABLE_CPU_FEATURES -u NPY_ENABLE_CPU_FEATURES"
        " -u ONEDNN_MAX_CPU_ISA -u DNNL_MAX_CPU_ISA -u TF_ENABLE_ONEDNN_OPTS"
        " OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 PYTHONHASHSEED=0 PYTHONUTF8=1 MPLBACKEND=agg"
    )
    call = f"{environment} {shlex.quote(sys.executable)} {shlex.quote(str(SCRIPTS / script))}.py"
    return lambda wildcards, input: call


def code(script):
    """Return a param that changes when the script, or a module it imports, does."""
    return f"{script}.py and its imports: {code_digest(SCRIPTS / f'{script}.py')}"


def digest(what, *texts):
    """Return a param that changes when one of some texts does."""
    return f"{what}: {hashlib.sha256(''.join(texts).encode()).hexdigest()}"


def known_point(wildcards):
    """Return a point's value of each hyperparameter, looked up in the plan; ends with one line where the config holds no such."""
    name = POINT.format(**wildcards)
    if name not in PLAN.points:
        near = difflib.get_close_matches(name, PLAN.points, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        sys.exit(f"ERROR: no sweep or grid of the config holds the point {name}.{hint}")
    return PLAN.points[name]


def network_arguments(wildcards, input):
    """Return the arguments that name network and point; a param that no edit changes, other than those beside it."""
    values = json.dumps(known_point(wildcards))
    return f"--network results/network.py --network-sha256 {NETWORK_SHA256} --point {shlex.quote(values)}"


def link(wildcards):
    """Return what a job of a run is of: its point, block of seeds and milestone."""
    seeds = int(wildcards.first), int(wildcards.last)
    return Link(canonical_name(known_point(wildcards)), *seeds, int(wildcards.epochs))


def training_seconds(wildcards, epochs):
    """Return the CPU seconds of training a point, by the description of its network."""
    return cost.training_seconds(known_point(wildcards), epochs, IMAGES.train, IMAGES.test, NETWORKS)


def described(wildcards):
    """Return the description of a point's network."""
    return cost.described(known_point(wildcards), NETWORKS)


def description_of(point):
    """Return the path of the description of a point's network."""
    return f"{NETWORKS}/{canonical_name(cost.described_by(point))}.json"


def point_described(wildcards, input):
    """Return, as JSON, a point by which a network is described; a param that no edit changes.

    The optimizer is always the same: weights of a network do not depend on it, and its time hardly does.
    """
    name = NETWORK.format(**wildcards)
    if name not in DESCRIBED:
        sys.exit(f"ERROR: no sweep or grid of the config holds the network {name}.")
    return shlex.quote(json.dumps(DESCRIBED[name] | cost.OPTIMIZER))


def files(links, *names):
    """Return the paths of some files of several links."""
    return [f"{link.folder}/{name}" for link in links for name in names]


def data_files(*names):
    """Return the paths of some arrays of the data set, and of their record."""
    return [f"results/data/{CONFIG.dataset}/{name}" for name in (*names, "preprocess.json")]


def begin_run(wildcards=None, has_snakemake_lock=False):
    """Hold the folder, clear up after runs that were killed or had other sweeps, write what the rules read; a real run only.

    The plan has it as its input function, though it names no file. Between reading the Snakefile and looking at files
    Snakemake calls nothing but such functions, and time stamps must be corrected before it looks. onstart calls it for
    targets that need no plan.
    """
    if workflow.executor_plugin and not workflow.dryrun and workflow.is_main_process:
        guard.begin(Path(), has_snakemake_lock=has_snakemake_lock)
        for path, content in STUDY_FILES.items():
            if not path.exists() or path.read_bytes() != content:
                with atomic_path(path) as temporary:
                    temporary.write_bytes(content)
        for path, text in PLAN_FILES.items():  # after --touch Snakemake takes those of another code for ours
            if not workflow.touch and path.exists() and path.read_bytes() != text.encode():
                path.unlink()
        for outputs in (rules.aggregate.output, rules.plot.output):
            remove_outdated(Path(outputs.record), [Path(path).name for path in outputs])
    return []


def study_files():
    """Return every file of the runs that is to stay: one that is missing is made again."""
    kept = ["state.npz", "history.csv", "train.json", *(["optimizer.npz"] if CONFIG.keep_optimizer_state else [])]
    return [*files(PLAN.trained(), *kept), *files(PLAN.evaluated(), "test.npz", "metrics.csv", "evaluate.json")]


def refuse_other_arithmetic():
    """End the run before it trains if trainings that stay come from a machine of another arithmetic.

    A cluster's nodes need not be like the machine of Snakemake itself: there the tables refuse a mixture.
    """
    jobs = [job for job in workflow.dag.needrun_jobs() if job.rule.name == "train"]
    if not jobs or workflow.touch or not workflow.local_exec or CONFIG.mixed_arithmetic:
        return
    made_here = {output for job in jobs for output in job.output}
    kept = [Path(path) for path in files(PLAN.trained(), "train.json") if path not in made_here]
    try:
        labels = [Record(path).label for path in kept if path.exists()]
    except RecordError as error:
        sys.exit(f"ERROR: {error}")
    found = sorted({label["arithmetic"] for label in labels if label["engine"] == TRAINED_BY} - {arithmetic()})
    if found:
        sys.exit(
            f"ERROR: this study was trained with the arithmetic {'; '.join(found)}. Received: a machine with "
            f"{arithmetic()}, whose bits differ. To go on all the same, set `mixed_arithmetic: true` in the config."
        )
