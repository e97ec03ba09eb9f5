"""One set of versions: what pyproject.toml asks for, the lock pins by hash, and both ways to install use the lock."""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import zipfile
from importlib.metadata import version

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from helpers.disturbed_study import restore_signals
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
    *ensurepip*) echo "$0"; exit {imports} ;;
    *version_info*) echo {version} ;;
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


TOOLS = ("cat", "cmp", "cp", "flock", "grep", "mkdir", "mv", "readlink", "rm", "sed", "sleep")


def working_python(folder, version, pip="true"):
    """Write a Python whose module venv makes a copy of it, and whose pip runs a command; a lock lies in the folder."""
    venv = """[ "$2" != venv ] || {
        for made; do :; done
        mkdir -p "$made/bin"
        [ -e "$made/bin/python" ] || cp "$0" "$made/bin/python"
        case $made in /*) echo "VIRTUAL_ENV=$made" ;; *) echo "VIRTUAL_ENV=$PWD/$made" ;; esac >"$made/bin/activate"
    }"""
    programs = fake_python(folder, f'{answering(version)}\n{venv}\n[ "$2" != pip ] || {pip}')
    for name in TOOLS:
        (programs / name).unlink(missing_ok=True)
        if path := shutil.which(name):
            (programs / name).symlink_to(path)
    if not (folder / "requirements.lock").exists():
        (folder / "requirements.lock").write_text("numpy==1\n")
    return programs


def calls(folder):
    """Return what Python was called for, and forget it."""
    found = (folder / "calls").read_text().splitlines() if (folder / "calls").exists() else []
    (folder / "calls").unlink(missing_ok=True)
    return [" ".join(call.split()[1:2]) for call in found]


MADE = ["venv", "pip", "venv"]  # the last writes `activate` where the environment came to lie


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_a_supported_python_makes_the_environment_from_the_lock(folder, version):
    done = run(folder, programs=working_python(folder, version))
    assert (done.returncode, done.stderr) == (0, "")
    pip_call = (folder / "calls").read_text().splitlines()[1]
    assert pip_call.startswith("-m pip install ")
    assert {"--require-hashes", "--compile"} < set(pip_call.split())
    assert calls(folder) == MADE
    assert (folder / ".venv" / "installed").read_text() == (folder / "requirements.lock").read_text()
    assert {path.name for path in folder.iterdir()} == {".venv", "requirements.lock"}


def test_an_environment_of_this_lock_is_left_alone(folder):
    """Whatever the time stamps say, as after a copy or a checkout; Python is not even started."""
    programs = working_python(folder, "3.12")
    run(folder, programs=programs)
    calls(folder)
    os.utime(folder / ".venv" / "installed", (0, 0))
    (programs / "python3").unlink()
    assert run(folder, programs=programs).returncode == 0
    assert calls(folder) == []


def test_another_lock_makes_the_environment_again(folder):
    run(folder, programs=working_python(folder, "3.12"))
    (folder / ".venv" / "of the old lock").touch()
    (folder / "requirements.lock").write_text("numpy==2\n")
    os.utime(folder / "requirements.lock", (0, 0))
    calls(folder)
    assert run(folder, programs=working_python(folder, "3.12")).returncode == 0
    assert calls(folder) == MADE
    assert not (folder / ".venv" / "of the old lock").exists()


def test_an_environment_whose_python_is_gone_is_made_again(folder):
    """As after an upgrade of Python: the link leads nowhere."""
    run(folder, programs=working_python(folder, "3.12"))
    python = folder / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nonexistent/python3.11")
    calls(folder)
    assert run(folder, programs=working_python(folder, "3.13")).returncode == 0
    assert calls(folder) == MADE
    assert not python.is_symlink()


