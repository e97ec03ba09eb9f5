"""A small report: two sweeps and a grid, each with table and figure, and all that a page must withstand."""

import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from stats.paired_verdicts import compare_family
from writing import live_verdicts, page

TEMPLATES = Path(__file__).resolve().parents[2] / "workflow" / "report"
STUDY = {"accuracy": {"margin": 0.001, "higher_is_better": True}, "loss": {"margin": 0.005, "higher_is_better": False}}
LEVELS = {
    "units": ["32", "512", "1024"],
    "learning_rate": ["0.00001", "0.001", "0.1"],
    "update_rule": [
        *("optimizer=rmsprop,epochs=5", "optimizer=rmsprop,epochs=20"),
        *("optimizer=rmsprop_keras2,epochs=5", "optimizer=rmsprop_keras2,epochs=20"),
    ],
}
BASELINES = {"units": "512", "learning_rate": "0.001", "update_rule": "optimizer=rmsprop,epochs=5"}
PROVENANCE = {
    "finished": "2025-11-22T18:50:12+00:00",
    "commit": "0856058a1b2c3d4e5f60718293a4b5c6d7e8f901 with local changes",
    "cpu": "A processor with a rather long name @ 2.80GHz",
    "arithmetics": ["AVX-512, 48 KiB"],
    "packages": {"tensorflow": "2.21.0", "keras": "3.15.0", "snakemake": "9.27.1"},
}
INTRODUCTION = """# A dense network on mnist

Some <b>text</b> with a [reference](https://arxiv.org/abs/2103.03098), a number from a row,
[0.97902](#units-512), one of a grid, [0.98251](#update_rule-rmsprop_keras2-20), `code`, and a long word:
units=512,learning_rate=0.001,momentum=0,batch_size=128,optimizer=rmsprop_keras2.
"""
LONG = "A sentence long enough for a line to be full, so that the width of the text can be measured. "


def table(name: str) -> str:
    """Return a table as the report writes it, under its name."""
    grid = "=" in LEVELS[name][0]
    factors = [part.partition("=")[0] for part in LEVELS[name][0].split(",")] if grid else [name]
    header = [*factors, "n", "test accuracy ± SD", "95 % interval", "difference to baseline"]
    header += ["test loss ± SD", "95 % interval", "difference to baseline"]
    lines = [f"*Table: {name}.*", "", f"| {' | '.join(header)} |", "|---" * len(header) + "|"]
    for level in LEVELS[name]:
        cells = [*(part.rpartition("=")[2] for part in level.split(",")), "10"]
        difference = "baseline" if level == BASELINES[name] else "-0.01181 (-0.01321 … -0.01041)"
        cells += ["0.97902 ± 0.00235", "0.97734 … 0.98070", difference] * 2
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def markdown() -> str:
    """Return the report."""
    parts = [INTRODUCTION, LONG * 8]
    for name in LEVELS:
        title = name.replace("_", " ").capitalize()
        parts += [f"## {title}", f"![Test accuracy by {title.lower()}](figures/lines.png)", table(name), LONG * 3]
    return "\n\n".join([*parts, "## Errors & classes", "![Confusion matrix](figures/picture.png)", LONG])


def draw(folder: Path) -> Path:
    """Write `lines.svg`, and `picture.svg` which holds an image with text in its cells; return their folder."""
    folder.mkdir(parents=True)
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "study", "font.size": 9, "axes.grid": True}):
        figure, panels = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
        for panel in panels:
            panel.plot(
                [1, 2, 3], [0.95, 0.97, 0.98], color="#0072B2", marker="o", markeredgecolor="white", label="test"
            )
            panel.axhline(0.96, color="#D55E00")
            panel.set(xlabel="epoch", ylabel="accuracy")
            panel.legend()
        figure.suptitle("Epochs < 4 & more")
        figure.savefig(folder / "lines.svg")
        plt.close(figure)
        figure, panel = plt.subplots(figsize=(4, 4))
        panel.grid(False)
        panel.imshow(np.arange(4).reshape(2, 2), cmap="Blues")
        panel.text(1, 1, "white", color="white")
        panel.text(0, 0, "black", color="black")
        figure.savefig(folder / "picture.svg")
        plt.close(figure)
    return folder


def families() -> list[dict]:
    """Return the families of both metrics: clear, small and unclear differences, all of ten seeds."""
    generator = np.random.default_rng(0)
    found = []
    for metric, study in STUDY.items():
        scale = study["margin"]
        for name, levels in LEVELS.items():
            labels = [level for level in levels if level != BASELINES[name]]
            baseline = generator.normal(0.98, scale, 10)
            shifts = np.array([-20, 0.1, 1.2])[: len(labels), None] * scale
            others = baseline + shifts + generator.normal(0, 0.8 * scale, (len(labels), 10))
            compared = compare_family(baseline, others, alpha=0.05, **study)
            found.append(live_verdicts.family(name, metric, labels, compared, alpha=0.05, **study))
    return found


def rendered(figures: Path, **changes) -> str:
    """Return the page, some arguments of `render_page` changed."""
    arguments = {
        "markdown": markdown(),
        "figures": figures,
        "families": families(),
        "templates": TEMPLATES,
        "title": "A dense network on mnist",
        "provenance": PROVENANCE,
        "provenance_text": json.dumps(PROVENANCE, indent=2) + "\n",
    } | changes
    return page.render_page(arguments.pop("markdown"), **arguments)
