"""A rule's digest changes with the code it runs, and with nothing else."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from files.code_digest import code_digest, files_digest, imported_modules
from helpers.workflow import PROJECT

MODULES = {
    "job.py": '"""A script."""\n\nimport os\n\nimport first\n',
    "first.py": "from second import value\n",
    "second.py": "def late():\n    import third.part as part\n    return part\n\n\nvalue = 1\n",
    "third.py": "import first\n",  # a circle
    "unrelated.py": "import job\n",
    "guest.py": "from room import table\nfrom room.lamp import light\n",
    "room/__init__.py": "",
    "room/table.py": "from . import chair\nfrom .cellar.wine import red\n",
    "room/chair.py": "",
    "room/lamp.py": "light = 1\n",
    "room/unused.py": "",
    "room/cellar/__init__.py": "from ..lamp import light\n",
    "room/cellar/wine.py": "red = 1\n",
}
STATISTICS = {"paired", "intervals", "two_way_bootstrap", "selection", "claims", "divergence"}
PRESENTATION = {"plot", "axes", "style", "report", "sentences"}
DOORS = sorted(path.stem for path in (PROJECT / "scripts").glob("*.py"))


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "scripts"
    for name, text in MODULES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def names(script):
    return [path.relative_to(script.parent).with_suffix("").as_posix() for path in imported_modules(script)]


def test_imports_are_followed_from_module_to_module(folder):
    assert names(folder / "job.py") == ["first", "job", "second", "third"]
    assert names(folder / "third.py") == ["first", "second", "third"]
    assert names(folder / "unrelated.py") == ["first", "job", "second", "third", "unrelated"]


def test_imports_from_packages_are_followed_whatever_their_form(folder):
    room = ["room/__init__", "room/cellar/__init__", "room/cellar/wine", "room/chair", "room/lamp", "room/table"]
    assert names(folder / "guest.py") == ["guest", *room]


def test_a_script_without_imports_depends_on_itself(folder):
    (folder / "alone.py").write_text("import sys\nfrom os import path\n")
    assert names(folder / "alone.py") == ["alone"]


def test_files_of_one_name_in_two_packages_are_told_apart(folder):
    before = code_digest(folder / "guest.py")
    lamp, chair = folder / "room" / "lamp.py", folder / "room" / "chair.py"
    shutil.copy(lamp, chair)
    lamp.write_text("")
    assert code_digest(folder / "guest.py") != before


@pytest.mark.parametrize("door", DOORS)
def test_the_digest_counts_every_module_that_a_script_loads(door):
    """Up to its imports a script is run for real; only what it imports late may be counted and not loaded."""
    code = f"import json, sys, {door}; print(json.dumps([getattr(m, '__file__', None) for m in sys.modules.values()]))"
    scripts = PROJECT / "scripts"
    call = [sys.executable, "-c", code]
    found = subprocess.run(call, cwd=scripts, check=True, capture_output=True, text=True, timeout=120)
    loaded = {path for name in json.loads(found.stdout) if name and (path := Path(name)).is_relative_to(scripts)}
    counted = set(imported_modules(scripts / f"{door}.py"))
    late = {"verify": {"training"}, "evaluate": {"training"}}.get(door, set())  # only where Keras is needed
    assert {path for path in counted - loaded if path.parent.name not in late} == set()
    assert loaded <= counted


@pytest.mark.parametrize("module", ["job", "first", "second", "third"])
def test_a_comment_in_an_imported_module_changes_the_digest(folder, module):
    before = code_digest(folder / "job.py")
    with (folder / f"{module}.py").open("a") as file:
        file.write("# a comment\n")
    assert code_digest(folder / "job.py") != before


def test_names_and_the_borders_between_files_count(tmp_path):
    def digest(**texts):
        for name, text in texts.items():
            (tmp_path / f"{name}.py").write_text(text)
        return files_digest([tmp_path / f"{name}.py" for name in texts])

    digests = [
        digest(a="x = 1\n", b="y = 2\n"),
        digest(a="y = 2\n", b="x = 1\n"),
        digest(a="x = 1\ny = 2\n", b=""),
        digest(a="x = 1\ny = 2\n"),
        digest(b="x = 1\ny = 2\n"),
    ]
    assert len(set(digests)) == len(digests)


def test_the_digest_is_that_of_names_and_digests_of_contents(tmp_path):
    (tmp_path / "a.py").write_bytes(b"x = 1\n")
    content = hashlib.sha256(b"x = 1\n").hexdigest()
    assert files_digest([tmp_path / "a.py"]) == hashlib.sha256(f"a.py {content}\n".encode()).hexdigest()


def test_an_unrelated_module_does_not_change_the_digest(folder):
    before = code_digest(folder / "job.py")
    (folder / "unrelated.py").write_text("# something else\n")
    (folder / "another.py").write_text("import job\n")
    (folder / "__pycache__").mkdir()
    assert code_digest(folder / "job.py") == before


def test_a_touch_or_a_move_does_not_change_the_digest(folder, tmp_path, monkeypatch):
    before = code_digest(folder / "job.py")
    for path in folder.rglob("*"):
        os.utime(path, (1, 1))
    assert code_digest(folder / "job.py") == before
    moved = shutil.copytree(folder, tmp_path / "elsewhere" / "code")
    assert code_digest(moved / "job.py") == before
    monkeypatch.chdir(moved)
    assert code_digest(Path("job.py")) == before


def real(script):
    return {name.rpartition("/")[2] for name in names(PROJECT / "scripts" / f"{script}.py")}


def test_training_depends_on_its_own_modules_only():
    assert {"train", "epochs", "networks", "optimizers", "state"} <= real("train")
    assert not real("train") & (STATISTICS | PRESENTATION | {"configuration", "plan", "sources", "evaluation"})


def test_the_stages_stay_apart():
    assert not real("evaluate") & (STATISTICS | PRESENTATION | {"train", "block", "optimizers"})
    assert not real("aggregate") & (PRESENTATION | {"train", "epochs", "networks", "optimizers", "evaluation"})
    assert not real("plot") & {"train", "epochs", "networks", "optimizers", "evaluation", "sentences", "report"}
    assert not real("report") & {"train", "epochs", "networks", "optimizers", "evaluation", "plot"}
