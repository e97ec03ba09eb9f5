"""What jobs will take: work counted by hand, times scaled by hand, schedules drawn by hand, sizes of real files."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from data.labelled_images import ImageCounts
from design import configuration
from design.plan import make_plan
from running.cost import TYPICAL
from running.forecast import (
    Expectation,
    Work,
    jobs_at_once,
    makespan,
    needed_jobs,
    read_records,
)
from running.snakemake_jobs import Job
from tables.quantities import counted, size_text, time_text

POINT = "units={units},learning_rate=0.001,momentum=0,batch_size=128,optimizer=rmsprop"


def work(images=60_000, **changes):
    raw = {"baseline": {"units": 512}, "sweeps": {"units": [32, 512, 1024]}, "replicates": 10} | changes
    study, _ = configuration.validate(raw)
    return Work(
        make_plan(study), ImageCounts(images, 10_000, (28, 28, 1)), Path("networks"), study.keep_optimizer_state
    )


def job(rule="train", units=512, seeds=(0, 9), epochs=5, **other):
    wildcards = {
        "point": POINT.format(units=units),
        "first": f"{seeds[0]}",
        "last": f"{seeds[1]}",
        "epochs": f"{epochs}",
    }
    folder = "results/benchmarks/" + "{}/{point}/seeds={first}-{last}/epochs={epochs}.tsv".format(rule, **wildcards)
    return Job(rule, wildcards, "", "", other.get("inputs", ()), other.get("outputs", ()), (), folder, 0)


def single(rule):
    return Job(rule, {}, "", "", (), (), (), f"results/benchmarks/{rule}/{rule}.tsv", 0)


def record(folder, job, seconds):
    path = folder / job.benchmark
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"s\th:m:s\tmax_rss\n{seconds}\t0:00:01\t500\n")


def test_a_link_trains_the_epochs_since_the_milestone_before():
    assert work().epochs(job(epochs=5)) == 10 * 5
    assert work().epochs(job(epochs=7, seeds=(10, 12))) == 3 * 2
    assert work().epochs(job("evaluate")) == 0


def test_seconds_are_those_of_the_description(tmp_path, monkeypatch):
    """469 steps of 1 ms and a test of 10,000 images of 10 µs an epoch; an evaluation in float64 takes twice a test."""
    monkeypatch.chdir(tmp_path)
    network = replace(TYPICAL, step_seconds=0.001, image_seconds=1e-5)
    (tmp_path / "networks").mkdir()
    (tmp_path / "networks" / "units=512,batch_size=128.json").write_text(json.dumps({"cost": asdict(network)}))
    assert work().seconds(job(epochs=7, seeds=(0, 2))) == pytest.approx(6 * (0.469 + 0.1))
    assert work().seconds(job("evaluate", seeds=(0, 2), epochs=20)) == pytest.approx(3 * 0.2)
    assert work().seconds(single("plot")) == 0


def test_a_network_without_a_description_takes_the_typical_time():
    assert Expectation(work()).seconds(job()) == pytest.approx(4 + 50 * (469 * 0.0025 + 10_000 * 1.5e-5))


def test_a_job_that_ran_before_takes_what_it_took_and_others_are_scaled_by_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    typical = Expectation(work())
    record(tmp_path, job(units=32), 3 * typical.seconds(job(units=32)))
    record(tmp_path, job(units=32, epochs=10), 5 * typical.seconds(job(units=32, epochs=10)))  # as long as the other
    record(tmp_path, single("plot"), typical.seconds(single("plot")))
    found = Expectation.from_records(work())
    assert found.seconds(job(units=32)) == pytest.approx(3 * typical.seconds(job(units=32)))
    assert found.seconds(job(units=512)) == pytest.approx(4 * typical.seconds(job(units=512)))
    assert found.seconds(single("plot")) == pytest.approx(5.5)
    assert found.slowdown("evaluate") == pytest.approx(4)  # not measured: as trainings, not as a plot or a download


def test_records_of_other_studies_and_broken_ones_do_not_count(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    record(tmp_path, job(units=48), 1000)
    record(tmp_path, job(units=1024), "NA")
    (tmp_path / "results/benchmarks/train/notes.tsv").write_text("")
    assert read_records("results/benchmarks").keys() == {job(units=48).benchmark}
    assert Expectation.from_records(work()).slowdowns == {}
    monkeypatch.chdir(tmp_path / "results")
    assert Expectation.from_records(work()).measured == {}


SECONDS = {"long": 5, "middle": 3, "short": 2}
NEEDS = {"long": set(), "middle": set(), "short": {"middle"}, "report": {"long", "short"}}


@pytest.mark.parametrize(
    ("seconds", "slots", "expected"),
    [
        (SECONDS, 1, 10),
        (SECONDS, 2, 5),  # middle, then short, beside long
        (SECONDS | {"report": 1}, 2, 6),
        (SECONDS | {"report": 1}, 9, 6),
        ({}, 2, 0),
    ],
)
def test_makespan_of_schedules_drawn_by_hand(seconds, slots, expected):
    assert makespan(seconds, NEEDS, dict.fromkeys(NEEDS, 0), slots) == expected


def test_makespan_takes_the_highest_priority_first():
    seconds, needs = {"a": 1, "b": 1, "z": 4}, {"a": set(), "b": set(), "z": set()}
    assert makespan(seconds, needs, {"a": 0, "b": 0, "z": 1}, 2) == 4
    assert makespan(seconds, needs, {"a": 1, "b": 1, "z": 0}, 2) == 5


def test_makespan_of_a_run_under_way():
    """`long` has two seconds left, `middle` is done; what a failed job would have made possible never starts."""
    left, priorities = {"long": 2, "short": 2, "report": 1}, dict.fromkeys(NEEDS, 0)
    assert makespan(left, NEEDS, priorities, 2, frozenset({"long"}), frozenset({"middle"})) == 3
    assert makespan(left, NEEDS, priorities, 1, frozenset({"long"}), frozenset({"middle"})) == 5
    assert makespan(left, NEEDS, priorities, 2, frozenset({"long"})) == 2  # `middle` failed


def test_needed_jobs_are_those_whose_files_are_read():
    first = job(epochs=5, outputs=("state", "optimizer"))
    second = job(epochs=10, inputs=("x_train.npy", "state", "optimizer"))
    assert needed_jobs([first, second]) == {first.key: set(), second.key: {first.key}}


def test_memory_limits_how_many_jobs_run_side_by_side():
    assert jobs_at_once(4, 100_000, work()) == 4
    assert jobs_at_once(4, 1_400, work()) == 2
    assert jobs_at_once(4, 100, work()) == 1


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min"), (61, "1 min 1 s"), (756, "12 min 36 s")),
        *((3_600, "1 h"), (11_100, "3 h 5 min"), (187_300, "2 d 4 h")),
    ],
)
def test_times_as_a_person_says_them(seconds, text):
    assert time_text(seconds) == text


@pytest.mark.parametrize(("size", "text"), [(340_000, "340 kB"), (48.6e6, "49 MB"), (1.266e9, "1.27 GB")])
def test_sizes(size, text):
    assert size_text(size) == text


@pytest.mark.parametrize(("number", "text"), [(1, "1 job"), (0, "0 jobs"), (2, "2 jobs"), (1650, "1,650 jobs")])
def test_things_are_counted_in_the_right_number(number, text):
    assert counted(number, "job") == text


def test_jobs_of_points_beyond_the_plan_have_no_size():
    """`--config` on the command line makes a study that the configuration files do not hold."""
    other = job(units=7)
    assert work().seconds(other) == work().bytes(other) == 0
