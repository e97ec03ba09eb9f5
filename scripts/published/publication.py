"""What a publication states: its numbers and orderings, read from `published.yaml` and checked."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from design import yaml_files
from design.explanations import Expected, Line, Strict, missing, must_be, nearest, number, parse, text
from design.hyperparameters import Baseline, clash
from design.places import Places, found
from design.point_names import FACTORS, canonical_value

Quantity = Literal["test_accuracy", "test_loss", "train_accuracy"]
QUANTITIES = get_args(Quantity)
PRINTED = "a loss in nats, or an accuracy as a share from 0 to 1 (97.97 % is 0.9797)"


@dataclass(frozen=True)
class StatedNumber:
    """A printed number.

    Attributes:
        id: its name.
        quantity: one of `QUANTITIES`.
        published: the number; an accuracy is a share, a loss in nats.
        levels: factor -> canonical text of its value, all of `FACTORS`.
        source: where the publication prints it.
        repeats: id of the number that is printed here once more; "" for a number of its own.
    """

    id: str
    quantity: str
    published: float
    levels: dict[str, str]
    source: str
    repeats: str = ""


@dataclass(frozen=True)
class StatedOrdering:
    """An asserted "A beats B".

    Attributes:
        id: its name.
        statement: the claim in words.
        metric: one of `QUANTITIES`; the higher accuracy wins, the lower loss.
        winner: factor -> canonical text of A's value, all of `FACTORS`.
        loser: the same of B.
        source: where the publication asserts it.
    """

    id: str
    statement: str
    metric: str
    winner: dict[str, str]
    loser: dict[str, str]
    source: str


@dataclass(frozen=True)
class Publication:
    """A publication's numbers and orderings.

    Attributes:
        dataset: name of the data set they were measured on.
        defaults: factor -> canonical text of the value that is not said otherwise.
        numbers: in the order of the file.
        orderings: in the order of the file.
    """

    dataset: str
    defaults: dict[str, str]
    numbers: tuple[StatedNumber, ...]
    orderings: tuple[StatedOrdering, ...]


_Id = text(r"[A-Za-z0-9][A-Za-z0-9._-]*", "a name of letters, digits, '.', _ and -")
_Quantity = Annotated[Quantity, Expected(f"one of {', '.join(QUANTITIES)}")]


class _File(Strict):
    dataset: text(r"[A-Za-z0-9][A-Za-z0-9_-]*", "the name of a data set, of letters, digits, _ and -")
    source: Line
    defaults: Baseline
    numbers: list[Any]
    orderings: list[Any]


class _Row(Strict):
    id: _Id
    source: Line


class _Number(_Row, Baseline):
    quantity: _Quantity
    published: number(float, PRINTED, ge=0, allow_inf_nan=False)


class _Repeat(_Row):
    repeats: _Id


class _Ordering(_Row):
    statement: Line
    metric: _Quantity
    winner: Baseline
    loser: Baseline


def read_published(path: Path) -> Publication:
    """Read and check a publication's file.

    Args:
        path: the YAML file, e.g. config/published.yaml.

    Returns:
        Its numbers and orderings, settings completed by its defaults.

    Raises:
        ValueError: if the file cannot be read or something in it is wrong; one line for each thing that is.
    """
    content = yaml_files.read(path)
    problems: list[str] = []
    file = parse(_File, content, "", problems)
    defaults = parse(Baseline, content.get("defaults"), "defaults", [])
    if defaults:
        problems += [missing(f"defaults.{factor}") for factor in FACTORS if factor not in defaults.model_fields_set]
        _check_settings(defaults, "defaults", problems)
    levels = {} if defaults is None else _levels(defaults, {})
    numbers = _numbers(_rows(content, "numbers", problems), levels, problems)
    orderings = [_ordering(row, key, levels, problems) for key, row in _rows(content, "orderings", problems)]
    if problems:
        raise ValueError("\n".join(f"{path}: {problem}" for problem in problems))
    return Publication(file.dataset, levels, tuple(numbers), tuple(orderings))


def publication_file(name: str | None, places: Places) -> Path | None:
    """Return the file that the config's `published` names; None where it names none.

    Raises:
        ValueError: if there is no such file.
    """
    if name is None:
        return None
    return found("published", "an existing file, or null", name, places, os.path.isfile)


def publications(places: Places) -> Callable[[str | None], Publication | None]:
    """Return the function that reads what the config's `published` names, for `configuration.validate`."""

    def read(name: str | None) -> Publication | None:
        path = publication_file(name, places)
        return read_published(path) if path else None

    return read


