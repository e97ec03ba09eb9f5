"""Write the report, Markdown and one HTML file, from tables and figures (rule report)."""

import argparse
import json
import re
from dataclasses import dataclass
from pathlib import Path

import jinja2
import pandas as pd
from markdown_it import MarkdownIt

import sentences
from atomic import atomic_path
from planned_runs import Planned, add_study_arguments, planned
from provenance import provenance


@dataclass(frozen=True)
class Section:
    """What the template shows of one sweep or grid."""

    name: str
    table: pd.DataFrame
    markdown: str
    comment: str


def read_section(study: Planned, name: str) -> Section:
    """Read one sweep's or grid's tables; every cell stays text, as it was rounded."""
    folder = study.results / "tables"
    table = pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
    markdown = (folder / f"{name}.md").read_text(encoding="utf-8").strip()
    return Section(name, table, markdown, sentences.comment(table))


def environment(templates: Path, escape: bool) -> jinja2.Environment:
    """Return the templates' environment; an unknown name in a template is an error."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        undefined=jinja2.StrictUndefined,
        autoescape=escape,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def learning(study: Planned) -> dict[str, str]:
    """Return the baseline's means at its first and last epoch, over seeds, four decimals."""
    histories = pd.concat(
        pd.read_csv(folder / "history.csv") for milestone in study.chain() for _, _, folder in milestone.blocks
    )
    means = histories.groupby("epoch").mean()
    last = int(study.baseline["epochs"])
    columns = ("train_loss", "train_accuracy", "test_loss", "test_accuracy")
    return {
        f"{when}_{column}": f"{means.loc[epoch, column]:.4f}"
        for when, epoch in (("first", 1), ("last", last))
        for column in columns
    }


def to_html(markdown: str, figures: Path) -> str:
    """Render Markdown with its figures as inline SVG, their alternative text as label."""
    body = MarkdownIt("commonmark").enable("table").render(markdown)

    def inline(match: re.Match) -> str:
        svg = (figures / Path(match["path"]).name.replace(".png", ".svg")).read_text(encoding="utf-8")
        svg = svg[svg.index("<svg") :]
        name = re.sub(r"\W", "_", Path(match["path"]).stem)
        # Identifiers are unique within one figure only; the page holds many.
        svg = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{name}_", svg)
        labelled = svg.replace("<svg", f'<svg role="img" aria-label="{match["alt"]}"', 1)
        return f"<figure>{labelled}</figure>"

    return re.sub(r'<img src="(?P<path>figures/[^"]+)" alt="(?P<alt>[^"]*)" />', inline, body)


def main(argv: list[str] | None = None) -> None:
    """Command line of the rule."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_study_arguments(parser)
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--class-names", nargs=10, required=True)
    parser.add_argument("--templates", type=Path, required=True)
    parser.add_argument("--config", type=Path, required=True, help="the validated config, for the record")
    parser.add_argument("--raw", type=Path, nargs=4, required=True, help="the data set's files, for the record")
    parser.add_argument("--provenance", type=Path, required=True, help="the record (.json)")
    parser.add_argument("--markdown", type=Path, required=True)
    parser.add_argument("--html", type=Path, required=True)
    arguments = parser.parse_args(argv)
    study = planned(arguments)
    sections = {name: read_section(study, name) for name in study.summaries}
    seeds = sum(last - first + 1 for first, last, _ in study.baseline_milestone().blocks)
    context = {
        "dataset": arguments.dataset,
        "baseline": study.baseline,
        "seeds": seeds,
        "percent": f"{100 * (1 - study.alpha):g}",
        "sweeps": {name: section for name, section in sections.items() if study.summaries[name] == (name,)},
        "grids": {name: section for name, section in sections.items() if study.summaries[name] != (name,)},
        "learning": learning(study),
        "names": sentences.NAMES,
        "milestones": [milestone for milestone in study.milestones if milestone.wanted_by],
    }
    markdown = environment(arguments.templates, escape=False).get_template("report.md.j2").render(context)
    record = provenance(arguments.config, arguments.raw)
    record_text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    html = (
        environment(arguments.templates, escape=True)
        .get_template("report.html.j2")
        .render(
            body=jinja2.utils.markupsafe.Markup(to_html(markdown, study.results / "figures")),
            dataset=arguments.dataset,
            provenance=record,
            provenance_text=record_text,
        )
    )
    files = ((arguments.markdown, markdown), (arguments.html, html), (arguments.provenance, record_text))
    for path, text in files:
        with atomic_path(path) as temporary:
            temporary.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
