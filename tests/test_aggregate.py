"""All tables of a study by the command: each one whole, on record, the same bytes twice, and none of a gone grid."""

import csv
import json

import pytest

import aggregate
from helpers.hand_made import MARGINS, HandMade, rich_study
from helpers.written_report import DELTAS


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_table_is_written_and_on_record(tmp_path):
    study = rich_study(tmp_path, 3, 1)
    aggregate.main([*study.arguments(), *DELTAS])
    record = json.loads((tmp_path / "tables" / "aggregate.json").read_text())
    names = {path.name for path in (tmp_path / "tables").iterdir()}
    assert set(record["sha256"]) == names - {"aggregate.json"}
    assert names >= {f"{summary}.{kind}" for summary in study.summaries for kind in ("csv", "md")}
    assert (record["margins"], record["alpha"]) == (MARGINS, 0.05)
    content = {path: path.read_bytes() for path in (tmp_path / "tables").iterdir()}
    aggregate.main([*study.arguments(), *DELTAS])
    assert {path: path.read_bytes() for path in (tmp_path / "tables").iterdir()} == content


def test_runs_stand_in_the_table_as_in_their_own_files_each_once_in_the_order_of_the_plan(tmp_path):
    study = HandMade(tmp_path, {"units": ("units",), "rule": ("optimizer", "epochs")})
    study.add("units", [0.97, 0.96], [0.1, float("nan")], units="1024").add("", [0.5, 0.5], [0.1, 0.1], epochs="3")
    study.add("baseline units rule", [0.98, 0.99], [0.25, 0.5])
    aggregate.main([*study.arguments(), *DELTAS])
    rows = rows_of(tmp_path / "tables" / "runs.csv")
    assert [(row["units"], row["epochs"], row["seed"], row["test_loss"]) for row in rows] == [
        *(("1024", "5", "0", "0.1"), ("1024", "5", "1", "nan"), ("512", "5", "0", "0.25"), ("512", "5", "1", "0.5")),
    ]


def test_comparisons_are_those_of_the_sweeps_in_order_and_then_the_pairs(tmp_path):
    study = rich_study(tmp_path, 3)
    aggregate.main([*study.arguments(), *DELTAS])
    rows = rows_of(tmp_path / "tables" / "comparisons.csv")
    groups = list(dict.fromkeys((row["summary"], row["metric"]) for row in rows))
    assert groups == [(name, m) for name in (*study.summaries, "effective_rate", "keras2_rule") for m in MARGINS]


def test_a_changed_file_of_a_run_is_refused_in_one_line(tmp_path):
    study = HandMade(tmp_path, {}).add("baseline", [0.98, 0.97], [0.1, 0.2])
    (metrics,) = tmp_path.glob("runs/*/*/*/metrics.csv")
    metrics.write_text(metrics.read_text().replace("0.98", "0.99"))
    with pytest.raises(SystemExit, match=r"^ERROR: .*metrics.csv: is not the file that evaluate.json"):
        aggregate.main([*study.arguments(), *DELTAS])
