"""What a publication states: its numbers and orderings, read from `published.yaml` and checked."""

import math
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from design import configuration, yaml_files
from design.canonical import FACTORS, canonical_value
from design.refusals import nearest, shown, word

QUANTITIES = ("test_accuracy", "test_loss", "train_accuracy")


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
        source: where they come from, a sentence.
        defaults: factor -> canonical text of the value that is not said otherwise.
        numbers: in the order of the file.
        orderings: in the order of the file.
    """

    dataset: str
    source: str
    defaults: dict[str, str]
    numbers: tuple[StatedNumber, ...]
    orderings: tuple[StatedOrdering, ...]


_TOP = ("dataset", "source", "defaults", "numbers", "orderings")
_NUMBER = ("id", "quantity", "published", "source")
_REPEAT = ("id", "repeats", "source")
_ORDERING = ("id", "statement", "metric", "winner", "loser", "source")
_ID = (r"[A-Za-z0-9][A-Za-z0-9._-]*", "a name of letters, digits, '.', _ and -")
_PATTERNS = {
    "dataset": (r"[A-Za-z0-9][A-Za-z0-9_-]*", "the name of a data set, of letters, digits, _ and -"),
    "id": _ID,
    "repeats": _ID,
}
_LINE = (r"\S|\S.*\S", "one line of text, in quotes if it looks like a number")


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
    _check_keys(content, "", _TOP, (), problems)
    dataset = _text(content, "dataset", "", problems)
    source = _text(content, "source", "", problems)
    given = content.get("defaults")
    defaults = {} if given is None else _settings(given, "defaults", {}, problems)
    if isinstance(given, dict):
        problems += [f"`defaults.{factor}` is missing" for factor in FACTORS if given.get(factor) is None]
    numbers = _numbers(_rows(content, "numbers", problems), defaults, problems)
    orderings = [_ordering(row, key, defaults, problems) for key, row in _rows(content, "orderings", problems)]
    if problems:
        raise ValueError("\n".join(f"{path}: {problem}" for problem in problems))
    return Publication(dataset, source, defaults, tuple(numbers), tuple(orderings))


def publication_file(name: str | None, project: Path) -> Path | None:
    """Return the file that the config's `published` names; None where it names none.

    Args:
        name: a path, looked for in the working directory, then in the project.
        project: the project's folder.

    Raises:
        ValueError: if there is no such file.
    """
    if name is None:
        return None
    for path in (Path(name), project / name):
        if os.path.isfile(path):  # unlike pathlib's, it takes no name for too long
            return path
    raise ValueError(f"`published` must be an existing file, or null. Received: {name!r}")


def publications(project: Path) -> Callable[[str | None], Publication | None]:
    """Return the function that reads what the config's `published` names, for `configuration.validate`."""

    def read(name: str | None) -> Publication | None:
        path = publication_file(name, project)
        return read_published(path) if path else None

    return read


def _rows(content: dict, section: str, problems: list[str]) -> list[tuple[str, dict]]:
    """Return the rows of a section as `(key in messages, row)`; each must be a mapping with an id of its own."""
    given = content.get(section)
    if given is None:  # told as missing
        return []
    if not isinstance(given, list):
        problems.append(f"`{section}` must be a list of rows. Received: {shown(given)}")
        return []
    rows, seen = [], set()
    for index, row in enumerate(given):
        key = f"{section}[{index}]"
        if not isinstance(row, dict):
            problems.append(f"`{key}` must be a mapping. Received: {shown(row)}")
            continue
        name = _text(row, "id", key, problems)
        if name in seen:
            problems.append(f"`{key}.id` must be given once. Received: {name!r} again")
        elif name:
            seen.add(name)
            key = f"{section}.{name}"
        rows.append((key, row))
    return rows


