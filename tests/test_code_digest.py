"""A rule's digest changes with the code it runs, and with nothing else."""

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from code_digest import code_digest, files_digest, imported_modules
from conftest import PROJECT

MODULES = {
    "job": '"""A script."""\n\nimport os\n\nimport first\n',
    "first": "from second import value\n",
    "second": "def late():\n    import third.part as part\n    return part\n\n\nvalue = 1\n",
    "third": "import first\n",  # a circle
    "unrelated": "import job\n",
}
STATISTICS = {"paired", "intervals", "two_way_bootstrap", "selection", "published", "divergence"}
PRESENTATION = {"plot", "axes", "report", "sentences"}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "scripts"
    folder.mkdir()
    for name, text in MODULES.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def names(script):
    return [path.stem for path in imported_modules(script)]


def test_imports_are_followed_from_module_to_module(folder):
    assert names(folder / "job.py") == ["first", "job", "second", "third"]
    assert names(folder / "third.py") == ["first", "second", "third"]
    assert names(folder / "unrelated.py") == ["first", "job", "second", "third", "unrelated"]


def test_a_script_without_imports_depends_on_itself(folder):
    (folder / "alone.py").write_text("import sys\nfrom os import path\nfrom . import first\n")
    assert names(folder / "alone.py") == ["alone"]


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
    for path in folder.iterdir():
        os.utime(path, (1, 1))
    assert code_digest(folder / "job.py") == before
    moved = shutil.copytree(folder, tmp_path / "elsewhere" / "code")
    assert code_digest(moved / "job.py") == before
    monkeypatch.chdir(moved)
    assert code_digest(Path("job.py")) == before


def real(script):
    return set(names(PROJECT / "scripts" / f"{script}.py"))


def test_training_depends_on_its_own_modules_only():
    assert {"train", "epochs", "network", "optimizers", "state"} <= real("train")
    assert not real("train") & (STATISTICS | PRESENTATION | {"configuration", "plan", "download", "evaluate"})


def test_the_stages_stay_apart():
    assert not real("evaluate") & (STATISTICS | PRESENTATION | {"train", "epochs", "optimizers"})
    assert not real("aggregate") & (PRESENTATION | {"train", "epochs", "network", "optimizers", "evaluate"})
    assert not real("plot") & {"train", "epochs", "network", "optimizers", "evaluate", "sentences", "report"}
    assert not real("report") & {"train", "epochs", "network", "optimizers", "evaluate", "plot"}
