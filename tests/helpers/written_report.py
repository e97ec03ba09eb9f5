"""Tables, figures and report of a study written by hand."""

import json

import matplotlib

matplotlib.use("Agg")

import check_published
import plot
import report
from files.records import write_record
from helpers.hand_made import summarised
from helpers.workflow import PROJECT

TEMPLATES = PROJECT / "workflow" / "report"
DELTAS = ["--margin-accuracy", "0.001", "--margin-loss", "0.005"]


def finish(study, figures=False, dataset="mnist", names="0123456789"):
    """Make the tables of a study, and its figures where asked for."""
    summarised(study)
    published = ["--dataset", dataset, "--published", str(PROJECT / "config" / "published.yaml")]
    check_published.main([*study.arguments(), *DELTAS, *published])
    if figures:
        look = ["--class-names", json.dumps(list(names)), "--dpi", "30", "--show-seeds", "true"]
        plot.main([*study.arguments(), *DELTAS, *look])
    else:
        write_record(study.folder / "figures" / "plot.json", [], **study.planned().identity)
    return study


def write_report(study, templates=TEMPLATES, alpha=0.05, dataset="mnist"):
    """Write the report and return its Markdown."""
    folder = study.folder
    (folder / "config.json").write_text('{"alpha": 0.05}')
    (folder / "raw").mkdir(exist_ok=True)
    (folder / "raw" / "images").write_bytes(b"pixels")
    write_record(folder / "raw" / "download.json", [folder / "raw" / "images"], dataset=dataset)
    report.main(
        [
            *(*study.arguments(alpha), *DELTAS, "--dataset", dataset, "--templates", str(templates)),
            *("--config", str(folder / "config.json"), "--raw-folder", str(folder / "raw")),
            *("--provenance", str(folder / "provenance.json"), "--markdown", str(folder / "report.md")),
            *("--html", str(folder / "report.html")),
        ]
    )
    return (folder / "report.md").read_text(encoding="utf-8")
