"""Where files and folders lie that a config or a command line names: one rule for all of them."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """The two folders from which relative paths start, whether the first exists yet or not.

    Attributes:
        study: the study's folder, Snakemake's working directory.
        project: the folder of the project, second.
    """

    study: Path
    project: Path

    def candidates(self, name: str) -> list[Path]:
        """Return where a name may lead, each place once: `.` and `..` followed, as they will be once all exists."""
        path = os.path.expanduser(name)
        return [*dict.fromkeys(Path(os.path.realpath(folder / path)) for folder in (self.study, self.project))]


def user_path(text: str) -> Path:
    """Return the path that a command line names; some shells leave `~` to the program."""
    return Path(os.path.expanduser(text))


def found(key: str, expected: str, name: str, places: Places, exists: Callable[[Path], bool]) -> Path:
    """Return the path to which a key's value leads: from the study's folder, else from the project.

    `~` is the home folder, as in a shell; variables are not expanded.

    Args:
        key: the key in the config, for the message.
        expected: what completes "must be …".
        name: its value.
        places: where relative paths start.
        exists: whether a path is what is expected.

    Raises:
        ValueError: if there is no such path, with one line that says where it was looked for.
    """
    candidates = places.candidates(name)
    for path in candidates:
        if exists(path):
            return path
    looked = "" if os.path.isabs(name) else f", looked for as {' and as '.join(repr(str(path)) for path in candidates)}"
    raise ValueError(f"`{key}` must be {expected}. Received: {name!r}{looked}")
