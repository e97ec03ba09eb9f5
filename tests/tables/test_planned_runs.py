"""The plan as the summarising scripts see it: blocks gathered, levels in order, labels."""

import argparse

import pytest

from helpers.hand_made import BASELINE, HandMade
from tables.planned_runs import add_study_arguments, planned, read_milestones

SUMMARIES = {"units": ("units",), "optimizer": ("optimizer",), "rule": ("optimizer", "epochs")}


@pytest.fixture
def study(tmp_path):
    study = HandMade(tmp_path, SUMMARIES)
    study.add("baseline units optimizer rule", [0.98] * 5, [0.1] * 5, blocks=2)
    study.add("units", [0.97] * 5, [0.1] * 5, units="1024")
    study.add("units", [0.97] * 5, [0.1] * 5, units="64")
    study.add("optimizer rule", [0.97] * 5, [0.1] * 5, optimizer="adam")
    study.add("", [0.97] * 5, [0.1] * 5, epochs="10")
    study.add("rule", [0.97] * 5, [0.1] * 5, epochs="20")
    study.add("rule", [0.97] * 5, [0.1] * 5, optimizer="adam", epochs="20")
    return study


def test_blocks_of_a_milestone_are_gathered_by_seed(study):
    first = read_milestones(study.folder / "plan.csv")[0]
    assert [block[:2] for block in first.blocks] == [(0, 2), (3, 4)]
    assert all((folder / "metrics.csv").is_file() for _, _, folder in first.blocks)
    assert first.levels == BASELINE
    assert first.wanted_by == ("baseline", "units", "optimizer", "rule")


def test_blocks_out_of_order_are_sorted(study):
    plan = study.folder / "plan.csv"
    header, *rows = plan.read_text().splitlines()
    plan.write_text("\n".join([header, *reversed(rows)]) + "\n")
    baseline = next(m for m in read_milestones(plan) if "baseline" in m.wanted_by)
    assert [block[:2] for block in baseline.blocks] == [(0, 2), (3, 4)]


def test_levels_ascend_as_numbers_not_as_text(study):
    plan = study.planned()
    assert [plan.label("units", level) for level in plan.levels("units")] == ["64", "512", "1024"]


def test_names_keep_the_order_of_the_plan_and_grids_are_sorted_by_every_factor(study):
    plan = study.planned()
    assert [plan.label("optimizer", level) for level in plan.levels("optimizer")] == ["rmsprop", "adam"]
    assert [plan.label("rule", level) for level in plan.levels("rule")] == [
        *("optimizer=rmsprop,epochs=5", "optimizer=rmsprop,epochs=20"),
        *("optimizer=adam,epochs=5", "optimizer=adam,epochs=20"),
    ]


def test_the_chain_holds_milestones_on_the_way_too(study):
    plan = study.planned()
    assert [milestone.levels["epochs"] for milestone in plan.chain()] == ["5", "10", "20"]
    assert plan.is_baseline(plan.baseline_milestone())
    assert [plan.is_baseline(milestone) for milestone in plan.chain()] == [True, False, False]


def test_arguments_are_the_plan(study):
    parser = argparse.ArgumentParser()
    add_study_arguments(parser)
    assert planned(parser.parse_args(study.arguments(0.01))) == study.planned(0.01)


def test_a_study_without_sweeps_has_only_its_baseline(tmp_path):
    study = HandMade(tmp_path, {}).add("baseline", [0.98], [0.1])
    parser = argparse.ArgumentParser()
    add_study_arguments(parser)
    plan = planned(parser.parse_args(study.arguments()))
    assert plan.summaries == {}
    assert plan.baseline_milestone().blocks[0][:2] == (0, 0)
