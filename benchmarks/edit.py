"""One learning rate added to a finished study: `.venv/bin/python benchmarks/edit.py DATA_STUDY`.

The runs are those of race.py. This project and DVC keep what was trained and train the new point; this project's time
runs to the new report, DVC's to a table of means. A loop of `model.fit` and joblib keep nothing, as Ray Tune and
KerasTuner do for a search space that has changed: they train everything again. DATA_STUDY as in race.py. Rows go to
results/performance/edit.csv; what is there is not measured again.
"""

import argparse
import json
import tempfile
from pathlib import Path

import yaml

import measurements
import race

NEW_LEARNING_RATE = 0.0005  # that of peers/dvc_study.py


def project_edit(folder: Path, data_study: Path, replicates: int) -> tuple[float, float]:
    """Return this project's seconds for the study and for the edit, both to the report."""
    study = folder / "study"
    race.copy_data(data_study, study)
    config = race.project_config(replicates)
    call = race.snakemake_call(study)
    times = []
    for more in ([], [NEW_LEARNING_RATE]):
        config["sweeps"]["learning_rate"] = [*race.SWEEPS["dense"]["learning_rate"], *more]
        (study / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        times.append(race.timed(call, folder))
    return tuple(times)


def dvc_edit(folder: Path, data: Path, replicates: int) -> tuple[float, float]:
    """Return DVC's seconds for the study and for the edit."""
    runs = folder / "runs.json"
    runs.write_text(json.dumps(race.list_of_runs(replicates)), encoding="utf-8")
    program = str(race.PEERS / "dvc_study.py")
    race.timed([str(race.PEERS_PYTHON), program, str(folder / "dvc"), str(data), str(runs)], folder)
    times = json.loads((folder / "output.txt").read_text().splitlines()[-1])
    return times["first"], times["one learning rate more"]


def everything_again(folder: Path, data: Path, replicates: int, program: str) -> tuple[float, float]:
    """Return the seconds of a peer that keeps nothing: for the runs, and for all of them with the new point."""
    times = []
    for more in (False, True):
        runs = race.list_of_runs(replicates)
        if more:
            runs += [runs[0] | {"learning_rate": NEW_LEARNING_RATE, "seed": seed} for seed in range(replicates)]
        (folder / "runs.json").write_text(json.dumps(runs), encoding="utf-8")
        paths = [str(path) for path in (folder / "runs.json", data, folder / "results.csv")]
        call = [str(race.PEERS_PYTHON), str(race.PEERS / f"{program}.py"), *paths, "--tuned"]
        times.append(race.timed(call, folder))
    return tuple(times)


def measure(contestant: str, folder: Path, data_study: Path, replicates: int) -> tuple[float, float]:
    """Return a contestant's seconds for the study and for the edit."""
    data = data_study / "results" / "data" / "mnist"
    if contestant == "this project":
        return project_edit(folder, data_study, replicates)
    if contestant == "dvc":
        return dvc_edit(folder, data, replicates)
    return everything_again(folder, data, replicates, contestant)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_study", type=Path)
    parser.add_argument("--replicates", type=int, default=2, help="seeds of each of the six points")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--output", type=Path, default=race.PROJECT / "results" / "performance" / "edit.csv")
    arguments = parser.parse_args()
    for round_number in range(1, arguments.rounds + 1):
        for contestant in ("this project", "dvc", "joblib_workers", "plain_loop"):
            key = {"contestant": contestant, "runs": 6 * arguments.replicates, "round": round_number}
            if measurements.measured(arguments.output, **key):
                continue
            with tempfile.TemporaryDirectory() as folder:
                times = measure(contestant, Path(folder), arguments.data_study.resolve(), arguments.replicates)
            row = dict(zip(("study_seconds", "edit_seconds"), (f"{seconds:.1f}" for seconds in times), strict=True))
            measurements.add(arguments.output, **key, **row)
            print(f"{contestant}: study {row['study_seconds']} s, edit {row['edit_seconds']} s", flush=True)


if __name__ == "__main__":
    main()
