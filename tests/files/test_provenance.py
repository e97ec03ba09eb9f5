"""The record of what made the results."""

import hashlib
import json
import os
import platform
import subprocess
from datetime import datetime

import pytest

from files import provenance


def test_the_record_holds_versions_hashes_config_and_times(tmp_path):
    (tmp_path / "config.json").write_text('{"alpha": 0.05}')
    raw = tmp_path / "images"
    raw.write_bytes(b"pixels")
    record = provenance.provenance(tmp_path / "config.json", [raw])
    assert record["config"] == {"alpha": 0.05}
    assert record["data"] == {"images": hashlib.sha256(b"pixels").hexdigest()}
    assert record["python"] == platform.python_version()
    assert record["packages"]["numpy"] == __import__("numpy").__version__
    assert set(record["packages"]) == set(provenance.PACKAGES)
    assert datetime.fromisoformat(record["finished"]).tzinfo is not None
    assert record["rules"] == {}
    json.dumps(record)


def test_time_is_added_up_by_rule(tmp_path):
    for name, rows in {
        "train/a/seeds=0-4.tsv": ["10.5\t100.4", "2.0\t300.2"],
        "train/b/seeds=0-4.tsv": ["4.0\t200"],
        "report/report.tsv": ["NA\t-"],
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text("\n".join(["s\tmax_rss", *rows]) + "\n")
    assert provenance.time_by_rule(tmp_path) == {
        "report": {"jobs": 0, "seconds": 0, "longest_seconds": 0, "max_memory_mb": 0},
        "train": {"jobs": 3, "seconds": 16.5, "longest_seconds": 10.5, "max_memory_mb": 300},
    }


def git(folder, *arguments):
    """Run git in a folder as a user with an identity; returns what it prints."""
    identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always"]
    call = ["git", *identity, "-C", str(folder), *arguments]
    return subprocess.run(call, capture_output=True, text=True, check=True).stdout.strip()


def files(folder, *names):
    """Write files of some content."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


CODE = ("scripts/train.py", "scripts/files/records.py", "workflow/Snakefile", "workflow/rules/train.smk")
CODE += ("workflow/report/report.md.j2", "config/datasets.yaml", "config/published.yaml", "requirements.lock")
OTHERS = ("README.md", "config/config.yaml", "workflow/profiles/slurm/config.yaml", "tests/test_train.py", "Makefile")


def repository(folder, *names):
    """Make a repository of one commit."""
    files(folder, *names)
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "one")
    return folder


@pytest.fixture
def project(tmp_path):
    """A checkout of a project."""
    return repository(tmp_path / "project", *CODE, *OTHERS)


def test_the_commit_of_a_clean_checkout(project):
    assert provenance.commit(project) == git(project, "rev-parse", "HEAD")


@pytest.mark.parametrize("name", [*CODE, "scripts/numpy.py", "workflow/rules/mine.smk"])
def test_the_commit_tells_changed_code(project, name):
    with files(project, *CODE).joinpath(name).open("a") as file:
        file.write("changed")
    assert provenance.commit(project) == f"{git(project, 'rev-parse', 'HEAD')} with local changes"


@pytest.mark.parametrize("stage", ["add", "rm"])
def test_the_commit_tells_staged_and_deleted_code(project, stage):
    (project / CODE[0]).write_text("changed")
    git(project, stage, *(["-f"] if stage == "rm" else []), CODE[0])
    assert provenance.commit(project).endswith(" with local changes")


@pytest.mark.parametrize("name", [*OTHERS, "mine/results/report.md", "letters.yaml", "config/mine.yaml", "notes.py"])
def test_what_is_not_code_is_no_local_change(project, name):
    """The study's folder, images, notes, profiles; the config, which the record holds itself."""
    files(project, name).joinpath(name).write_text("changed")
    assert provenance.commit(project) == git(project, "rev-parse", "HEAD")


def test_a_mode_is_no_local_change(project):
    (project / CODE[0]).chmod(0o777)
    assert provenance.commit(project) == git(project, "rev-parse", "HEAD")


def test_a_folder_without_git_has_no_commit(tmp_path):
    assert provenance.commit(files(tmp_path / "project", *CODE)) == "unknown"


@pytest.mark.parametrize("is_tracked", [True, False])
def test_the_commit_of_a_repository_around_the_project_is_not_its_own(tmp_path, is_tracked):
    paper = repository(tmp_path, "paper.tex", *([f"project/{name}" for name in CODE] if is_tracked else []))
    assert provenance.commit(files(paper / "project", *CODE)) == "unknown"


def test_a_submodule_and_a_worktree_have_their_own_commits(project, tmp_path):
    paper = repository(tmp_path / "paper", "paper.tex")
    git(paper, "submodule", "add", "-q", str(project), "study")
    git(project, "worktree", "add", "-q", str(tmp_path / "worktree"))
    for folder in (paper / "study", tmp_path / "worktree"):
        assert provenance.commit(folder) == git(project, "rev-parse", "HEAD")
        (folder / CODE[0]).write_text("changed")
        assert provenance.commit(folder) == f"{git(project, 'rev-parse', 'HEAD')} with local changes"


def test_a_shallow_clone_has_the_commit(project, tmp_path):
    git(tmp_path, "clone", "-q", "--depth", "1", project.as_uri(), "clone")
    assert provenance.commit(tmp_path / "clone") == git(project, "rev-parse", "HEAD")


def test_the_callers_repository_is_not_asked(project, tmp_path, monkeypatch):
    """A hook of another repository runs with these."""
    other = repository(tmp_path / "other", "file")
    expected = git(project, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    assert provenance.commit(project) == expected
    assert provenance.commit(files(tmp_path / "unpacked", *CODE)) == "unknown"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_checkout_of_another_user_has_its_commit(project):
    expected = git(project, "rev-parse", "HEAD")
    for path in (project, *project.rglob("*")):
        os.lchown(path, 12345, 12345)
    assert provenance.commit(project) == expected


@pytest.mark.parametrize("damage", ["no commit yet", "leads nowhere", "no git"])
def test_without_a_commit_that_git_can_name_it_is_unknown(tmp_path, monkeypatch, damage):
    project = files(tmp_path / "project", *CODE)
    if damage == "no commit yet":
        git(project, "init", "-q")
    elif damage == "leads nowhere":
        (project / ".git").write_text("gitdir: /nowhere/.git/worktrees/project\n")
    else:
        repository(project)
        monkeypatch.setenv("PATH", str(tmp_path))
    assert provenance.commit(project) == "unknown"


def test_the_processor_has_a_name():
    assert provenance.cpu_model()
