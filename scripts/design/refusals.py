"""The words of error messages: a value that was received, a key within a line, the name that was probably meant."""

import difflib
from collections.abc import Iterable

LONGEST = 80  # characters of a value in a line


def shown(value: object) -> str:
    """Return a value as Python writes it, cut off where it is long."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, lists within lists within lists
        return f"{type(value).__name__} too long to show"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}…"


def word(key: object) -> str:
    """Return a key as it can stand within a line."""
    return key if isinstance(key, str) and key.isprintable() and len(key) <= LONGEST else shown(key)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ` (did you mean …?)` where a known name is much like the given one."""
    found = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {found[0]!r}?)" if found else ""
