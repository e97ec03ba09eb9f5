"""Tables, figures and report of a study written by hand."""

import json

import matplotlib

matplotlib.use("Agg")

import check_published
import plot
import report
from files.records import write_record
from helpers.hand_made import MARGINS, NETWORK, summarised
from helpers.workflow import PROJECT

TEMPLATES = PROJECT / "workflow" / "report"


def deltas(margins=MARGINS):
    """Return the arguments that name the margins."""
    return [word for metric, margin in margins.items() for word in (f"--margin-{metric}", f"{margin}")]


DELTAS = deltas()


def finish(study, figures=False, names="0123456789"):
    """Make the tables of a study, and its figures where asked for."""
    summarised(study)
    check_published.main([*study.arguments(), *DELTAS, "--published", str(PROJECT / "config" / "published.yaml")])
    if figures:
        draw(study, names)
    else:
        write_record(study.folder / "figures" / "plot.json", [], **study.read().identity, margins=MARGINS)
    return study


def draw(study, names="0123456789", alpha=0.05, margins=MARGINS):
    """Draw the figures of a study whose tables are made."""
    look = ["--class-names", json.dumps(list(names)), "--dpi", "30", "--show-seeds", "true"]
    plot.main([*study.arguments(alpha), *deltas(margins), *look])


def write_report(study, templates=TEMPLATES, alpha=0.05, margins=MARGINS):
    """Write the report and return its Markdown."""
    folder = study.folder
    (folder / "config.json").write_text('{"alpha": 0.05}')
    (folder / "raw").mkdir(exist_ok=True)
    (folder / "raw" / "images").write_bytes(b"pixels")
    write_record(folder / "raw" / "download.json", [folder / "raw" / "images"], dataset=study.data.name)
    description = folder / "description.json"
    layers = [{"layer": "Dense", "output": [10], "parameters": 7850}]
    write_record(description, [], network=NETWORK["sha256"], layers=layers)
    report.main(
        [
            *(
                *study.arguments(alpha),
                *deltas(margins),
                "--templates",
                str(templates),
                "--description",
                str(description),
            ),
            *("--config", str(folder / "config.json"), "--raw-folder", str(folder / "raw")),
            *("--provenance", str(folder / "provenance.json"), "--markdown", str(folder / "report.md")),
            *("--html", str(folder / "report.html")),
        ]
    )
    return (folder / "report.md").read_text(encoding="utf-8")