def _numbers(rows: list[tuple[str, dict]], defaults: dict[str, str], problems: list[str]) -> list[StatedNumber]:
    """Return the numbers; a repeat takes number and settings from the row it names."""
    own = {key: _number(row, key, defaults, problems) for key, row in rows if "repeats" not in row}
    by_id = {number.id: number for number in own.values() if isinstance(number.id, str)}
    numbers = []
    for key, row in rows:
        if key in own:
            numbers.append(own[key])
            continue
        _check_keys(row, key, _REPEAT, (), problems)
        repeated, source = _text(row, "repeats", key, problems), _text(row, "source", key, problems)
        original = by_id.get(repeated)
        if original:
            numbers.append(
                StatedNumber(row.get("id"), original.quantity, original.published, original.levels, source, original.id)
            )
        elif repeated:
            problems.append(
                f"`{key}.repeats` must be the id of a number that repeats no other. "
                f"Received: {repeated!r}{nearest(repeated, by_id)}"
            )
    return numbers


def _number(row: dict, key: str, defaults: dict[str, str], problems: list[str]) -> StatedNumber:
    _check_keys(row, key, _NUMBER, (*FACTORS, "repeats"), problems)
    quantity = _quantity(row, "quantity", key, problems)
    return StatedNumber(
        row.get("id"),
        quantity,
        _published(row.get("published"), f"{key}.published", quantity, problems),
        _settings({factor: row[factor] for factor in FACTORS if factor in row}, key, defaults, problems),
        _text(row, "source", key, problems),
    )


def _ordering(row: dict, key: str, defaults: dict[str, str], problems: list[str]) -> StatedOrdering:
    _check_keys(row, key, _ORDERING, (), problems)
    before = len(problems)
    sides = [
        {} if row.get(side) is None else _settings(row[side], f"{key}.{side}", defaults, problems)
        for side in ("winner", "loser")
    ]
    if sides[0] and sides[0] == sides[1] and len(problems) == before:
        problems.append(f"`{key}.winner` and `{key}.loser` must differ. Received: the same settings")
    return StatedOrdering(
        row.get("id"),
        _text(row, "statement", key, problems),
        _quantity(row, "metric", key, problems),
        *sides,
        _text(row, "source", key, problems),
    )


def _settings(given, key: str, defaults: dict[str, str], problems: list[str]) -> dict[str, str]:
    """Return the canonical texts of settings, completed by the defaults; the config's own checks apply."""
    try:
        study, _ = configuration.validate({"baseline": given})
    except configuration.ConfigurationError as error:
        problems += [re.sub(r"^`baseline\b", lambda _: f"`{key}", problem) for problem in error.problems]
        return {}
    own = {factor: canonical_value(getattr(study.baseline, factor)) for factor in given}
    return {factor: (defaults | own)[factor] for factor in FACTORS if factor in defaults | own}


def _published(value, key: str, quantity: str, problems: list[str]) -> float:
    """Return a number within its quantity's range; the text of one is accepted, since YAML reads `7e-2` as text."""
    expected, highest = ("a loss, a number from 0", math.inf)
    if quantity != "test_loss":
        expected, highest = ("an accuracy as a share, a number from 0 to 1 (97.97 % is 0.9797)", 1)
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not (0 <= number <= highest and math.isfinite(number)) and value is not None and quantity:
        problems.append(f"`{key}` must be {expected}. Received: {shown(value)}")
    return number


def _quantity(row: dict, name: str, key: str, problems: list[str]) -> str:
    value = row.get(name)
    if value in QUANTITIES:
        return value
    if value is not None:
        hint = nearest(word(value), QUANTITIES)
        problems.append(f"`{key}.{name}` must be one of {', '.join(QUANTITIES)}. Received: {shown(value)}{hint}")
    return ""


def _text(row: dict, name: str, key: str, problems: list[str]) -> str:
    value = row.get(name)
    pattern, expected = _PATTERNS.get(name, _LINE)
    if isinstance(value, str) and re.fullmatch(pattern, value) and value.isprintable():
        return value
    if value is not None:  # else told as missing
        problems.append(f"`{_within(key, name)}` must be {expected}. Received: {shown(value)}")
    return ""


def _check_keys(row: dict, key: str, required: tuple, optional: tuple, problems: list[str]) -> None:
    known = (*required, *optional)
    problems += [f"`{_within(key, name)}` is missing" for name in required if row.get(name) is None]
    problems += [
        f"`{_within(key, word(name))}` is no known key; expected {', '.join(known)}{nearest(word(name), known)}"
        for name in row
        if name not in known
    ]


def _within(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name
