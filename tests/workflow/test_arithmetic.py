"""A study begun with another arithmetic: a run says so before it trains, and goes on if the config allows it."""

import json
import shutil

from files.arithmetic import arithmetic
from files.records import write_record
from helpers.workflow import run_snakemake, write_config

OTHER = "AVX2, 1 KiB"


def test_a_study_of_another_arithmetic_is_extended_only_if_the_config_says_so(finished, tmp_path):
    project, study = finished[0], tmp_path / "study"
    shutil.copytree(finished[1], study)
    for path in (study / "results" / "runs").rglob("train.json"):
        label = json.loads(path.read_text())
        assert label["arithmetic"] == arithmetic()
        files = [path.with_name(name) for name in label.pop("sha256")]
        del label["record"]
        write_record(path, files, **label | {"arithmetic": OTHER})
    write_config(study, {"sweeps.units": [8, 16, 24]})
    refused = run_snakemake(project, study, check=False)
    assert refused.returncode == 1
    (line,) = [line for line in refused.stderr.splitlines() if line.startswith("ERROR")]
    assert f"trained with the arithmetic {OTHER}. Received: a machine with {arithmetic()}" in line
    assert not list((study / "results" / "runs").glob("units=24,*"))
    write_config(study, {"sweeps.units": [8, 16, 24], "mixed_arithmetic": True})
    run_snakemake(project, study)
    tables = json.loads((study / "results" / "tables" / "aggregate.json").read_text())
    assert tables["arithmetics"] == sorted([arithmetic(), OTHER])
