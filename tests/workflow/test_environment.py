"""One set of versions: what pyproject.toml asks for, the lock pins by hash, and both ways to install use the lock."""

import os
import re
import shutil
import subprocess
import tomllib
from importlib.metadata import version

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from helpers.workflow import PROJECT

PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
CONDA = yaml.safe_load((PROJECT / "environment.yml").read_text(encoding="utf-8"))
SCRIPT = PROJECT / "scripts" / "environment.sh"
PYTHONS = SpecifierSet(PYPROJECT["requires-python"])
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def pinned():
    """Return the lock's entries as `(requirement, hashes)`, comments left out."""
    text = "\n".join(line for line in LOCK.splitlines() if not line.lstrip().startswith("#"))
    entries = [entry.split() for entry in text.replace("\\\n", " ").splitlines() if entry.strip()]
    parts = [(" ".join(word for word in entry if not word.startswith("--")), entry) for entry in entries]
    return [(Requirement(text), [word for word in entry if word.startswith("--")]) for text, entry in parts]


PINS = pinned()


def pins_of(name):
    """Return the versions the lock pins for a package."""
    found = [pin for pin, _ in PINS if canonicalize_name(pin.name) == canonicalize_name(name)]
    return [str(pin.specifier).removeprefix("==") for pin in found]


@pytest.mark.parametrize(
    "dependency",
    [*PYPROJECT["dependencies"], *(item for group in PYPROJECT["optional-dependencies"].values() for item in group)],
)
def test_every_dependency_is_satisfied_by_the_lock(dependency):
    requirement = Requirement(dependency)
    pins = pins_of(requirement.name)
    assert pins, f"{dependency} has no pin; run: make lock"
    assert [pin for pin in pins if not requirement.specifier.contains(pin)] == []


def test_what_makes_results_is_narrowed_in_pyproject_too():
    assert [text for text in PYPROJECT["dependencies"] if not Requirement(text).specifier] == []


def test_every_pin_is_exact_and_has_a_hash():
    assert len(PINS) > 50
    for pin, options in PINS:
        assert re.fullmatch(r"==[0-9][^*,]*", str(pin.specifier)), pin
        assert options, pin
        assert all(HASH.fullmatch(option) for option in options), pin


def test_a_package_has_one_version_for_every_python():
    names = [canonicalize_name(pin.name) for pin, _ in PINS]
    assert sorted(names) == sorted(set(names))


def test_the_lock_names_no_address_and_no_index():
    assert "://" not in LOCK
    assert [pin for pin, _ in PINS if pin.url] == []
    assert [line for line in LOCK.splitlines() if line.startswith("-") or "index" in line.split("#")[0]] == []


def test_conda_gives_python_and_pip_and_nothing_else():
    assert CONDA["channels"] == ["conda-forge", "nodefaults"]
    *packages, from_pip = CONDA["dependencies"]
    assert [package.split("=")[0] for package in packages] == ["python", "pip"]
    assert from_pip == {"pip": ["--require-hashes", "-r requirements.lock"]}


def test_condas_python_is_one_that_is_supported():
    (python,) = [package for package in CONDA["dependencies"] if str(package).startswith("python=")]
    assert PYTHONS.contains(python.split("=")[1])


def test_the_script_knows_the_supported_pythons():
    script = SCRIPT.read_text(encoding="utf-8")
    oldest, newest = (int(re.search(rf"^{name}=(\d+)$", script, re.MULTILINE)[1]) for name in ("oldest", "newest"))
    supported = [minor for minor in range(100) if PYTHONS.contains(f"3.{minor}")]
    assert list(range(oldest, newest + 1)) == supported


@pytest.mark.parametrize("package", ["tensorflow", "keras", "numpy", "snakemake"])
def test_the_running_environment_is_the_locks(package):
    assert [version(package)] == pins_of(package)


@pytest.fixture
def folder(tmp_path):
    """An empty working directory."""
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def fake_python(folder, text, name="python3"):
    """Write a shell script that stands for Python, and return the folder in which it lies."""
    programs = folder.parent / "programs"
    programs.mkdir(exist_ok=True)
    (programs / name).write_text(f"#!/bin/sh\n{text}\n")
    (programs / name).chmod(0o755)
    return programs


