"""The lists of values of sweeps and grids, checked and completed."""

import re
from typing import Any

from design.explanations import must_be, null_as_none, parse, shown, unknown, word
from design.hyperparameters import Baseline
from design.point_names import FACTORS, HYPERPARAMETERS, canonical_value

LONGEST_NAME = 40  # characters of a data set's or grid's name, which names files and folders
# Names of tables, figures and wishes that no grid may take.
RESERVED = (
    *("baseline", "runs", "comparisons", "differences", "two_way", "selection", "learning", "trends", "counts"),
    *("published", "orderings", "effective_rate", "keras2_rule", "forest"),
    *("learning_curves", "confusion_matrix", "most_missed", "train_and_test"),
    *FACTORS,
)


def _values(factor: str, values: Any, key: str, problems: list[str]) -> list | None:
    """Return the checked values of one factor; None where they are wrong."""
    if not isinstance(values, list):
        problems.append(must_be(key, f"a list of values, e.g. [{getattr(Baseline(), factor)}]", values))
        return None
    if not values:
        hint = " (null removes the sweep)" if key.startswith("sweeps.") else ""
        problems.append(f"`{key}` must hold at least one value. Received: []{hint}")
        return None
    parsed = []
    for value in values:
        found: list[str] = []
        checked = parse(Baseline, {factor: value}, "", found)
        problems.extend(line.replace(f"`{factor}`", f"`{key}`", 1) for line in found)
        if checked:
            parsed.append(getattr(checked, factor))
    if len(parsed) < len(values):
        return None
    seen: dict[str, Any] = {}
    for given, value in zip(values, parsed, strict=True):
        name = canonical_value(value)
        if name in seen:
            problems.append(
                f"`{key}` must hold each value once. Received: {shown(given)} and {shown(seen[name])}, both {name}"
            )
            return None
        seen[name] = given
    return parsed


def check_sweeps(raw: dict, baseline: Baseline | None, problems: list[str], notes: list[str]) -> dict[str, list]:
    """Return the sweeps with the baseline's value in each, those set to null left out.

    Args:
        raw: factor -> values.
        baseline: None where it is wrong itself.
        problems: gets a line for each fault.
        notes: gets a line for each value that was added.
    """
    sweeps = {}
    for factor, values in raw.items():
        key = f"sweeps.{word(factor)}"
        if factor not in FACTORS:
            problems.append(unknown(key, word(factor), list(FACTORS)))
            continue
        if null_as_none(values) is None:
            continue
        parsed = _values(factor, values, key, problems)
        if parsed is None:
            continue
        if baseline and getattr(baseline, factor) not in parsed:
            value = getattr(baseline, factor)
            parsed = [value, *parsed] if isinstance(value, str) else sorted([value, *parsed])
            notes.append(f"`{key}` lacks the baseline's value; {canonical_value(value)} was added to it")
        sweeps[factor] = parsed
    return {factor: sweeps[factor] for factor in ("epochs", *HYPERPARAMETERS) if factor in sweeps}


def check_grids(raw: dict, problems: list[str]) -> dict[str, dict[str, list]]:
    """Return the grids, those set to null left out; `problems` gets a line for each fault."""
    grids = {}
    for name, factors in raw.items():
        key = f"grids.{word(name)}"
        if null_as_none(factors) is None:
            continue
        if (
            not isinstance(name, str)
            or not re.fullmatch(rf"[a-z][a-z0-9_]{{0,{LONGEST_NAME - 1}}}", name)
            or name in RESERVED
        ):
            problems.append(
                f"`{key}`: a grid's name must be 1 to {LONGEST_NAME} lower-case letters, digits and underscores, and "
                f"not that of a factor or of another table or figure. Received: {shown(name)}"
            )
            continue
        if not isinstance(factors, dict) or len(factors) < 2:
            problems.append(f"`{key}` must map two or more factors to lists of values. Received: {shown(factors)}")
            continue
        parsed = {}
        for factor, values in factors.items():
            if factor not in FACTORS:
                problems.append(unknown(f"{key}.{word(factor)}", word(factor), list(FACTORS)))
            else:
                parsed[factor] = _values(factor, values, f"{key}.{factor}", problems)
        if len(parsed) == len(factors) and all(parsed.values()):
            grids[name] = parsed
    for name in grids:
        first = name.removesuffix("_loss")
        if first != name and first in (*raw, *FACTORS):  # the report shows each table of loss under such a name
            problems.append(f"`grids.{name}`: is the name of the table of losses of `{first}`. Take another")
    return grids
