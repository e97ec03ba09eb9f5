"""Every command of the README, as it stands there, in a copy of the project whose configs ask for the small data."""

import os
import re
import shutil
import subprocess

import pytest
import yaml

from helpers.workflow import PROJECT, SMALL_STUDY, copy_project, lend_environment

README = (PROJECT / "README.md").read_text(encoding="utf-8")
# Commands that run elsewhere: what would take hours, needs a cluster, or is this very run.
ELSEWHERE = {
    "make test": "runs this test",
    "make test-faults": "an hour; its files are collected by every run of the tests",
    "make lint": ".ci/run",
    "make benchmark": "hours; tests/benchmarks/",
    "make fashion": "fetches Fashion-MNIST; its config is checked in tests/design/test_configuration.py",
    "make depth": "minutes; its config is checked in tests/design/test_configuration.py",
    "make convolutional": "minutes; its config is checked in tests/design/test_configuration.py",
    "snakemake --profile workflow/profiles/slurm": "tests/workflow/test_slurm.py",
}
NOT_OURS = ("git ", "docker ", "conda ", "export ", "cd ")


def commands():
    """Return the commands of all shell blocks, in order, each once, without the comment that follows."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
    blocks = [content for language, content in blocks if not language]
    lines = [re.split(r"\s+#", line)[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in dict.fromkeys(lines) if line and not line.startswith(NOT_OURS)]


@pytest.fixture(scope="module")
def project(finished, tmp_path_factory):
    """A copy of the project that holds the finished study; studies in other folders start from nothing."""
    project = copy_project(tmp_path_factory.mktemp("readme") / "project")
    (project / "Makefile").write_bytes((PROJECT / "Makefile").read_bytes())
    lend_environment(project)
    for folder in ("results", ".snakemake"):
        shutil.copytree(finished[1] / folder, project / folder)
    study = yaml.safe_dump(SMALL_STUDY | {"sweeps": {"units": [8, 16]}})
    (project / "config" / "config.yaml").write_text(study)
    for overlay in ("quick.yaml", "fashion.yaml"):
        (project / "config" / overlay).write_text("replicates: 2\n")
    (project / "mine.yaml").write_text("sweeps: {units: [8, 24]}\n")
    return project


def test_there_are_commands():
    assert {"make", "make test", "make plan", "make quick"} <= set(commands())
    assert set(ELSEWHERE) <= {*commands(), *re.findall(r"`(make [a-z-]+|snakemake --[^`]+)`", README)}


@pytest.mark.parametrize("command", [command for command in commands() if command not in ELSEWHERE])
def test_command_of_the_readme_runs(project, command):
    environment = os.environ | {"PATH": f"{project}/.venv/bin:{os.environ['PATH']}"}
    result = subprocess.run(
        ["bash", "-c", command], cwd=project, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
