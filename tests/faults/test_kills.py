"""A study that is killed, wholly or in part, continues by the same command and ends with the same bytes."""

import random
import re
import signal
import time
from collections import Counter

import pytest

from files.atomic import atomic_path
from helpers.disturbed_study import SNAKEMAKE, contents, kill_at_random, new_study, unfinished, with_work_left
from helpers.workflow import SMALL_STUDY

KILLS = 50
ONE_POINT = SMALL_STUDY | {"baseline": {"units": 8, "epochs": 2}, "checkpoint_every": 1, "sweeps": {}}


def whole(study, expected):
    """Return the files that another study does not have so, among those that are there."""
    return [path for path, content in contents(study.project).items() if expected.get(path) != content]


def test_two_writers_of_one_file_never_mix(tmp_path):
    """In one process or in two with the same number, on two machines: each has a temporary file of its own."""
    path = tmp_path / "state.npz"
    with atomic_path(path) as one, one.open("wb") as first:
        first.write(b"1" * 50_000)
        with atomic_path(path) as two, two.open("wb") as second:
            second.write(b"2" * 100_000)
        first.write(b"1" * 50_000)
        assert path.read_bytes() == b"2" * 100_000
    assert path.read_bytes() == b"1" * 100_000
    assert list(tmp_path.iterdir()) == [path]


def test_study_killed_twice_ends_with_the_same_bytes(finished, tmp_path):
    """Snakemake killed, its job left alone, with files half written; then Ctrl-C. The same command each time."""
    study, expected = with_work_left(finished, tmp_path / "project"), contents(finished[1])
    run = study.start()
    orphan = run.wait_for_job("train")
    run.signal(signal.SIGKILL, everyone=False)
    run.end()
    orphan.suspend()  # else it might end by itself in time
    assert orphan.is_running()
    data = study.project / "results" / "data"
    (data / ".x_train.npy.0.part").write_bytes(b"half")  # of atomic.py and of download.py, as a kill leaves them
    (data / ".part-0").mkdir()
    (data / ".part-0" / "saved").write_bytes(b"half")

    run = study.start()
    run.wait_for_job("train")
    assert not orphan.is_running()
    assert re.search(
        r"NOTE: The previous run \(.*\) did not finish. Stopped \d+ leftover .*, removed 2 partial", run.printed()
    )
    assert list(data.glob(".*part*")) == []
    time.sleep(1)
    run.signal(signal.SIGINT)
    code, _ = run.end()
    assert code != 0
    assert whole(study, expected) == []

    code, printed = study.run()
    assert code == 0, printed
    assert contents(study.project) == expected
    assert unfinished(study.project) == []


@pytest.mark.long
def test_training_job_killed(finished, tmp_path):
    """By a machine that is out of memory: Snakemake names the job, and the next run repeats it."""
    study = with_work_left(finished, tmp_path / "project")
    run = study.start()
    run.wait_for_job("train").kill()
    code, printed = run.end()
    assert code != 0
    assert "Error in rule train" in printed
    assert "Killed" in printed
    assert "results/logs/train/units=16" in printed
    code, printed = study.run()
    assert code == 0, printed
    assert contents(study.project) == contents(finished[1])
    assert unfinished(study.project) == []


@pytest.mark.long
def test_bare_snakemake_after_a_kill_needs_its_unlock_first(finished, tmp_path):
    """As the README shows; it then stops the jobs of the killed run."""
    study = with_work_left(finished, tmp_path / "project")
    run = study.start(command=SNAKEMAKE)
    orphan = run.wait_for_job("train")
    run.signal(signal.SIGKILL, everyone=False)
    run.end()
    code, printed = study.snakemake("--until", "evaluate")
    assert code != 0
    assert "run `snakemake --unlock` and try again" in printed
    assert study.snakemake("--unlock")[0] == 0
    code, printed = study.snakemake("--until", "evaluate")
    assert code == 0, printed
    assert not orphan.is_running()
    assert not any(process.is_running() for process in run.jobs())


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize("everyone", [True, False], ids=["everyone", "Snakemake"])
def test_study_ended_by_a_signal(finished, tmp_path, number, everyone):
    """To all processes, as a terminal or a scheduler does, or to the first alone; while it trains."""
    study, expected = with_work_left(finished, tmp_path / "project"), contents(finished[1])
    run = study.start()
    run.wait_for_job("train")
    time.sleep(3)
    run.signal(number, everyone)
    code, _ = run.end()
    assert code != 0
    assert whole(study, expected) == []
    code, printed = study.run()
    assert code == 0, printed
    assert contents(study.project) == expected
    assert unfinished(study.project) == []


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What the study of one point, in two links, comes to, and in how many seconds."""
    study = new_study(tmp_path_factory.mktemp("undisturbed") / "project", ONE_POINT)
    began = time.monotonic()
    code, printed = study.run()
    assert code == 0, printed
    return contents(study.project), time.monotonic() - began


@pytest.mark.long
def test_fifty_kills_at_random_moments(undisturbed, tmp_path):
    """From nothing, each time until a run is through; then from nothing again. Snakemake, jobs, and both are killed."""
    expected, seconds = undisturbed
    moments = random.Random(20)
    kills = Counter()
    while kills.total() < KILLS:
        study = new_study(tmp_path / f"{kills.total()}", ONE_POINT)
        while victim := kill_at_random(run := study.start(), moments, 0.8 * seconds):
            kills[victim] += 1
            if victim not in ("Snakemake", "both"):
                run.end()
            assert whole(study, expected) == []
        code, printed = run.end()
        if code:  # the last kill came too late to be seen here, not too late for a job
            code, printed = study.run()
        assert code == 0, printed
        assert contents(study.project) == expected
        assert unfinished(study.project) == []
    print(f"killed: {dict(kills)}")
    assert min(kills[victim] for victim in ("Snakemake", "train", "both")) >= 3