@pytest.mark.parametrize("way", ["moved", "copied"])
def test_an_environment_that_was_moved_learns_its_place_without_a_package_fetched(folder, way):
    run(folder, programs=working_python(folder, "3.12"))
    calls(folder)
    elsewhere = folder.parent / "elsewhere"
    (shutil.move if way == "moved" else shutil.copytree)(folder, elsewhere)
    programs = working_python(elsewhere, "3.12")
    (programs / "python3").unlink()
    assert run(elsewhere, programs=programs).returncode == 0
    assert calls(elsewhere) == ["venv"]
    assert (elsewhere / ".venv" / "bin" / "activate").read_text() == f"VIRTUAL_ENV={elsewhere}/.venv\n"
    assert run(elsewhere, programs=programs).returncode == 0
    assert calls(elsewhere) == []


@pytest.mark.parametrize("lock", ["numpy==1\n", "numpy==2\n"])
def test_a_link_to_the_environment_stays(folder, lock):
    """To a disk with more room, say; also when the environment is made again."""
    disk = folder.parent / "disk"
    disk.mkdir()
    (folder / ".venv").symlink_to(disk / "environment")
    programs = working_python(folder, "3.12")
    assert run(folder, programs=programs).returncode == 0
    (folder / "requirements.lock").write_text(lock)
    assert run(folder, programs=programs).returncode == 0
    assert (folder / ".venv").readlink() == disk / "environment"
    assert (disk / "environment" / "installed").read_text() == lock
    assert [path.name for path in disk.iterdir()] == ["environment"]


def test_an_installation_that_fails_leaves_nothing(folder):
    assert run(folder, programs=working_python(folder, "3.12", pip="exit 1")).returncode == 1
    assert [path.name for path in folder.iterdir() if path.name.startswith(".venv")] == []
    assert run(folder, programs=working_python(folder, "3.12")).returncode == 0
    assert (folder / ".venv" / "installed").exists()


def test_an_installation_that_fails_leaves_the_environment_of_the_old_lock(folder):
    """Without a network, say: with the old lock back, all works as before."""
    run(folder, programs=working_python(folder, "3.12"))
    (folder / "requirements.lock").write_text("numpy==2\n")
    assert run(folder, programs=working_python(folder, "3.12", pip="exit 1")).returncode == 1
    (folder / "requirements.lock").write_text("numpy==1\n")
    calls(folder)
    assert run(folder, programs=working_python(folder, "3.12", pip="exit 1")).returncode == 0
    assert calls(folder) == []


def start(folder, programs):
    """Start the script in a process group of its own; returns it when pip is at work."""
    process = subprocess.Popen(
        [shutil.which("sh"), SCRIPT],
        cwd=folder,
        env={**os.environ, "PATH": f"{programs}"},
        start_new_session=True,
        preexec_fn=restore_signals,
        stdout=subprocess.PIPE,
        text=True,
    )
    latest = time.monotonic() + 20
    while not (folder / "at work").exists():
        assert time.monotonic() < latest
        time.sleep(0.01)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_an_installation_that_was_interrupted_starts_over(folder, number):
    process = start(folder, working_python(folder, "3.12", pip='{ >"at work"; sleep 60; }'))
    os.killpg(process.pid, number)
    assert process.wait(20) != 0
    assert not (folder / ".venv").exists()
    assert (folder / ".venv-new").exists() == (number == signal.SIGKILL)
    assert run(folder, programs=working_python(folder, "3.12")).returncode == 0
    assert (folder / ".venv" / "installed").exists()
    assert not (folder / ".venv-new").exists()


@pytest.mark.skipif(shutil.which("flock") is None, reason="needs flock")
def test_of_two_installations_at_once_the_second_waits_and_does_nothing(folder):
    programs = working_python(folder, "3.12", pip='{ >"at work"; while [ ! -e "go on" ]; do sleep 0.1; done; }')
    first = start(folder, programs)
    second = start(folder, programs)
    assert second.stdout.readline() == "Waiting for the end of another installation.\n"
    (folder / "go on").touch()
    assert (first.wait(20), second.wait(20)) == (0, 0)
    assert calls(folder) == MADE