def _rows(content: dict, section: str, problems: list[str]) -> list[tuple[str, Any]]:
    """Return the rows of a section as `(key in messages, row)`: the key has the row's id where that is sound."""
    given = content.get(section)
    rows, seen = [], set()
    for index, row in enumerate(given if isinstance(given, list) else []):
        key, name = f"{section}[{index}]", row.get("id") if isinstance(row, dict) else None
        if parse(_Row, {"id": name, "source": "-"}, "", []):
            if name in seen:
                problems.append(f"`{key}.id` must be given once. Received: {name!r} again")
            else:
                seen.add(name)
                key = f"{section}.{name}"
        rows.append((key, row))
    return rows


def _numbers(rows: list[tuple[str, Any]], defaults: dict[str, str], problems: list[str]) -> list[StatedNumber | None]:
    """Return the numbers; a repeat takes number and settings from the row it names."""
    numbers: list[StatedNumber | _Repeat | None] = [
        parse(_Repeat, row, key, problems)
        if isinstance(row, dict) and "repeats" in row
        else _number(row, key, defaults, problems)
        for key, row in rows
    ]
    originals = {row["id"]: place for place, (key, row) in enumerate(rows) if "." in key and "repeats" not in row}
    for place, repeat in enumerate(numbers):
        if not isinstance(repeat, _Repeat):
            continue
        if repeat.repeats not in originals:
            expected, hint = "the id of a number that repeats no other", nearest(repeat.repeats, originals)
            problems.append(must_be(f"{rows[place][0]}.repeats", expected, repeat.repeats) + hint)
        elif original := numbers[originals[repeat.repeats]]:
            numbers[place] = replace(original, id=repeat.id, source=repeat.source, repeats=original.id)
    return numbers


def _number(row: Any, key: str, defaults: dict[str, str], problems: list[str]) -> StatedNumber | None:
    stated = parse(_Number, row, key, problems)
    if stated is None:
        return None
    if stated.quantity != "test_loss" and stated.published > 1:
        problems.append(must_be(f"{key}.published", PRINTED, row["published"]))
    _check_settings(stated, key, problems)
    return StatedNumber(stated.id, stated.quantity, stated.published, _levels(stated, defaults), stated.source)


def _ordering(row: Any, key: str, defaults: dict[str, str], problems: list[str]) -> StatedOrdering | None:
    stated = parse(_Ordering, row, key, problems)
    if stated is None:
        return None
    for side in ("winner", "loser"):
        _check_settings(getattr(stated, side), f"{key}.{side}", problems)
    winner, loser = _levels(stated.winner, defaults), _levels(stated.loser, defaults)
    if winner == loser:
        problems.append(f"`{key}.winner` and `{key}.loser` must differ. Received: the same settings")
    return StatedOrdering(stated.id, stated.statement, stated.metric, winner, loser, stated.source)


def _levels(settings: Baseline, defaults: dict[str, str]) -> dict[str, str]:
    """Return the canonical texts of the settings that were given, the others from the defaults."""
    given = {f: canonical_value(getattr(settings, f)) for f in FACTORS if f in settings.model_fields_set}
    return {factor: (defaults | given)[factor] for factor in FACTORS if factor in defaults | given}


def _check_settings(settings: Baseline, key: str, problems: list[str]) -> None:
    """Check the combination of the given settings, as the config's is checked."""
    if reason := clash(settings):
        problems.append(f"`{key}`: {reason}")