def answering(version, imports=0):
    """Return the text of a Python that knows its version, and whether it has venv; all else it notes down."""
    return f"""case "$2" in
    *version_info*) echo {version} ;;
    *'import venv'*) exit {imports} ;;
    *) echo "$@" >> calls ;;
esac"""


def run(folder, *arguments, programs="/nonexistent"):
    shell = shutil.which("sh")
    environment = {**os.environ, "PATH": f"{programs}"}
    return subprocess.run([shell, SCRIPT, *arguments], cwd=folder, env=environment, capture_output=True, text=True)


def refusal(folder, *arguments, programs="/nonexistent"):
    """Run the script where it must refuse and leave nothing behind; return the one line it says."""
    before = sorted(folder.rglob("*"))
    done = run(folder, *arguments, programs=programs)
    assert (done.returncode, done.stdout) == (1, "")
    assert sorted(folder.rglob("*")) == before
    (line,) = done.stderr.splitlines()
    assert line.startswith("ERROR: ")
    return line


@pytest.mark.parametrize("version", ["3.10", "3.14", "3.9", "3.1", "2.7", "4.12"])
def test_a_python_that_is_too_old_or_too_new_is_refused(folder, version):
    programs = fake_python(folder, answering(version))
    assert refusal(folder, programs=programs) == (
        "ERROR: expected Python 3.11 to 3.13 (TensorFlow has no wheels for others). "
        f"Received: {version}. Say make PYTHON=python3.12"
    )


def test_a_python_that_is_missing_is_told(folder):
    told = (
        "ERROR: expected Python 3.11 to 3.13. Received: no program named {}. Install one and say make PYTHON=python3.12"
    )
    assert refusal(folder) == told.format("python3")
    assert refusal(folder, "python3.99") == told.format("python3.99")


def test_a_python_that_does_not_run_is_told(folder):
    programs = fake_python(folder, "echo noise >&2; exit 3")
    assert refusal(folder, programs=programs) == "ERROR: python3 does not run"


def test_a_python_without_venv_is_told(folder):
    programs = fake_python(folder, answering("3.12", imports=1), name="python3.12")
    assert refusal(folder, "python3.12", programs=programs) == (
        "ERROR: python3.12 has no module venv with pip. On Debian and Ubuntu: apt-get install python3.12-venv"
    )


def test_a_refusal_leaves_an_environment_as_it_is(folder):
    (folder / ".venv").mkdir()
    (folder / ".venv" / "half").touch()
    refusal(folder, programs=fake_python(folder, answering("3.10")))


def working_python(folder, version, pip=0):
    """Write a Python whose module venv makes a copy of it, and whose pip ends with an exit code."""
    venv = '[ "$2" != venv ] || { mkdir -p .venv/bin && cp "$0" .venv/bin/python; }'
    programs = fake_python(folder, f'{answering(version)}\n{venv}\n[ "$2" != pip ] || exit {pip}')
    for name in ("cp", "mkdir", "rm", "touch"):
        (programs / name).symlink_to(shutil.which(name))
    return programs


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_a_supported_python_makes_the_environment_from_the_lock(folder, version):
    done = run(folder, programs=working_python(folder, version))
    assert (done.returncode, done.stderr) == (0, "")
    venv_call, pip_call = (folder / "calls").read_text().splitlines()
    assert venv_call == "-m venv .venv"
    assert pip_call.startswith("-m pip install ")
    assert {"--require-hashes", "--compile"} < set(pip_call.split())
    assert pip_call.endswith(" --requirement requirements.lock")
    assert (folder / ".venv" / "installed").exists()


def test_an_environment_that_was_not_finished_is_made_anew(folder):
    programs = working_python(folder, "3.12", pip=1)
    assert run(folder, programs=programs).returncode == 1
    assert (folder / ".venv" / "bin" / "python").exists()
    assert not (folder / ".venv" / "installed").exists()
    (folder / ".venv" / "half").touch()
    shutil.rmtree(programs)
    assert run(folder, programs=working_python(folder, "3.12")).returncode == 0
    assert (folder / ".venv" / "installed").exists()
    assert not (folder / ".venv" / "half").exists()
