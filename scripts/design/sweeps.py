"""The lists of values of sweeps and grids, checked and completed."""

import re
from collections.abc import Iterable
from typing import Any

from design.explanations import must_be, null_as_none, shown, unknown, word
from design.hyperparameters import Factor
from design.point_names import Value, canonical_value

LONGEST_NAME = 40  # characters of a data set's or grid's name, which names files and folders
# Names of tables, figures and wishes that no grid may take, nor a sweep, so no keyword of a network.
RESERVED = (
    *("baseline", "runs", "comparisons", "differences", "two_way", "selection", "learning", "trends", "counts"),
    *("published", "orderings", "effective_rate", "keras2_rule", "forest", "network"),
    *("learning_curves", "confusion_matrix", "most_missed", "train_and_test"),
)


def check_names(factors: Iterable[str]) -> list[str]:
    """Return a line for each factor whose sweep could not be told from another table or figure."""
    names = set(factors)
    clashes = [name for name in factors if name in RESERVED or (name.removesuffix("_loss") in names - {name})]
    return [f"`network`: the keyword {name} is the name of another table or figure. Take another" for name in clashes]


def _values(factor: Factor, values: Any, key: str, problems: list[str]) -> list[Value] | None:
    """Return the checked values of one factor; None where they are wrong."""
    if not isinstance(values, list):
        problems.append(must_be(key, f"a list of values, e.g. [{canonical_value(factor.default)}]", values))
        return None
    if not values:
        hint = " (null removes the sweep)" if key.startswith("sweeps.") else ""
        problems.append(f"`{key}` must hold at least one value. Received: []{hint}")
        return None
    parsed = [factor.parse(value, key, problems) for value in values]
    if None in parsed:
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


def check_sweeps(
    raw: dict, factors: dict[str, Factor], baseline: dict[str, Value], problems: list[str], notes: list[str]
) -> dict[str, list[Value]]:
    """Return the sweeps with the baseline's value in each, those set to null left out.

    Args:
        raw: factor -> values.
        factors: all factors of the study by name.
        baseline: the sound values of the baseline.
        problems: gets a line for each fault.
        notes: gets a line for each value that was added.
    """
    sweeps = {}
    for name, values in raw.items():
        key = f"sweeps.{word(name)}"
        if name not in factors:
            problems.append(unknown(key, word(name), list(factors)))
            continue
        if null_as_none(values) is None:
            continue
        parsed = _values(factors[name], values, key, problems)
        if parsed is None:
            continue
        if name in baseline and baseline[name] not in parsed:
            parsed = [baseline[name], *parsed]
            parsed = sorted(parsed) if factors[name].is_number else parsed
            notes.append(f"`{key}` lacks the baseline's value; {canonical_value(baseline[name])} was added to it")
        sweeps[name] = parsed
    return {name: sweeps[name] for name in ("epochs", *factors) if name in sweeps}


def check_grids(raw: dict, factors: dict[str, Factor], problems: list[str]) -> dict[str, dict[str, list[Value]]]:
    """Return the grids, those set to null left out; `problems` gets a line for each fault."""
    grids = {}
    for name, lists in raw.items():
        key = f"grids.{word(name)}"
        if null_as_none(lists) is None:
            continue
        if (
            not isinstance(name, str)
            or not re.fullmatch(rf"[a-z][a-z0-9_]{{0,{LONGEST_NAME - 1}}}", name)
            or name in {*RESERVED, *factors}
        ):
            problems.append(
                f"`{key}`: a grid's name must be 1 to {LONGEST_NAME} lower-case letters, digits and underscores, and "
                f"not that of a factor or of another table or figure. Received: {shown(name)}"
            )
            continue
        if not isinstance(lists, dict) or len(lists) < 2:
            problems.append(f"`{key}` must map two or more factors to lists of values. Received: {shown(lists)}")
            continue
        parsed = {}
        for factor, values in lists.items():
            if factor not in factors:
                problems.append(unknown(f"{key}.{word(factor)}", word(factor), list(factors)))
            else:
                parsed[factor] = _values(factors[factor], values, f"{key}.{factor}", problems)
        if len(parsed) == len(lists) and all(parsed.values()):
            grids[name] = parsed
    for name in grids:
        first = name.removesuffix("_loss")
        if first != name and first in (*raw, *factors):  # the report shows each table of loss under such a name
            problems.append(f"`grids.{name}`: is the name of the table of losses of `{first}`. Take another")
    return grids
