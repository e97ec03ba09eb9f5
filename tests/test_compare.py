"""Two studies side by side: differences put in by hand are found, noise is not, and p-values are those of a study."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import compare
from files.records import write_record
from helpers.hand_made import HandMade, summarised
from helpers.workflow import run_script

SEEDS = np.random.default_rng(1).normal(0, 0.001, (6, 10))
BASELINE = {"units": 512, "learning_rate": 0.001, "momentum": 0, "batch_size": 128, "optimizer": "rmsprop", "epochs": 5}
CONFIG = {"dataset": "digits", "replicates": 10, "alpha": 0.05, "baseline": BASELINE}


def study(folder, shift=0.0, seeds=10, units=("32", "64"), **settings):
    """Write a study whose accuracies at 32 units are shifted; with fewer seeds, other runs are drawn."""
    made = HandMade(folder, {"units": ("units",)})
    noise = SEEDS[:3] if seeds == 10 else SEEDS[3:]
    for row, width in enumerate(("512", *units)):
        accuracy = 0.97 + noise[row % 3][:seeds] + (shift if width == "32" else 0)
        wanted = "baseline units" if width == "512" else "units"
        made.add(wanted, np.round(accuracy, 4), 0.1 + noise[row % 3][:seeds], units=width)
    summarised(made)
    (folder / "provenance.json").write_text(json.dumps({"config": CONFIG | settings}))
    (folder / "config.json").write_text("{}")  # of a later edit
    published(folder, "reproduced")
    return folder


def published(folder, verdict):
    """Write the tables of published numbers and orderings, and their record."""
    paths = [folder / "tables" / f"{name}.csv" for name in ("orderings", "published")]
    for path in paths:
        own = verdict if path.stem == "published" else "reproduced"
        path.write_text(f"id,optimizer,verdict\nfirst,rmsprop,{own}\nfirst,rmsprop_keras2,not reproduced\n")
    write_record(folder / "tables" / "check_published.json", paths)


def test_a_study_beside_itself(tmp_path):
    one = compare.read_study(study(tmp_path / "one"))
    text = compare.report(one, one)
    assert text.count("None.") == 3
    assert "3 in both, 3 of them equal in every seed that both trained." in text
    assert [row.p_holm for row in compare.compared(one, one, 0.05)] == [1] * 6


def test_a_shift_is_found_and_settings_verdicts_and_missing_points_are_told(tmp_path):
    one = study(tmp_path / "one")
    two = study(tmp_path / "two", shift=0.01, units=("32", "128"), baseline=BASELINE | {"optimizer": "adam"})
    published(two, "not reproduced")
    lines = [" ".join(line.split()) for line in run_script("compare", [str(one), str(two)]).stdout.splitlines()]
    assert '| baseline.optimizer | "rmsprop" | "adam" |' in lines
    assert "Only here: units=64." in lines
    assert "Only in the other: units=128." in lines
    assert "| published | first rmsprop | reproduced | not reproduced |" in lines
    (shifted,) = [line for line in lines if "| +0.0100 |" in line]
    assert shifted.startswith("| units=32 | accuracy |")
    assert shifted.endswith("| 10 | 0.00195 |")  # of 1,024 patterns of signs 2, alone in its family


def test_fewer_seeds_of_the_same_study_agree(tmp_path):
    one = compare.read_study(study(tmp_path / "one"))
    fewer = {point: {seed: runs[seed] for seed in ("0", "1", "2")} for point, runs in one.runs.items()}
    text = compare.report(one, compare.FinishedStudy(one.config, one.settings, fewer, one.verdicts))
    assert "3 in both, 3 of them equal in every seed" in text


def test_p_values_are_scipys_permutation_test_on_the_common_seeds(tmp_path):
    """Of other draws: the seeds 2 to 9 of ten, in two levels of one sweep and the baseline, which stands alone."""
    one = compare.read_study(study(tmp_path / "one"))
    two = compare.FinishedStudy(one.config, one.settings, {}, one.verdicts)
    for row, (condition, runs) in enumerate(one.runs.items()):
        noise = SEEDS[(row + 1) % 3]
        two.runs[condition] = {seed: (a + noise[int(seed)], b) for seed, (a, b) in runs.items() if int(seed) > 1}
        two.runs[condition] |= {"77": (0, 0)}
    found = {(dict(row.condition)["units"], row.metric): row for row in compare.compared(one, two, 0.05)}
    p_values = {}
    for row, (condition, runs) in enumerate(one.runs.items()):
        values = SEEDS[(row + 1) % 3][2:]
        test = stats.permutation_test((values,), np.sum, permutation_type="samples", n_resamples=np.inf)
        units = dict(condition)["units"]
        p_values[units] = test.pvalue
        assert found[units, "accuracy"].seeds == 8
        assert found[units, "accuracy"].means[0] == pytest.approx(
            np.mean([runs[f"{seed}"][0] for seed in range(2, 10)])
        )
    low, high = sorted((p_values["32"], p_values["64"]))
    adjusted = sorted(found[units, "accuracy"].p_holm for units in ("32", "64"))
    assert adjusted == pytest.approx([min(1, 2 * low), max(min(1, 2 * low), high)])
    assert found["512", "accuracy"].p_holm == pytest.approx(p_values["512"])
    assert [found[units, "loss"].p_holm for units in ("32", "64", "512")] == [1, 1, 1]


@pytest.mark.parametrize(
    ("seeds", "sentence"),
    [
        (0, "Fewer than two seeds in common, so no p-value: baseline, units=32, units=64."),
        (1, "Fewer than two seeds in common, so no p-value: baseline, units=32, units=64."),
        (5, "Too few seeds in common for any difference to be significant: baseline, units=32, units=64."),
        (6, "Too few seeds in common for any difference to be significant: units=32, units=64."),
    ],
)
def test_too_few_common_seeds_are_named(tmp_path, seeds, sentence):
    """Six seeds can give 2/64 = 0.03 at least: less than 0.05 in the baseline's family of one, not in one of two."""
    one = compare.read_study(study(tmp_path / "one"))
    runs = {
        condition: {seed if int(seed) < seeds else f"{seed}0": (a + 0.1, b) for seed, (a, b) in runs.items()}
        for condition, runs in one.runs.items()
    }
    text = compare.report(one, compare.FinishedStudy(one.config, one.settings, runs, one.verdicts))
    assert sentence in text
    assert len(re.findall("Fewer than|Too few", text)) == 1
    assert ("| baseline | accuracy |" in " ".join(text.split())) == (seeds == 6)


