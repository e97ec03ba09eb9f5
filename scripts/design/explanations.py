"""What is wrong with a YAML file's values, one line a fault: its key, what was expected, what was received."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError, core_schema

LONGEST = 80  # characters of a value in a line
NULLS = (
    "",
    "~",
    "null",
    "Null",
    "NULL",
    "None",
)  # YAML's, and Python's, as Snakemake documents `--config`


@dataclass(frozen=True)
class Expected:
    """Annotation of a type: the text that completes "must be …", whatever is wrong with a value."""

    text: str

    def __get_pydantic_core_schema__(self, source, handler):
        """Replace every error of the type by one that says what was expected."""
        return core_schema.custom_error_schema(
            handler(source), custom_error_type="expected", custom_error_message=self.text
        )

    def __get_pydantic_json_schema__(self, schema, handler):
        """Say it in the JSON schema too."""
        return handler(schema) | {"$comment": self.text}


class Strict(BaseModel):
    """Refuses unknown keys and keeps what it was given unchanged."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def fault(expected: str) -> PydanticCustomError:
    """Return the error that a validator raises where a value must be something else."""
    return PydanticCustomError("expected", expected)


def _as_number(value: Any) -> Any:
    """Accept the text of a number: YAML 1.1 reads `1e-4`, which has no point, as text."""
    if isinstance(value, bool):
        raise ValueError("not a number")
    if isinstance(value, str):
        value = float(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def null_as_none(value: Any) -> Any:
    """Return None for a text that means null: Snakemake's `--config key=null` gives text, whatever its depth."""
    return None if isinstance(value, str) and value in NULLS else value


def number(kind: type, expected: str, **limits):
    """Return the type of a number within limits."""
    return Annotated[kind, Field(strict=kind is int, **limits), BeforeValidator(_as_number), Expected(expected)]


def text(pattern: str, expected: str):
    """Return the type of a text of printable characters that fits a pattern from end to end."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value) or not value.isprintable():
            raise ValueError("another text")
        return value

    return Annotated[str, Field(strict=True), AfterValidator(check), Expected(expected)]


Line = text(r"\S|\S.*\S", "one line of text, in quotes if it looks like a number")
MOST_CLASSES = 256  # a label is one byte


def _different(names: list[str]) -> list[str]:
    if not 2 <= len(set(names)) == len(names) <= MOST_CLASSES:
        raise fault(f"a list of 2 to {MOST_CLASSES} different names")
    return names


ClassNames = Annotated[list[Line], AfterValidator(_different)]


def without_repetition(name: str) -> str:
    """Refuse a name in which a part stands so often in a row that Snakemake takes its path for a loop without end."""
    if re.search(r"(.+)\1{18}", name):
        raise ValueError("repeats itself")
    return name


def parse(model: type[Strict], raw: Any, key: str, problems: list[str], elsewhere: dict[str, str] | None = None):
    """Return a model of raw values; None where they are wrong, with a line for each fault added to `problems`.

    Args:
        model: what is expected.
        raw: what the YAML file holds under `key`.
        key: where the values stand, "" for the whole file.
        problems: gets the lines.
        elsewhere: name that is a key elsewhere -> where.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        problems.extend(_explain(item, model, key, elsewhere) for item in error.errors(include_url=False))
    return None


def _explain(error: dict, model: type[Strict], key: str, elsewhere: dict[str, str] | None) -> str:
    """Turn one of pydantic's errors into one line."""
    is_unknown = error["type"] in ("extra_forbidden", "invalid_key")
    inside = model
    for place, part in enumerate(error["loc"], 1):
        is_last = place == len(error["loc"])
        if isinstance(part, int) and not (is_unknown and is_last):
            key = f"{key}[{part}]"
            inside = get_args(inside)[0]
        else:
            key = f"{key}.{word(part)}" if key else word(part)
            inside = inside if is_last else inside.model_fields[part].annotation
    if is_unknown:
        return unknown(key, word(error["loc"][-1]), list(inside.model_fields), elsewhere)
    if error["type"] == "missing":
        return missing(key)
    expected = error["msg"] if error["type"] == "expected" else _SHAPES.get(error["type"], "a mapping")
    return must_be(key, expected, error["input"])


_SHAPES = {"list_type": "a list", "tuple_type": "a list"}


def must_be(key: str, expected: str, value: object) -> str:
    """Return the line for a wrong value."""
    return f"`{key}` must be {expected}. Received: {shown(value)}"


def missing(key: str) -> str:
    """Return the line for a key that is not there."""
    return f"`{key}` is missing"


def unknown(key: str, name: str, known: list[str], elsewhere: dict[str, str] | None = None) -> str:
    """Return the line for a key that nothing knows.

    Args:
        key: the key with those around it.
        name: the key alone.
        known: the keys that may stand in its place.
        elsewhere: name -> where it may stand.
    """
    near = difflib.get_close_matches(name, [*known, *(elsewhere or {})], n=1, cutoff=0.5)
    if not near:
        hint = f"Known: {', '.join(known)}."
    else:
        hint = f"Did you mean {f'`{near[0]}`' if near[0] in known else elsewhere[near[0]]}?"
    return f"`{key}` is not a known key. {hint}"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ` (did you mean …?)` where a known name is much like the given one."""
    found = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {found[0]!r}?)" if found else ""


def shown(value: object) -> str:
    """Return a value as Python writes it, cut off where it is long."""
    try:
        written = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, lists within lists within lists
        return f"{type(value).__name__} too long to show"
    return written if len(written) <= LONGEST else f"{written[: LONGEST - 3]}…"


def word(key: object) -> str:
    """Return a key as it can stand within a line."""
    return key if isinstance(key, str) and key.isprintable() and len(key) <= LONGEST else shown(key)
