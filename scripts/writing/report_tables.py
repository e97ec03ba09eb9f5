"""The report's tables that belong to no sweep or grid, as Markdown."""

from tabulate import tabulate

from published.markdown import literal
from tables.summary_tables import shortened, signed
from writing.sweep_sentences import Counts


def markdown_table(name: str, header: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table under its name; empty where there are no rows."""
    if not rows:
        return ""
    return f"*Table: {name}.*\n\n{tabulate(rows, header, 'github', disable_numparse=True)}"


def interval(row: dict[str, str]) -> str:
    """Return `low … high` of a difference, shortened and signed; a dash where there is none."""
    return f"{signed(row['low'])} … {signed(row['high'])}" if row["low"] else "–"


def small_tables(tables: dict, counts: Counts, seeds: int) -> dict[str, str]:
    """Return the tables that belong to no sweep or grid, as Markdown by name."""
    compared = tables["comparisons"]
    matched = {
        name: [
            [
                *(row["metric"], row["level"], row["n"], signed(row["difference"]), interval(row)),
                *(row["p_holm"] or "–", row["verdict"]),
            ]
            for row in compared
            if row["summary"] == name
        ]
        for name in ("effective_rate", "keras2_rule")
    }
    pair = ["metric", "pair", "n", "difference", "interval", "p (Holm)", "verdict"]
    resampled = {(row["summary"], row["metric"], row["level"]): row for row in tables["two_way"]}
    appendix = [
        [
            *(row["summary"], row["metric"], row["level"], row["n"], signed(row["difference"]), interval(row)),
            *(row["p_value"] or "–", row["p_holm"] or "–"),
            shortened(row["detectable"]) if row["detectable"] not in ("", "inf") else "–",
            row["seeds_to_settle"] or "–",
            *two_way_cells(resampled.get((row["summary"], row["metric"], row["level"]))),
            row["verdict"],
        ]
        for row in compared
    ]
    header = ["summary", "metric", "level", "n", "difference", "t interval", "p", "p (Holm)"]
    header += ["detectable", "seeds to settle", "SE seeds", "SE images", "interval over both", "verdict"]
    learning = [
        [row["epoch"], row["n"], *(with_spread(row[name], row[f"{name}_sd"]) for name in LEARNING)]
        for row in tables["learning"]
    ]
    chosen = [
        [row["summary"], row["metric"], str(seeds), row["best"]]
        + [shortened(row[name]) for name in ("apparent", "cross_fitted", "optimism")]
        for row in tables["selection"]
    ]
    trends = [[row["trend"], row["from"], row["to"], str(seeds), shortened(row["value"])] for row in tables["trends"]]
    orderings = [
        [
            *(literal(row["statement"]), row["metric"].replace("_", " "), row["optimizer"] or "–", row["n"]),
            f"{signed(row['difference'])} ({interval(row)})" if row["difference"] else "–",
            *(row["p_holm"] or "–", row["verdict"], row["opposite"] or "–"),
        ]
        for row in tables.get("orderings", [])
    ]
    claim = ["claim", "metric", "optimizer", "n"]
    claim += ["winner - loser", "p (Holm)", "verdict", "one seed says the opposite"]
    return {name: markdown_table(name, pair, rows) for name, rows in matched.items()} | {
        "orderings": markdown_table("orderings", claim, orderings),
        "comparisons": markdown_table("comparisons", header, appendix),
        "learning": markdown_table(
            "learning", ["epoch", "n", *(name.replace("_", " ") for name in LEARNING)], learning
        ),
        "selection": markdown_table(
            "selection", ["summary", "metric", "n", "best", "apparent", "cross-fitted", "optimism"], chosen
        ),
        "trends": markdown_table("trends", ["trend", "from", "to", "n", "value"], trends),
        "counts": markdown_table(
            "counts", ["counted", "value"], [[row["counted"], row["value"]] for row in counts.rows]
        ),
    }


def layer_table(layers: list[dict]) -> str:
    """Return the layers of a network as a Markdown table: kind, shape of what it gives for an image, parameters."""
    rows = [
        [str(place), row["layer"], " × ".join(map(str, row["output"] or "–")), f"{row['parameters']:,}"]
        for place, row in enumerate(layers, 1)
    ]
    total = ["all", "", "", f"{sum(row['parameters'] for row in layers):,}"]
    return markdown_table("network", ["", "layer", "output", "parameters"], [*rows, total])


def class_table(names: list[str]) -> str:
    """Return the names of the classes by number as a Markdown table; empty where there are none."""
    rows = [[str(number), literal(name)] for number, name in enumerate(names)]
    return tabulate(rows, ["number", "class"], "github", disable_numparse=True) if rows else ""


LEARNING = ("train_accuracy", "test_accuracy", "train_loss", "test_loss")


def with_spread(mean: str, sd: str) -> str:
    """Return `mean ± SD`, shortened; the mean alone where one run has no spread."""
    return f"{shortened(mean)} ± {shortened(sd)}" if sd else shortened(mean)


def two_way_cells(row: dict[str, str] | None) -> list[str]:
    """Return standard errors by seeds and by images, and the interval over both."""
    if row is None:
        return ["–", "–", "–"]
    return [shortened(row["seeds_se"]), shortened(row["images_se"]), interval(row)]
