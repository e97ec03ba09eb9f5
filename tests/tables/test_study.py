"""A study as the summarising scripts see it: blocks gathered, levels in order, labels, records of its own alone."""

import json

import pytest

from files.records import RecordError, write_record
from helpers.hand_made import ARITHMETIC, ENGINES, MARGINS, NETWORK, HandMade, put_on_record
from helpers.hand_made import BASELINE as BASELINE_LEVELS
from tables.study import BASELINE, read_settings, read_study

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


def test_blocks_of_a_setting_are_gathered_by_seed(study):
    first = read_settings(study.folder / "plan.csv")[0]
    assert [block[:2] for block in first.blocks] == [(0, 2), (3, 4)]
    assert all((folder / "metrics.csv").is_file() for _, _, folder in first.blocks)
    assert first.levels == BASELINE_LEVELS
    assert first.wanted_by == ("baseline", "units", "optimizer", "rule")


def test_blocks_out_of_order_are_sorted(study):
    plan = study.folder / "plan.csv"
    header, *rows = plan.read_text().splitlines()
    plan.write_text("\n".join([header, *reversed(rows)]) + "\n")
    baseline = next(m for m in read_settings(plan) if "baseline" in m.wanted_by)
    assert [block[:2] for block in baseline.blocks] == [(0, 2), (3, 4)]


def test_levels_ascend_as_numbers_not_as_text(study):
    read = study.read()
    assert [level.label for level in read.levels("units")] == ["64", "512", "1024"]


def test_names_keep_the_order_of_the_plan_and_grids_are_sorted_by_every_factor(study):
    read = study.read()
    assert [level.label for level in read.levels("optimizer")] == ["rmsprop", "adam"]
    assert [level.label for level in read.levels("rule")] == [
        *("optimizer=rmsprop,epochs=5", "optimizer=rmsprop,epochs=20"),
        *("optimizer=adam,epochs=5", "optimizer=adam,epochs=20"),
    ]


def test_the_chain_holds_settings_on_the_way_too(study):
    read = study.read()
    assert [setting.levels["epochs"] for setting in read.chain()] == ["5", "10", "20"]
    assert read.baseline_setting() == read.chain()[0]


def test_the_baseline_is_marked_and_stands_alone_under_a_name_of_its_own(study):
    read = study.read()
    assert [level.is_baseline for level in read.levels("units")] == [False, True, False]
    assert [(level.setting, level.is_baseline) for level in read.levels(BASELINE)] == [(read.baseline_setting(), True)]


def test_a_study_is_read_from_its_file_and_the_plan_beside_it(tmp_path):
    study = HandMade(tmp_path, {"units": ("units",)}).add("baseline units", [0.98, 0.97], [0.1, 0.2])
    summaries = {"rule": ["optimizer", "epochs"]}
    content = {
        "dataset": "mnist",
        "network": NETWORK,
        "baseline": BASELINE_LEVELS,
        "summaries": summaries,
        "alpha": 0.01,
    }
    content["mixed_arithmetic"] = False
    (tmp_path / "study.json").write_text(json.dumps(content | ENGINES))
    read = read_study(tmp_path / "study.json")
    assert (read.dataset, read.baseline, read.alpha, read.seeds) == ("mnist", BASELINE_LEVELS, 0.01, 2)
    assert read.summaries == {"rule": ("optimizer", "epochs")}
    assert [setting.levels for setting in read.settings] == [BASELINE_LEVELS]
    assert list(read.factors) == list(BASELINE_LEVELS)
    assert read.origin.arrays.path == study.data / "preprocess.json"
    assert read.results == tmp_path


def test_a_study_without_sweeps_has_only_its_baseline(tmp_path):
    read = HandMade(tmp_path, {}).add("baseline", [0.98], [0.1]).read()
    assert read.summaries == {}
    assert read.baseline_setting().blocks[0][:2] == (0, 0)


def test_tables_of_another_study_or_other_margins_are_refused(study):
    record = study.folder / "tables" / "aggregate.json"
    write_record(record, [], **study.read().identity, margins=MARGINS)
    assert study.read().tables("aggregate", margins=MARGINS).path == record
    with pytest.raises(RecordError, match=r"expected alpha=0.01. Received: alpha=0.05"):
        study.read(0.01).tables("aggregate", margins=MARGINS)
    with pytest.raises(RecordError, match="expected margins="):
        study.read().tables("aggregate", margins=MARGINS | {"loss": 0.01})


def test_runs_of_two_arithmetics_are_refused_unless_the_config_allows_them(study):
    assert study.read().arithmetics() == [ARITHMETIC]
    folder = study.folder / "runs" / study.plan[-1]["point"] / "seeds=0-4" / "epochs=20"
    label = {"point": study.plan[-1]["point"], "seeds": [0, 4], "epochs": 20}
    put_on_record(folder, study.data, **label, arithmetic="AVX2, 32 KiB")
    with pytest.raises(RecordError, match=r"different arithmetic: AVX-512, 48 KiB; AVX2, 32 KiB\. .*`mixed_arithmetic"):
        study.read().arithmetics()
    assert read_study(study.write(mixed_arithmetic=True)).arithmetics() == [ARITHMETIC, "AVX2, 32 KiB"]
