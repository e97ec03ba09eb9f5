"""The runs of a study and a random sample of them: reproducible, fair, and its share of the work by hand."""

import json
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from running.cost import TYPICAL, training_seconds
from running.sample import draw, evaluated_runs, training_share

LEVELS = {"units": "8", "learning_rate": "0.1", "momentum": "0", "batch_size": "1", "optimizer": "sgd"}
ROW = {"point": "p", **LEVELS, "first_seed": "0", "last_seed": "2", "wanted_by": "x"}
PLAN = [ROW | {"epochs": "2"}, ROW | {"epochs": "4"}]
BASELINE = {"units": 8, "learning_rate": 0.1, "momentum": 0, "batch_size": 1, "optimizer": "rmsprop", "epochs": 2}


def test_every_seed_of_an_evaluated_milestone_is_a_run():
    runs = evaluated_runs([PLAN[0] | {"wanted_by": ""}, PLAN[1]], Path("results"))
    assert [(run.seed, run.epochs, str(run.folder)) for run in runs] == [
        (seed, 4, "results/runs/p/seeds=0-2/epochs=4") for seed in range(3)
    ]
    assert runs[1].name(BASELINE) == "optimizer=sgd, seed 1, 4 epochs"


def test_the_sample_is_reproducible_and_holds_no_run_twice():
    runs = evaluated_runs(PLAN, Path("results"))
    assert draw(runs, 4, 3) == draw(runs, 4, 3)
    assert draw(runs, 4, 3) != draw(runs, 4, 4)
    assert sorted(draw(range(310), 310, 0)) == list(range(310))


def test_every_run_is_as_likely_as_any_other():
    """Of 4,000 draws of 2 out of 8, 1,000 hold a given one, give or take 27 (SD)."""
    drawn = Counter(run for seed in range(4000) for run in draw(range(8), 2, seed))
    assert all(abs(drawn[run] - 1000) < 5 * 27 for run in range(8))


@pytest.mark.parametrize(("number", "seed"), [(0, 0), (7, 0), (1, -1)])
def test_an_impossible_sample_is_refused(number, seed):
    with pytest.raises(ValueError, match="expected 1 to 6 runs and a seed from 0"):
        draw(range(6), number, seed)


def test_share_of_the_study_by_hand(tmp_path):
    """A chain to 2 and 4 epochs with 3 seeds each: 12 epochs in all, the longer run alone is 4 of them."""
    runs = evaluated_runs(PLAN, Path("results"))
    assert training_share([runs[-1]], PLAN, 2, (60_000, 10_000), tmp_path) == pytest.approx(4 / 12)
    cost = asdict(replace(TYPICAL, step_seconds=0.1, image_seconds=0.0))
    (tmp_path / "units=16,batch_size=8.json").write_text(json.dumps({"cost": cost}))
    wide = replace(runs[0], levels=runs[0].levels | {"units": "16", "batch_size": "8"})
    ratio = 7_500 * 0.1 / training_seconds(LEVELS, 1, 60_000, 10_000, tmp_path)
    assert training_share([wide], PLAN, 2, (60_000, 10_000), tmp_path) == pytest.approx(ratio * 2 / 12)
