"""The plan holds every point once, and no edit of the config renames or retrains what another line asked for."""

import csv
import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from design.configuration import validate
from design.plan import (
    Link,
    blocks_of_seeds,
    chain,
    make_plan,
    plan_text,
    previous_milestone,
    study_text,
)
from design.point_names import canonical_name

BASELINE = "units=512,learning_rate=0.001,momentum=0,batch_size=128,optimizer=rmsprop"
POSITIVE = st.integers(1, 200)


def plan_of(**raw):
    study, _ = validate(raw)
    return make_plan(study)


def rows_of(**raw):
    return {tuple(row[:-1]) for row in csv.reader(plan_text(plan_of(**raw)).splitlines())}  # without wanted_by


@pytest.mark.parametrize(
    ("replicates", "seeds_per_job", "blocks"),
    [
        (10, 10, [(0, 9)]),
        (1, 10, [(0, 0)]),
        (3, 10, [(0, 2)]),
        (25, 10, [(0, 9), (10, 19), (20, 24)]),
        (20, 10, [(0, 9), (10, 19)]),
        (11, 10, [(0, 9), (10, 10)]),
        (3, 1, [(0, 0), (1, 1), (2, 2)]),
    ],
)
def test_seeds_are_split_at_multiples_of_seeds_per_job(replicates, seeds_per_job, blocks):
    assert blocks_of_seeds(replicates, seeds_per_job) == blocks


@given(POSITIVE, POSITIVE, POSITIVE)
def test_more_replicates_keep_complete_blocks(replicates, more, seeds_per_job):
    blocks = blocks_of_seeds(replicates, seeds_per_job)
    seeds = itertools.chain.from_iterable(range(first, last + 1) for first, last in blocks)
    assert list(seeds) == list(range(replicates))
    complete = [(first, last) for first, last in blocks if last - first + 1 == seeds_per_job]
    assert blocks_of_seeds(replicates + more, seeds_per_job)[: len(complete)] == complete


@pytest.mark.parametrize(
    ("epochs", "checkpoint_every", "milestones"),
    [
        (5, 5, [5]),
        (20, 5, [5, 10, 15, 20]),
        (7, 5, [5, 7]),
        (3, 5, [3]),
        (6, 5, [5, 6]),
        (3, 1, [1, 2, 3]),
        (1, 1, [1]),
        (7, 100, [7]),
    ],
)
def test_the_chain_of_milestones(epochs, checkpoint_every, milestones):
    assert chain(epochs, checkpoint_every) == milestones
    assert [previous_milestone(each, checkpoint_every) for each in milestones] == [0, *milestones[:-1]]


@given(POSITIVE, POSITIVE, POSITIVE)
def test_a_longer_training_grows_from_the_shorter_ones_chain(epochs, more, checkpoint_every):
    kept = [each for each in chain(epochs, checkpoint_every) if each % checkpoint_every == 0]
    assert chain(epochs + more, checkpoint_every)[: len(kept)] == kept


def test_a_study_without_sweeps_is_the_baseline():
    plan = plan_of()
    assert plan.wanted == {BASELINE: {5: ["baseline"]}}
    assert canonical_name(plan.points[BASELINE]) == BASELINE
    assert plan.evaluated() == [(BASELINE, 0, 9, 5)]


def test_a_shared_point_appears_once_and_names_all_that_want_it():
    plan = plan_of(
        sweeps={"epochs": [5, 10], "units": [64, 512], "momentum": [0, 0.9]},
        grids={"both": {"units": [64, 512], "momentum": ["0.0", 0.9]}},
    )
    assert plan.wanted == {
        BASELINE: {5: ["baseline", "epochs", "units", "momentum", "both"], 10: ["epochs"]},
        BASELINE.replace("512", "64"): {5: ["units", "both"]},
        BASELINE.replace("momentum=0", "momentum=0.9"): {5: ["momentum", "both"]},
        BASELINE.replace("512", "64").replace("momentum=0", "momentum=0.9"): {5: ["both"]},
    }
    assert list(plan.points) == list(plan.wanted)
    assert all(canonical_name(point) == name for name, point in plan.points.items())


def test_a_milestone_that_only_leads_on_is_trained_but_not_evaluated():
    plan = plan_of(sweeps={"epochs": [5, 12]}, replicates=20)
    assert plan.wanted == {BASELINE: {5: ["baseline", "epochs"], 10: [], 12: ["epochs"]}}
    blocks = [(0, 9), (10, 19)]
    assert plan.evaluated() == [(BASELINE, *block, epochs) for epochs in (5, 12) for block in blocks]
    rows = list(csv.reader(plan_text(plan).splitlines()))[1:]
    assert [row[-4:] for row in rows] == [
        [str(epochs), *map(str, block), wishes]
        for epochs, wishes in ((5, "baseline epochs"), (10, ""), (12, "epochs"))
        for block in blocks
    ]


def test_milestones_ascend_whatever_the_order_of_the_list():
    plan = plan_of(sweeps={"epochs": [20, 5, 7]}, checkpoint_every=5)
    assert list(plan.wanted[BASELINE]) == [5, 7, 10, 15, 20]


