"""The project as its users run it: a copy of it, a small study's config, its scripts and Snakemake's command line."""

import copy
import itertools
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
SUBSET = PROJECT / "tests" / "fixtures" / "mnist-subset"


def run_script(name, arguments, check=True, cwd=None):
    """Run a script of the project in a process of its own."""
    call = [sys.executable, str(PROJECT / "scripts" / f"{name}.py"), *arguments]
    return subprocess.run(call, capture_output=True, text=True, check=check, timeout=300, cwd=cwd)


def lend_environment(project):
    """Give a copy of the project the environment of this one, so that `make` finds it whole and in its place."""
    lent = project / ".venv"
    lent.mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (lent / name).symlink_to(PROJECT / ".venv" / name)
    shutil.copy(project / "requirements.lock", lent / "installed")
    (lent / "place").write_text(f"{lent}\n")


def environment_beside(folder):
    """Make an environment with the packages of this one.

    Returns:
        Its Python, and the folder for modules that come before those of this environment.
    """
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "these.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "bin" / "python", packages


def environment_of_another(folder, package):
    """Make an environment in which a package says that it is of version 99.0; returns its Python."""
    python, packages = environment_beside(folder)
    install_another(package, packages)
    return python


def install_another(package, packages):
    """Put into a folder of packages one that says that it is of version 99.0, and has no code."""
    information = packages / f"{package}-99.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 99.0\n")


def run_snakemake(
    project, study, *arguments, cores=2, check=True, environment=None, config=None, python=sys.executable
):
    """Run the workflow of a project folder in a study folder; its config.yaml lies there unless another is given."""
    call = [str(python), "-m", "snakemake", "--snakefile", str(project / "workflow" / "Snakefile")]
    call += ["--directory", str(study), "--configfile", str(config or study / "config.yaml")]
    call += ["--cores", str(cores), *arguments]
    environment = os.environ | (environment or {})
    result = subprocess.run(
        call, capture_output=True, text=True, timeout=600, env=environment, cwd=project, check=False
    )
    if check and result.returncode:
        pytest.fail(f"{' '.join(call)} ended with {result.returncode}:\n{result.stderr[-3000:]}", pytrace=False)
    return result


def jobs_to_run(project, study, *arguments, **settings):
    """Return how many jobs of each rule a dry run lists."""
    output = run_snakemake(project, study, "--dry-run", *arguments, **settings).stdout
    if "Nothing to be done" in output:
        return {}
    lines = output[output.index("Job stats:") :].splitlines()[3:]
    table = itertools.takewhile(lambda line: not line.startswith("total"), lines)
    counts = {rule: int(count) for rule, count in (line.split() for line in table)}
    counts.pop("all", None)
    return counts


def copy_project(target):
    """Copy what a user of the project has, without results and environment."""
    for folder in ("workflow", "scripts", "config"):
        shutil.copytree(PROJECT / folder, target / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("environment.yml", "requirements.lock"):
        shutil.copy(PROJECT / name, target / name)
    return target


SMALL_STUDY = {
    "dataset": "mnist-subset",
    "data_folder": str(SUBSET),
    "baseline": {"units": 8, "epochs": 2},
    "replicates": 2,
    "seeds_per_job": 2,
    "checkpoint_every": 2,
    "sweeps": {"epochs": [2, 4], "units": [8, 16], "learning_rate": [0.001, 0.01]},
    "figures": {"dpi": 50},
}


def write_config(study, changes=None):
    """Write the small study's config.yaml with some keys changed; a dotted key reaches into a mapping."""
    config = copy.deepcopy(SMALL_STUDY)
    for key, value in (changes or {}).items():
        *path, last = key.split(".")
        place = config
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    study.mkdir(parents=True, exist_ok=True)
    (study / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
