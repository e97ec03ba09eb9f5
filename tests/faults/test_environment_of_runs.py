"""Cores, threads, locale, time zone, home, paths: whatever a run finds around it, its results have the same bytes."""

import os
import shutil
import subprocess
import sys

import pytest

from helpers.disturbed_study import DisturbedStudy, contents, copy_of, disk_at, new_study
from helpers.workflow import PROJECT, SMALL_STUDY, environment_beside, install_another, jobs_to_run

THREADS = {
    "OPENBLAS_NUM_THREADS": "3",
    "OMP_NUM_THREADS": "4",
    "MKL_NUM_THREADS": "2",
    "TF_NUM_INTRAOP_THREADS": "4",
    "TF_NUM_INTEROP_THREADS": "2",
}
LIBRARIES = {
    "OPENBLAS_CORETYPE": "Prescott",
    "OPENBLAS_L2_SIZE": "64",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}
COMPILER = {
    "XLA_FLAGS": "--xla_cpu_enable_fast_math=true --xla_cpu_multi_thread_eigen=false",
    "TF_XLA_FLAGS": "--tf_xla_auto_jit=2",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "CUDA_VISIBLE_DEVICES": "",
}
PYTHON = {"PYTHONHASHSEED": "12345", "PYTHONOPTIMIZE": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
PROGRAM = [sys.executable, "-I", "-m", "snakemake"]  # as .venv/bin/snakemake
ODD_NAME = "mein Projekt – ü 'x' & $z"
RC = "axes.facecolor: black\nfont.size: 30\nsavefig.bbox: tight\nsvg.fonttype: path\nlines.linewidth: 9\n"


def another_python(folder):
    """Return an environment as a cluster's module system leaves it: packages and settings of another Python."""
    for name in ("numpy", "pandas", "psutil", "yaml", "pydantic", "tensorflow", "sitecustomize", "usercustomize"):
        (folder / "modules" / name).mkdir(parents=True)
        (folder / "modules" / name / "__init__.py").write_text("import sys; sys.exit('of another Python')")
    others = {name: str(folder / "modules") for name in ("PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE")}
    return others | {
        "PYTHONSAFEPATH": "1",
        "PYTHONWARNINGS": "error",
        "PYTHONINSPECT": "1",
        "PYTHONPLATLIBDIR": "lib99",
    }


def user_settings(folder):
    """Return an environment in which Matplotlib and Keras have settings of the user's."""
    home = folder / "home"
    (home / ".config" / "matplotlib").mkdir(parents=True)
    (home / ".config" / "matplotlib" / "matplotlibrc").write_text(RC)
    (home / ".keras").mkdir()
    (home / ".keras" / "keras.json").write_text('{"floatx": "float64", "epsilon": 0.1, "backend": "jax"}')
    return {"HOME": str(home), "MATPLOTLIBRC": str(home / ".config" / "matplotlib" / "matplotlibrc")}


def locale(folder, name):
    """Return an environment with a locale, made for the occasion."""
    if shutil.which("localedef") is None:
        pytest.skip("no localedef here, which makes locales")
    language, charmap = name.split(".")
    call = ["localedef", "-i", language, "-f", charmap, str(folder / name)]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    if not (folder / name).exists():
        pytest.skip(f"locale {name} cannot be made here: {done.stderr.strip()}")
    return {"LOCPATH": str(folder), "LC_ALL": name, "LANG": name}


def differing(study, finished):
    now, expected = contents(study.project), contents(finished[1])
    return sorted(path for path in now.keys() | expected.keys() if now.get(path) != expected.get(path))


def test_summaries_in_a_strange_place(finished, tmp_path):
    """Everything after the evaluation, under an odd path, with settings of the user's, by a careful umask."""
    study = copy_of(finished, tmp_path / ODD_NAME)
    environment = THREADS | LIBRARIES | PYTHON | user_settings(tmp_path) | {"LC_ALL": "C", "TZ": "Asia/Kathmandu"}
    environment |= another_python(tmp_path)
    code, told = study.run("--forcerun", "aggregate", command=PROGRAM, environment=environment, umask=0o077)
    assert code == 0, told
    assert differing(study, finished) == []


def test_braces_in_the_projects_path_get_one_line(tmp_path):
    """Snakemake takes what they enclose for a name of its own."""
    code, told = new_study(tmp_path / "{x}", SMALL_STUDY).run()
    assert code != 0
    assert [line for line in told.splitlines() if "ERROR" in line] == [
        f"ERROR: Snakemake cannot work under a path with {{ or }}. Received: {tmp_path}/{{x}}. Move the project."
    ]
    assert "Traceback" not in told


@pytest.mark.skipif(not (PROJECT / ".venv").exists(), reason="make runs in the environment it makes")
def test_make_runs_where_python_is_told_of_another(tmp_path):
    study = new_study(tmp_path / "project", SMALL_STUDY)
    shutil.copy(PROJECT / "Makefile", study.project)
    (study.project / ".venv").symlink_to(PROJECT / ".venv")
    environment = os.environ | another_python(tmp_path)
    call = ["make", "--old-file=.venv/installed", "check"]
    done = subprocess.run(call, cwd=study.project, env=environment, capture_output=True, text=True, check=False)
    assert "The config is sound" in done.stdout, done.stderr


@pytest.mark.parametrize("place", ["PYTHONPATH", "home"])
def test_a_package_outside_the_environment_is_not_the_one_that_trains(finished, tmp_path, place):
    """It would make every training stale. Without a venv Python puts packages of the user's home first."""
    python, packages = environment_beside(tmp_path / "environment")
    (packages / "sitecustomize.py").write_text("import site, sys; sys.path.insert(0, site.getusersitepackages())")
    folder = tmp_path / "home" / "lib" / packages.parent.name / "site-packages"
    install_another("tensorflow", folder)
    environment = {"PYTHONPATH": str(folder)} if place == "PYTHONPATH" else {"PYTHONUSERBASE": str(tmp_path / "home")}
    call = [python, "-c", "from importlib.metadata import version; print(version('tensorflow'))"]
    assert subprocess.check_output(call, env=os.environ | environment, text=True) == "99.0\n"
    assert jobs_to_run(*finished, environment=environment, python=python) == {}


def test_make_does_without_a_home(finished, tmp_path, monkeypatch):
    """Snakemake by itself fails where it cannot make a folder for its cache, before it reads a Snakefile."""
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    study = copy_of(finished, tmp_path / "project")
    code, told = study.run(environment={"HOME": "/dev/null"})
    assert code == 0, told
    assert "Nothing to be done" in told


ENVIRONMENTS = {
    "threads": lambda folder: THREADS,
    "compiler": lambda folder: COMPILER,
    "python": lambda folder: PYTHON,
    "settings of the user": user_settings,
    "locale C": lambda folder: {"LC_ALL": "C", "LANG": "C"},
    "locale de_DE": lambda folder: locale(folder, "de_DE.ISO-8859-1"),
    "locale tr_TR": lambda folder: locale(folder, "tr_TR.UTF-8"),
    "time zone": lambda folder: {"TZ": "Pacific/Kiritimati"},
    "no home": lambda folder: {"HOME": "/dev/null"},
    "temporary files elsewhere": lambda folder: {"TMPDIR": str(folder / "not there yet")},
}


@pytest.mark.long
@pytest.mark.parametrize("make_environment", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_study_in_another_environment(finished, tmp_path, make_environment):
    study = new_study(tmp_path / "project", SMALL_STUDY)
    code, told = study.run(environment=make_environment(tmp_path))
    assert code == 0, told
    assert differing(study, finished) == []


@pytest.mark.long
def test_study_where_libraries_are_told_otherwise(finished, tmp_path):
    """By a bare `snakemake`, where a module system speaks of another Python."""
    study = new_study(tmp_path / "project", SMALL_STUDY)
    code, told = study.run(command=PROGRAM, environment=LIBRARIES | another_python(tmp_path))
    assert code == 0, told
    assert differing(study, finished) == []


@pytest.mark.long
def test_study_without_home(finished, tmp_path, monkeypatch):
    monkeypatch.delenv("HOME")
    study = new_study(tmp_path / "project", SMALL_STUDY)
    code, told = study.run()
    assert code == 0, told
    assert differing(study, finished) == []


@pytest.mark.long
def test_study_with_a_home_that_cannot_be_written(finished, tmp_path, monkeypatch):
    """A folder on a disk mounted read-only: no file mode keeps root from writing."""
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "MPLCONFIGDIR", "KERAS_HOME"):
        monkeypatch.delenv(name, raising=False)
    study = new_study(tmp_path / "project", SMALL_STUDY)
    with disk_at(tmp_path / "home", "ro") as home:
        with pytest.raises(OSError, match="Read-only file system"):
            (home / "file").touch()
        code, told = study.run(environment={"HOME": str(home)})
    assert code == 0, told
    assert differing(study, finished) == []


@pytest.mark.long
@pytest.mark.parametrize("cores", [1, 2, 4])
def test_study_on_some_cores(finished, tmp_path, cores):
    study = new_study(tmp_path / "project", SMALL_STUDY)
    code, told = study.run(cores=cores)
    assert code == 0, told
    assert differing(study, finished) == []


@pytest.mark.long
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_study_under_an_odd_path(finished, tmp_path, umask):
    """Project and working directory have names with blanks, quotes and letters beyond ASCII, the latter also braces."""
    project = new_study(tmp_path / ODD_NAME, SMALL_STUDY)
    folder = tmp_path / "Ergebnisse {x} {{y}} – ß"
    code, told = project.run("--directory", str(folder), umask=umask)
    assert code == 0, told
    assert differing(DisturbedStudy(folder), finished) == []
    assert (folder / "results" / "report.md").stat().st_mode & 0o777 == 0o666 & ~umask