def test_a_grid_over_epochs_makes_milestones_of_its_points():
    plan = plan_of(grids={"update_rule": {"optimizer": ["rmsprop", "sgd"], "epochs": [5, 10]}})
    assert plan.wanted == {
        BASELINE: {5: ["baseline", "update_rule"], 10: ["update_rule"]},
        BASELINE.replace("rmsprop", "sgd"): {5: ["update_rule"], 10: ["update_rule"]},
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"sweeps": {"momentum": [0]}}, {"sweeps": {"momentum": [0, 0.9]}}),
        ({"sweeps": {"momentum": [0, 0.9]}}, {"sweeps": {"momentum": [0.95, 0.9, 0.0]}}),
        ({"sweeps": {"units": [64, 512]}}, {"sweeps": {"units": [64, 100, 512]}}),
        ({"sweeps": {"learning_rate": [0.1, 1]}}, {"sweeps": {"learning_rate": ["1e-5", 0.1, 1.0, 0.5]}}),
        ({"sweeps": {"epochs": [5, 10]}}, {"sweeps": {"epochs": [5, 10, 20, 40]}}),
        ({"sweeps": {"epochs": [5, 12]}}, {"sweeps": {"epochs": [5, 7, 12]}}),
        ({"sweeps": {"units": [64]}}, {"sweeps": {"units": [64], "optimizer": ["sgd"]}}),
        ({"sweeps": {"units": [64]}}, {"sweeps": {"units": [64]}, "grids": {"g": {"units": [64], "momentum": [0.5]}}}),
        ({"sweeps": {"units": [64]}}, {"sweeps": {"units": [64]}, "replicates": 20}),
    ],
)
def test_adding_a_value_leaves_all_other_jobs_as_they_were(before, after):
    assert rows_of(**before) < rows_of(**after)


def test_other_spellings_ask_for_the_same_jobs():
    one = {"units": [64, 512], "momentum": [0, 0.5], "learning_rate": [0.0001, 0.001]}
    other = {"learning_rate": ["1e-3", "1e-4"], "momentum": ["0.0", 0.50], "units": [512.0, "64"]}
    assert rows_of(sweeps=one) == rows_of(sweeps=other)


def test_the_file_names_every_value_of_every_point():
    plan = plan_of(sweeps={"learning_rate": ["1e-5", 0.001], "epochs": [5, 10]}, replicates=3)
    rows = list(csv.DictReader(plan_text(plan).splitlines()))
    assert tuple(rows[0]) == ("point", *plan.points[BASELINE], "epochs", "first_seed", "last_seed", "wanted_by")
    assert [(row["point"], row["epochs"], row["wanted_by"]) for row in rows] == [
        (BASELINE, "5", "baseline epochs learning_rate"),
        (BASELINE, "10", "epochs"),
        (BASELINE.replace("0.001", "0.00001"), "5", "learning_rate"),
    ]
    for row in rows:
        assert row["point"] == ",".join(f"{name}={row[name]}" for name in plan.points[BASELINE])
        assert (row["first_seed"], row["last_seed"]) == ("0", "2")


def test_the_study_file_holds_what_the_summarising_scripts_ask_for():
    config, _ = validate({"sweeps": {"momentum": [0, 0.5]}, "grids": {"both": {"units": [8], "epochs": [5, "10"]}}})
    assert json.loads(study_text(config, "a training", "an evaluation")) == {
        "dataset": "mnist",
        "network": {
            "name": "dense",
            "title": config.network_file.title,
            "sha256": config.network_file.sha256,
            "keywords": {"units": 512},
        },
        "baseline": {**dict(part.split("=") for part in BASELINE.split(",")), "epochs": "5"},
        "summaries": {"momentum": ["momentum"], "both": ["units", "epochs"]},
        "alpha": 0.05,
        "mixed_arithmetic": False,
        "trained_by": "a training",
        "evaluated_by": "an evaluation",
    }


# Milestones 5, 10, 12 and 20, in chains of 5: 12 goes on from 10, and so does 15, which only leads to 20.
CHAINS = {"sweeps": {"epochs": [5, 12, 20]}, "replicates": 3, "seeds_per_job": 2}


def test_links_of_a_plan():
    plan = plan_of(**CHAINS)
    trained = [Link(BASELINE, *seeds, epochs) for epochs in (5, 10, 12, 15, 20) for seeds in ((0, 1), (2, 2))]
    assert plan.trained() == plan.baseline_chain() == trained
    assert plan.evaluated() == [link for link in trained if link.epochs in (5, 12, 20)]
    assert plan.baseline() == trained[:2]
    assert [link.seeds for link in plan.baseline()] == [2, 1]
    assert trained[1].folder == f"results/runs/{BASELINE}/seeds=2-2/epochs=5"


@pytest.mark.parametrize(
    ("epochs", "start", "left"), [(5, 0, 20), (10, 5, 15), (12, 10, 2), (15, 10, 10), (20, 15, 5), (7, 5, 2)]
)
def test_a_link_starts_at_the_milestone_before_and_goes_first_if_much_waits_for_it(epochs, start, left):
    plan, link = plan_of(**CHAINS), Link(BASELINE, 0, 1, epochs)
    assert plan.start(epochs) == start
    assert plan.previous(link) == ([Link(BASELINE, 0, 1, start)] if start else [])
    assert plan.epochs(link) == epochs - start
    assert plan.epochs_left(link) == left
