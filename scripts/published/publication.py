"""What a publication states: its numbers and orderings, read from `published.yaml` and checked."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from design import yaml_files
from design.explanations import Expected, Line, Strict, missing, must_be, nearest, number, parse, text, unknown, word
from design.hyperparameters import Factor, clash, factors_of
from design.network_file import Network
from design.places import Places, found
from design.point_names import Value, canonical_value

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
        levels: factor -> canonical text of its value, all factors.
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
        winner: factor -> canonical text of A's value, all factors.
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
        network: name of the network they are of, as `Config.network_name`.
        defaults: factor -> canonical text of the value that is not said otherwise.
        numbers: in the order of the file.
        orderings: in the order of the file.
    """

    dataset: str
    network: str
    defaults: dict[str, str]
    numbers: tuple[StatedNumber, ...]
    orderings: tuple[StatedOrdering, ...]


_Id = text(r"[A-Za-z0-9][A-Za-z0-9._-]*", "a name of letters, digits, '.', _ and -")
_Quantity = Annotated[Quantity, Expected(f"one of {', '.join(QUANTITIES)}")]


class _File(Strict):
    dataset: text(r"[A-Za-z0-9][A-Za-z0-9_-]*", "the name of a data set, of letters, digits, _ and -")
    network: text(r"\S|\S.*\S", "the name of a network's file without its ending")
    source: Line
    defaults: dict[str, Any]
    numbers: list[Any]
    orderings: list[Any]


class _Row(Strict):
    id: _Id
    source: Line


class _Number(_Row):
    quantity: _Quantity
    published: number(float, PRINTED, ge=0, allow_inf_nan=False)


class _Repeat(_Row):
    repeats: _Id


class _Ordering(_Row):
    statement: Line
    metric: _Quantity
    winner: dict[str, Any]
    loser: dict[str, Any]


class _Settings:
    """Checks settings and completes them by the publication's defaults.

    Args:
        factors: all factors of the network by name.
        defaults: what the file gives as defaults.
        problems: gets a line for each thing that is wrong.
    """

    def __init__(self, factors: dict[str, Factor], defaults: Any, problems: list[str]):
        self._factors, self._problems = factors, problems
        self._defaults = self._values(defaults, "defaults") if isinstance(defaults, dict) else {}
        if isinstance(defaults, dict):
            problems += [missing(f"defaults.{factor}") for factor in factors if factor not in defaults]

    @property
    def defaults(self) -> dict[str, str]:
        """Factor -> canonical text of the value that is not said otherwise."""
        return self.levels({}, "defaults")

    def levels(self, given: dict, key: str) -> dict[str, str]:
        """Return the canonical texts of given settings, the others from the defaults."""
        values = self._defaults | self._values(given, key)
        if {"optimizer", "momentum"} <= values.keys() and (reason := clash(values)):
            self._problems.append(f"`{key}`: {reason}")
        return {factor: canonical_value(values[factor]) for factor in self._factors if factor in values}

    def _values(self, given: dict, key: str) -> dict[str, Value]:
        known = list(self._factors)
        self._problems += [unknown(f"{key}.{word(name)}", word(name), known) for name in given if name not in known]
        values = {
            name: self._factors[name].parse(value, f"{key}.{name}", self._problems)
            for name, value in given.items()
            if name in self._factors
        }
        return {name: value for name, value in values.items() if value is not None}


def read_published(path: Path, network: str, factors: dict[str, Factor]) -> Publication:
    """Read and check a publication's file.

    Args:
        path: the YAML file, e.g. config/published.yaml.
        network: name of the study's network, as `Config.network_name`.
        factors: all factors of the study by name.

    Returns:
        Its numbers and orderings, settings completed by its defaults; none where it is of another network.

    Raises:
        ValueError: if the file cannot be read or something in it is wrong; one line for each thing that is.
    """
    content = yaml_files.read(path)
    problems: list[str] = []
    file = parse(_File, content, "", problems)
    if file and file.network != network:
        return Publication(file.dataset, file.network, {}, (), ())
    settings = _Settings(factors, content.get("defaults"), problems)
    numbers = _numbers(_rows(content, "numbers", problems), settings, problems)
    orderings = [_ordering(row, key, settings, problems) for key, row in _rows(content, "orderings", problems)]
    defaults = settings.defaults
    if problems:
        raise ValueError("\n".join(f"{path}: {problem}" for problem in dict.fromkeys(problems)))
    return Publication(file.dataset, file.network, defaults, tuple(numbers), tuple(orderings))


def publication_file(name: str | None, places: Places) -> Path | None:
    """Return the file that the config's `published` names; None where it names none.

    Raises:
        ValueError: if there is no such file.
    """
    if name is None:
        return None
    return found("published", "an existing file, or null", name, places, os.path.isfile)


def publications(places: Places) -> Callable[[str | None, str, Network], Publication | None]:
    """Return the function that reads what the config's `published` names, for `configuration.validate`."""

    def read(name: str | None, network_file: str, network: Network) -> Publication | None:
        path = publication_file(name, places)
        return read_published(path, Path(network_file).stem, factors_of(network.keywords)) if path else None

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


def _numbers(rows: list[tuple[str, Any]], settings: _Settings, problems: list[str]) -> list[StatedNumber | None]:
    """Return the numbers; a repeat takes number and settings from the row it names."""
    numbers: list[StatedNumber | _Repeat | None] = [
        parse(_Repeat, row, key, problems)
        if isinstance(row, dict) and "repeats" in row
        else _number(row, key, settings, problems)
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


def _number(row: Any, key: str, settings: _Settings, problems: list[str]) -> StatedNumber | None:
    own = {name: row[name] for name in row if name in _Number.model_fields} if isinstance(row, dict) else row
    stated = parse(_Number, own, key, problems)
    levels = settings.levels({n: v for n, v in row.items() if n not in own}, key) if isinstance(row, dict) else {}
    if stated is None:
        return None
    if stated.quantity != "test_loss" and stated.published > 1:
        problems.append(must_be(f"{key}.published", PRINTED, row["published"]))
    return StatedNumber(stated.id, stated.quantity, stated.published, levels, stated.source)


def _ordering(row: Any, key: str, settings: _Settings, problems: list[str]) -> StatedOrdering | None:
    stated = parse(_Ordering, row, key, problems)
    if stated is None:
        return None
    winner, loser = (settings.levels(getattr(stated, side), f"{key}.{side}") for side in ("winner", "loser"))
    if winner == loser:
        problems.append(f"`{key}.winner` and `{key}.loser` must differ. Received: the same settings")
    return StatedOrdering(stated.id, stated.statement, stated.metric, winner, loser, stated.source)
