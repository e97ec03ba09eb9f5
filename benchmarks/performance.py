"""Table and figure of what was measured: `.venv/bin/python benchmarks/performance.py` (last step of `make benchmark`).

Reads race.csv, race_convolutional.csv, study.csv, edit.csv and growth.csv of results/performance, as far as they exist,
and writes table.md and a figure of every race beside them. A contestant's time is compared with the limit and with this
project within each round; the table has the medians over the rounds.
"""

import argparse
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import tabulate

import measurements
from figures.style import BLUE, GREY, ORANGE, STYLE

PROJECT = Path(__file__).resolve().parents[1]
NAMES = {
    "limit": "the limit: matrix products alone",
    "this project": "this project",
    "plain_loop": "a loop of `model.fit`",
    "joblib_workers": "joblib",
    "optuna_grid": "Optuna, grid sampler",
    "ray_tune": "Ray Tune",
    "keras_tuner_grid": "KerasTuner, grid search",
}


def variant(row: dict[str, str]) -> str:
    """Return a contestant's variant in words; the limit and this project have none."""
    if row["contestant"] in ("limit", "this project"):
        return ""
    return f"{'tuned' if row['tuned'] == 'True' else 'as documented'}, {'XLA' if row['jit'] == 'True' else 'no XLA'}"


def race_rows(rows: list[dict[str, str]], runs: int) -> list[dict]:
    """Return one row a contestant, fastest first: medians of seconds and of the ratios within each round."""
    rows = [row for row in rows if int(row["runs"]) == runs]
    seconds = {(row["contestant"], variant(row), row["round"]): float(row["seconds"]) for row in rows}
    found = []
    for name, kind in dict.fromkeys((name, kind) for name, kind, _ in seconds):
        rounds = [number for other, same, number in seconds if (other, same) == (name, kind)]
        times = [seconds[name, kind, number] for number in rounds]
        ratios = {
            ratio: [seconds[name, kind, number] / seconds[other, "", number] for number in rounds]
            for ratio, other in (("to_limit", "limit"), ("to_project", "this project"))
            if (other, "", rounds[0]) in seconds
        }
        found.append(
            {"contestant": name, "variant": kind, "rounds": len(rounds), "seconds": statistics.median(times)}
            | {ratio: statistics.median(values) for ratio, values in ratios.items()}
        )
    return sorted(found, key=lambda row: row["seconds"])


def race_table(rows: list[dict]) -> str:
    """Return the rows of `race_rows` as a Markdown table."""
    cells = [
        [
            NAMES[row["contestant"]],
            row["variant"],
            row["rounds"],
            f"{row['seconds']:.0f}",
            f"{row['to_limit']:.2f}" if "to_limit" in row else "–",
            f"{row['to_project']:.2f}",
        ]
        for row in rows
    ]
    headers = ["contestant", "variant", "rounds", "seconds", "× the limit", "× this project"]
    return tabulate.tabulate(cells, headers, tablefmt="github", disable_numparse=True)


def draw_race(rows: list[dict], name: str, runs: int, folder: Path) -> None:
    """Draw one bar a contestant, with the limit, where there is one, as a line; {name}_{runs}.svg and .png."""
    shown = [row for row in reversed(rows) if row["contestant"] != "limit"]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(8, 1 + 0.28 * len(shown)))
        names = [", ".join(filter(None, (NAMES[row["contestant"]].replace("`", ""), row["variant"]))) for row in shown]
        colours = [BLUE if row["contestant"] == "this project" else GREY for row in shown]
        bars = axes.barh(names, [row["seconds"] for row in shown], color=colours)
        axes.bar_label(bars, [f" {row['seconds']:.0f} s" for row in shown])
        for least in (row["seconds"] for row in rows if row["contestant"] == "limit"):
            axes.axvline(least, color=ORANGE, label=f"the limit, {least:.0f} s")
            axes.legend(loc="upper right")  # beside the shortest bars
        axes.margins(x=0.12)
        axes.set_xlabel(f"seconds for {runs} runs, data to metrics")
        axes.grid(axis="y", visible=False)
        for ending in ("svg", "png"):
            figure.savefig(
                folder / f"{name}_{runs}.{ending}", dpi=150, metadata={"Date": None} if ending == "svg" else None
            )
        plt.close(figure)


def plain_table(rows: list[dict[str, str]]) -> str:
    """Return rows of a CSV as a Markdown table, its columns as headers."""
    return tabulate.tabulate(
        [[value.replace("_", " ") for value in row.values()] for row in rows],
        [name.replace("_", " ") for name in rows[0]],
        tablefmt="github",
        disable_numparse=True,
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=PROJECT / "results" / "performance")
    arguments = parser.parse_args()
    parts = []
    for name, network in (("race", "dense"), ("race_convolutional", "convolutional")):
        races = measurements.read(arguments.folder / f"{name}.csv")
        for runs in sorted({int(row["runs"]) for row in races}):
            rows = race_rows(races, runs)
            parts.append(f"{runs} runs, {network} network:\n\n{race_table(rows)}")
            draw_race(rows, name, runs, arguments.folder)
    for name in ("study", "edit", "growth"):
        rows = measurements.read(arguments.folder / f"{name}.csv")
        if rows:
            parts.append(f"{name.capitalize()}:\n\n{plain_table(rows)}")
    text = "\n\n".join(parts) + "\n"
    (arguments.folder / "table.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
