"""Write the report, Markdown and one HTML file, from tables and figures (rule report)."""

import argparse
import json
import re
import sys
from collections.abc import Collection
from pathlib import Path

import jinja2

from design.labels import label_of
from files.atomic import atomic_path
from files.provenance import provenance
from files.records import Record
from published.rows import summary as published_summary
from tables.comparisons import METRICS
from tables.runs import read_csv
from tables.study import Study, add_study_argument, read_study
from writing import findings
from writing.evidence import Evidence, chosen, without_marks
from writing.live_verdicts import live_families
from writing.page import LONG_TABLE, render_page
from writing.report_tables import class_table, layer_table, small_tables
from writing.sweep_sentences import Counts, Family, comment

# Numbers of plain speech, which no table need show.
CONSTANTS = ("1", "0", "2")


def table_records(study: Study, margins: dict[str, float]) -> dict[str, Record]:
    """Return the records of all tables by rule; RecordError if one is of another study or of other margins."""
    judged = {rule: study.tables(rule, margins=margins) for rule in ("aggregate", "check_published")}
    return judged | {"resample": study.tables("resample")}


def read_tables(study: Study, records: dict[str, Record]) -> dict[str, list[dict[str, str]]]:
    """Return the rows of every table the sentences draw on, as text; RecordError if one is not as it was written."""
    names = {
        "aggregate": ("comparisons", "selection", "learning", "trends", *study.summaries),
        "resample": ("two_way",),
        "check_published": ("published", "orderings"),
    }
    return {name: read_csv(record.file(f"{name}.csv")) for rule, record in records.items() for name in names[rule]}


def families(study: Study, tables: dict, margins: dict[str, float]) -> dict[str, dict[str, Family]]:
    """Return what the sentences see of each sweep or grid, by name and metric."""
    return {
        summary: {
            metric: Family(
                summary,
                metric,
                factors,
                tables[summary],
                {
                    row["level"]: row
                    for row in tables["comparisons"]
                    if (row["summary"], row["metric"]) == (summary, metric)
                },
                margins[metric],
                study.seeds,
            )
            for metric in METRICS
        }
        for summary, factors in study.summaries.items()
    }


def comments(study: Study, tables: dict, compared: dict, published: str, counts: Counts) -> dict[str, str]:
    """Return the report's paragraphs but those on each sweep and grid, by name; those that do not apply are empty.

    Args:
        study: the study.
        tables: rows of its tables, as `read_tables` returns them.
        compared: its sweeps and grids, as `families` returns them.
        published: the published numbers as a Markdown table; empty where there are none.
        counts: takes the numbers that are counted here.
    """
    details, seeds = tables["comparisons"], study.seeds
    measured = study.tables("aggregate").label
    written = {
        "pairing": findings.pairing_comment(measured["same_initial_weights"], seeds),
        "engines": findings.engines_comment(measured["engines_apart"], measured["approximate"], counts),
        "learning": findings.learning_comment(tables["learning"], study.baseline["epochs"]),
        "turning": findings.turning_comment(tables["learning"]),
        "doubling": findings.units_comment(tables["trends"]),
        "rate": findings.rate_comment(tables["trends"], compared["learning_rate"]["accuracy"])
        if "learning_rate" in compared
        else "",
        "uncertainty": findings.uncertainty_comment(tables["two_way"], details, counts),
        "selection": findings.selection_comment(tables["selection"]),
        "single_seed": findings.single_seed_comment(tables.get("orderings", []), seeds, counts),
        "published": "",
    }
    matched = {name: [row for row in details if row["summary"] == name] for name in ("effective_rate", "keras2_rule")}
    written["effective_rate"] = findings.effective_rate_comment(matched["effective_rate"], seeds, counts)
    written["keras2_rule"] = findings.update_rule_comment(matched["keras2_rule"])
    if tables.get("published"):
        rows = [row for row in tables["published"] if not row["repeats"]]
        found = published_summary(tables["published"], study.alpha)
        written["published"] = findings.published_comment(found, rows, leading_cells(published, 4), counts)
    return written


def leading_cells(table: str, columns: int) -> list[list[str]]:
    """Return the first cells of each row of a Markdown table."""
    rows = table.splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")[:columns]] for row in rows]


def chosen_numbers(study: Study, margins: dict[str, float]) -> list[str]:
    """Return every number that the study's config chose, which prose may name without a table."""
    numbers = [name for name, factor in study.factors.items() if factor.is_number]
    levels = {setting.levels[factor] for setting in study.settings for factor in numbers}
    statistics = [*map(str, margins.values()), str(study.seeds), f"{100 * (1 - study.alpha):g}", f"{study.alpha:g}"]
    return [*levels, *statistics, *CONSTANTS]


def is_cut_off(study: Study, tables: dict) -> bool:
    """Whether an interval of a table ends at the lowest or highest value there can be."""
    compared = [row for row in tables["comparisons"] if row["metric"] == "accuracy"]
    ends = [(row[end], bound) for row in compared for end, bound in (("low", -1), ("high", 1))]
    for name in study.summaries:
        ends += [(row[end], bound) for row in tables[name] for end, bound in (("low", 0), ("high", 1), ("loss_low", 0))]
    return any(cell and float(cell) == bound for cell, bound in ends)