def test_what_is_no_finished_study_gets_one_line(tmp_path):
    one = study(tmp_path / "one")
    done = run_script("compare", [str(one), str(tmp_path / "nowhere")], check=False)
    assert done.returncode != 0
    assert done.stderr.startswith(f"ERROR: {tmp_path / 'nowhere'} holds no finished study:")
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_with_results_in_it_is_a_study(finished, tmp_path):
    copy = shutil.copytree(finished[1] / "results", tmp_path / "results", ignore=shutil.ignore_patterns("*.npz"))
    text = run_script("compare", [str(finished[1]), str(Path(copy).parent)]).stdout
    assert "4 in both, 4 of them equal in every seed that both trained." in text


@pytest.mark.parametrize("name", ["runs", "comparisons", "published", "orderings"])
def test_a_table_that_was_changed_is_no_finding(tmp_path, name):
    one = study(tmp_path / "one")
    path = one / "tables" / f"{name}.csv"
    path.write_text(path.read_text().replace("0", "1", 1).replace("reproduced", "refuted", 1))
    done = run_script("compare", [str(one), str(one)], check=False)
    assert done.returncode == 1
    assert re.fullmatch(rf"ERROR: .* holds no finished study: .*{name}.csv: is not the file that .*\n", done.stderr)


def test_a_baseline_whose_epochs_a_sweep_begins_below_is_named_as_such(tmp_path):
    """The plan lists a point's epochs from the smallest, which need not be the baseline's."""
    made = HandMade(tmp_path / "one", {"epochs": ("epochs",)})
    made.add("epochs", np.full(10, 0.9), np.full(10, 0.3), epochs="1")
    made.add("baseline epochs", np.full(10, 0.97), np.full(10, 0.1))
    summarised(made)
    (made.folder / "provenance.json").write_text(json.dumps({"config": CONFIG}))
    published(made.folder, "reproduced")
    one = compare.read_study(made.folder)
    shorter = {point: runs for point, runs in one.runs.items() if dict(point)["epochs"] != "1"}
    text = compare.report(one, compare.FinishedStudy(one.config, one.settings, shorter, one.verdicts))
    assert "Only here: epochs=1." in text