PROGRAM = """import os, sys
def main():
    import tiny
    print(os.path.abspath(tiny.__file__), sys.prefix, *sys.argv[1:], sep="\\n")
"""


@pytest.fixture(scope="module", params=["project", "a project"])
def tiny_project(request, tmp_path_factory):
    """A folder with an environment of one package, made by the real Python and the real pip from a wheel of our own.

    Its path may hold a blank, for which pip writes programs of another kind. The caller's pip installs elsewhere.
    """
    folder = tmp_path_factory.mktemp("tiny")
    wheel, project = folder / "wheels" / "tiny-1.0-py3-none-any.whl", folder / request.param
    wheel.parent.mkdir()
    project.mkdir()
    information = {
        "METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "entry_points.txt": "[console_scripts]\ntiny = tiny:main\n",
        "RECORD": "",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny.py", PROGRAM)
        for name, text in information.items():
            archive.writestr(f"tiny-1.0.dist-info/{name}", text)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (project / "requirements.lock").write_text(f"tiny==1.0 --hash=sha256:{digest}\n")
    (folder / "pip.conf").write_text(f"[install]\nuser = true\ntarget = {folder}/elsewhere\n")
    pip = {"USER": "1", "TARGET": f"{folder}/elsewhere", "PREFIX": f"{folder}/elsewhere"}
    pip |= {"NO_INDEX": "1", "FIND_LINKS": wheel.parent.as_uri(), "CONFIG_FILE": str(folder / "pip.conf")}
    environment = os.environ | {f"PIP_{name}": value for name, value in pip.items()}
    call = ["sh", str(SCRIPT), sys.executable]
    done = subprocess.run(call, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not (folder / "elsewhere").exists()
    return project


def tiny(project, *before):
    """Run the package's program where other packages of its name are told to be; returns module, prefix, arguments."""
    other = project.parent / "another Python"
    other.mkdir(exist_ok=True)
    (other / "tiny.py").write_text("raise ImportError('of another Python')")
    environment = os.environ | {"PYTHONPATH": str(other), "PYTHONHOME": str(other), "PYTHONSAFEPATH": "1"}
    call = [*before, str(project / ".venv" / "bin" / "tiny"), "one", "t w o"]
    done = subprocess.run(call, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def is_of(project, printed):
    return printed[0].startswith(f"{project}/.venv/lib/") and printed[1:] == [f"{project}/.venv", "one", "t w o"]


def test_programs_see_the_packages_of_their_environment_alone(tiny_project):
    assert is_of(tiny_project, tiny(tiny_project))


@pytest.mark.parametrize("name", ["b", "mein Projekt – ü 'x' & $z", "l" * 150])
def test_programs_run_where_the_project_was_copied_or_moved_to(tiny_project, tmp_path, name):
    copy = shutil.copytree(tiny_project, tmp_path / name, symlinks=True)
    assert is_of(copy, tiny(copy))
    moved = copy.rename(tmp_path / "moved")
    assert is_of(moved, tiny(moved))
    (tmp_path / "tiny").symlink_to(moved / ".venv" / "bin" / "tiny")
    link = tmp_path / "link"
    link.symlink_to(moved)
    assert is_of(moved, tiny(link))


def test_activate_is_right_after_a_move(tiny_project, tmp_path):
    moved = shutil.copytree(tiny_project, tmp_path / "b", symlinks=True)
    run_real = ["sh", str(SCRIPT), "no such python"]
    assert subprocess.run(run_real, cwd=moved, capture_output=True, check=False).returncode == 0
    shell = ["bash", "-c", 'source "$1"; command -v tiny; echo "$VIRTUAL_ENV"', "-", str(moved / ".venv/bin/activate")]
    told = subprocess.run(shell, capture_output=True, text=True, check=True).stdout.splitlines()
    assert told == [f"{moved}/.venv/bin/tiny", f"{moved}/.venv"]
    assert is_of(moved, tiny(moved))
