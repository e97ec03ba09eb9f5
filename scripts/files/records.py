"""Records of the files that a job wrote: what they are, from what they were made, and their SHA-256.

Each rule whose files another job reads writes `{rule}.json` into their folder. Its last entry `record` is a digest of
the rest, by which the records of later jobs name it. A script reads the record before the files, and refuses files that
were cut off, changed, exchanged for another point's or made by another version.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from files.atomic import atomic_path


class RecordError(ValueError):
    """A file is not the one that a job of this study wrote; the message is one line that says what to do."""


def sha256(path: Path) -> str:
    """Return a file's SHA-256, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(content: dict) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def write_record(path: Path, files: Iterable[Path], **label) -> str:
    """Write the record of a job's files.

    Args:
        path: the record, `{rule}.json` in the folder of the files.
        files: the files that the job wrote.
        label: what they are and from what they were made; plain JSON values.

    Returns:
        The record's digest, by which later records name it.

    Raises:
        OSError: if a file cannot be read or the record cannot be written.
    """
    content = label | {"sha256": {file.name: sha256(file) for file in files}}
    digest = _digest(content)
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(content | {"record": digest}, indent=2) + "\n", encoding="utf-8")
    return digest


class Record:
    """The record of a job's files, checked against what the reader expects.

    Args:
        path: the record.
        expected: entries that its label must have, e.g. `point="units=512,…"`, `epochs=5`.

    Attributes:
        digest: SHA-256 by which other records name this one.
        label: what the files are and from what they were made.
        sha256: name of each file -> its SHA-256.

    Raises:
        RecordError: if the record is damaged, or not the expected one.
    """

    def __init__(self, path: Path, **expected):
        self.path = path
        try:
            content = json.loads(path.read_bytes())
            self.digest = content.pop("record")
            unchanged = self.digest == _digest(content)
            self.sha256 = dict(content.pop("sha256"))
            self.label = content
        except OSError as error:
            raise self._refused(f"cannot be read ({error.strerror})") from None
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise self._refused(f"is no record ({type(error).__name__})") from None
        if not unchanged:
            raise self._refused("was changed after it was written")
        for key, value in expected.items():
            if content.get(key) != value:
                raise self._refused(f"expected {key}={value}. Received: {key}={content.get(key)}")

    def file(self, name: str) -> Path:
        """Return the path of one of the files after checking its SHA-256.

        Raises:
            RecordError: if it is missing or changed.
        """
        path = self.path.with_name(name)
        try:
            received = sha256(path)
        except OSError as error:
            raise self._refused(f"cannot be read ({error.strerror})", path) from None
        if received != self.sha256.get(name):
            raise self._refused(f"is not the file that {self.path.name} beside it records", path)
        return path

    def _refused(self, problem: str, path: Path | None = None) -> RecordError:
        return RecordError(f"{path or self.path}: {problem}. Delete {self.path} and run again: its job starts over.")