def render_markdown(templates: Path, context: dict) -> str:
    """Return the report with links from numbers to table rows; an unknown name in the template is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # Markdown; the page escapes whatever looks like HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["chosen"] = chosen
    text = environment.get_template("report.md.j2").render(context)
    return re.sub(r"\n{3,}", "\n\n", text)


def without_links(markdown: str) -> str:
    """Return the Markdown for reading where rows have no addresses: numbers plain, table names gone."""
    text = re.sub(r"(?<!\\)\[([^\]]+)\]\(#[^)]*\)", r"\1", markdown)
    text = re.sub(r"^\*Table: [^\n]*\*\n\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^(?:\|.*\n)+", lambda found: beginning(found[0]), text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text)


def beginning(table: str) -> str:
    """Return a Markdown table, or the first rows of a long one: sites that show Markdown refuse long files."""
    lines = table.splitlines(keepends=True)
    rows = len(lines) - 2
    if rows <= LONG_TABLE:
        return table
    return "".join(lines[: 2 + LONG_TABLE]) + f"\n(The first {LONG_TABLE} of {rows} rows; all stand in report.html.)\n"


def parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_study_argument(parser)
    parser.add_argument("--margin-accuracy", type=float, required=True)
    parser.add_argument("--margin-loss", type=float, required=True)
    parser.add_argument("--description", type=Path, required=True, help="of the baseline's network (.json)")
    parser.add_argument("--templates", type=Path, required=True)
    parser.add_argument("--config", type=Path, required=True, help="the validated config, for the record")
    parser.add_argument("--raw-folder", type=Path, required=True, help="folder of the raw files, for the record")
    parser.add_argument("--provenance", type=Path, required=True, help="the record (.json)")
    parser.add_argument("--markdown", type=Path, required=True)
    parser.add_argument("--html", type=Path, required=True)
    return parser.parse_args(argv)


def report_context(
    study: Study,
    margins: dict[str, float],
    tables: dict,
    markdown: dict[str, str],
    counts: Counts,
    figures: Collection[str],
    numbered_classes: list[str],
    layers: list[dict],
) -> dict:
    """Return what the template fills in.

    Args:
        study: the study.
        margins: practical margin δ by metric.
        tables: rows of its tables, as `read_tables` returns them.
        markdown: its tables in Markdown, by name.
        counts: takes the numbers that are counted on the way.
        figures: names of the figures that were drawn.
        numbered_classes: names of the classes where the figures show numbers instead.
        layers: of the baseline's network, as its description has them.
    """
    compared = families(study, tables, margins)
    return {
        "dataset": study.dataset,
        "network": study.network,
        "settings": ", ".join(f"{label_of(name)} {study.baseline[name]}" for name in study.network["keywords"]),
        "baseline": study.baseline,
        "seeds": study.seeds,
        "cut_off": is_cut_off(study, tables),
        "percent": f"{100 * (1 - study.alpha):g}",
        "alpha": f"{study.alpha:g}",
        "margins": margins,
        "sweeps": [name for name, factors in study.summaries.items() if factors == (name,)],
        "grids": [name for name, factors in study.summaries.items() if factors != (name,)],
        "names": {name: label_of(name) for name in study.factors},
        "longest": max((setting.levels["epochs"] for setting in study.chain() if setting.wanted_by), key=int),
        "said": {name: comment(pair["accuracy"], pair["loss"]) for name, pair in compared.items()},
        "comments": comments(study, tables, compared, markdown["published"], counts),
        "tables": markdown | small_tables(tables, counts, study.seeds) | {"network": layer_table(layers)},
        "class_table": class_table(numbered_classes),
        "figures": figures,
    }


def write_report(arguments: argparse.Namespace) -> None:
    """Write Markdown, page and record; ValueError in one line where a file or a number cannot be vouched for."""
    study = read_study(arguments.study)
    margins = {"accuracy": arguments.margin_accuracy, "loss": arguments.margin_loss}
    records = table_records(study, margins)
    tables, counts = read_tables(study, records), Counts()
    files = [records["aggregate"].file(f"{summary}.md") for summary in study.summaries]
    files.append(records["check_published"].file("published.md"))
    markdown = {path.stem: path.read_text(encoding="utf-8").strip() for path in files}
    drawn = Record(study.results / "figures" / "plot.json", **study.identity, margins=margins)
    figures = {path.stem for path in map(drawn.file, drawn.sha256) if path.suffix == ".svg"}
    layers = Record(arguments.description, network=study.network["sha256"]).label["layers"]
    numbered = drawn.label.get("numbered_classes", [])
    context = report_context(study, margins, tables, markdown, counts, figures, numbered, layers)
    linked = render_markdown(arguments.templates, context)
    Evidence([*tables.values(), counts.rows], chosen_numbers(study, margins)).check(linked)
    linked = without_marks(linked)
    raw = Record(arguments.raw_folder / "download.json", dataset=study.dataset)
    record = provenance(arguments.config, [raw.file(name) for name in raw.sha256])
    record["arithmetics"] = study.tables("aggregate").label["arithmetics"]
    record_text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    page = render_page(
        linked,
        figures=study.results / "figures",
        families=live_families(read_csv(records["aggregate"].file("differences.csv")), study.alpha, margins),
        templates=arguments.templates,
        title=f"{study.dataset}: {study.network['title']}",
        provenance=record,
        provenance_text=record_text,
    )
    written = ((arguments.markdown, without_links(linked)), (arguments.html, page), (arguments.provenance, record_text))
    for path, text in written:
        with atomic_path(path) as temporary:
            temporary.write_text(text, encoding="utf-8")


def main(argv: list[str] | None = None) -> None:
    """Command line of the rule."""
    arguments = parse_arguments(argv)
    try:
        write_report(arguments)
    except (ValueError, OSError) as error:
        sys.exit(f"ERROR: {error}")


if __name__ == "__main__":
    main()
