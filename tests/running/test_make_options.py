"""The command line of `make`: cores, words for Snakemake, and the memory of machine or container, the smaller."""

import os
from pathlib import Path

import pytest

from running import make_options
from running.cost import TYPICAL
from running.make_options import memory_for_jobs, memory_for_jobs_here, parse

GIGABYTE = 10**9


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ([], 6400),
        (["max\n"], 6400),
        (["4000000000\n"], 3200),
        (["9223372036854771712\n"], 6400),  # what cgroup v1 says where there is no limit
        (["max\n", "2000000000"], 1600),
    ],
)
def test_smaller_of_machine_and_container_counts(limits, expected):
    assert memory_for_jobs(8 * GIGABYTE, limits) == expected


@pytest.mark.parametrize(
    ("groups", "folder", "name"),
    [
        ("0::/system.slice/slurmstepd.scope/job_7\n", "system.slice/slurmstepd.scope/job_7", "memory.max"),
        ("0::/user.slice/run-5.scope\n", "user.slice", "memory.max"),  # the limit of a group above
        ("0::/\n", "", "memory.max"),  # a container sees its own group as the root
        ("0::/docker/abc\n", "", "memory.max"),  # or the machine's path, which it does not have
        ("1:cpu:/x\n4:memory:/slurm/uid_0/job_7\n0::/\n", "memory/slurm/uid_0/job_7", "memory.limit_in_bytes"),
    ],
)
def test_limit_of_the_job_or_scope_counts(tmp_path, monkeypatch, groups, folder, name):
    monkeypatch.setattr(make_options, "CONTROL_GROUPS", tmp_path)
    assert not [path for path in make_options.limit_files(groups) if path.exists()]
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    (tmp_path / folder / name).write_text("4000000000\n")
    limits = [path.read_text() for path in make_options.limit_files(groups) if path.is_file()]
    assert limits == ["4000000000\n"]


def test_this_machine_has_memory_for_a_job():
    assert TYPICAL.training_memory_mb < memory_for_jobs_here() < 10**7


def test_options_and_words_for_snakemake():
    options, others = parse("", ["a.yaml", "b.yaml", "--cores", "3", "-d", "folder", "--keep-going"])
    assert (options.configs, options.directory) == ([Path("a.yaml"), Path("b.yaml")], Path("folder"))
    assert (options.cores, others) == (3, ["--keep-going"])
    assert parse("", ["a.yaml"])[0].cores == len(os.sched_getaffinity(0))


def test_a_config_that_only_snakemake_would_read_is_refused():
    with pytest.raises(SystemExit, match=r'^ERROR: expected config files in CONFIG="a.yaml b.yaml". Received: '):
        parse("", ["a.yaml", "--configfile", "b.yaml"])


def test_words_that_are_no_config_are_refused():
    with pytest.raises(SystemExit, match=r"^ERROR: expected --config KEY=VALUE, .* Received: \['sweeps.units=null'\]"):
        parse("", ["a.yaml", "--config", "sweeps.units=null"])


def test_the_home_folder_may_hold_the_study(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert parse("", ["a.yaml", "--directory", "~/study"])[0].directory == tmp_path / "study"


@pytest.mark.parametrize("cores", ["0", "-1", "two"])
def test_a_wrong_number_of_cores_is_refused(cores, capsys):
    with pytest.raises(SystemExit):
        parse("", ["a.yaml", f"--cores={cores}"])
    assert f"expected a number of cores from 1, or `all`. Received: '{cores}'" in capsys.readouterr().err
