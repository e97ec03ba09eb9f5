"""Read and merge YAML files as Snakemake does, but with errors that name the file and the line."""

from collections.abc import Mapping
from pathlib import Path

import yaml

MOST_VALUES = 100_000  # a few lines of aliases to aliases would otherwise fill the memory


class YamlFileError(ValueError):
    """A YAML file cannot be read; the message is one line that names the file and, where known, the line."""


class _UniqueKeyLoader(yaml.SafeLoader):
    """PyYAML's safe loader keeps the last of two equal keys in silence; this one refuses them."""

    def construct_object(self, node: yaml.Node, deep: bool = False):
        """Name the place of a value that is none of its kind, such as the date 2024-13-45 or `!!bool perhaps`."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError, AttributeError, TypeError) as error:
            raise yaml.MarkedYAMLError(None, None, f"no valid value ({error})", node.start_mark) from None


def _unique_mapping(loader: _UniqueKeyLoader, node: yaml.MappingNode) -> dict:
    lines: dict = {}
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":  # <<: *anchor
            continue
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str | int | float):
            raise yaml.MarkedYAMLError(None, None, "a key must be a word or a number", key_node.start_mark)
        if key in lines:
            problem = f"the key `{key}` is given twice (first in line {lines[key]})"
            raise yaml.MarkedYAMLError(None, None, problem, key_node.start_mark)
        lines[key] = key_node.start_mark.line + 1
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique_mapping)


def read(path: Path) -> dict:
    """Read one YAML file that holds a mapping.

    Args:
        path: the file.

    Returns:
        Its content.

    Raises:
        YamlFileError: if the file cannot be opened, is no YAML, gives a key twice or holds no mapping.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"not UTF-8 text ({error.reason})"
        raise YamlFileError(f"{path}: cannot be read: {reason}") from None
    try:
        content = yaml.load(text, _UniqueKeyLoader)  # a SafeLoader: builds plain values only
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise YamlFileError(f"{path}{line}: {' '.join(error.problem.split())}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise YamlFileError(f"{path}: {' '.join(str(error).split())}") from None
    if _values(content, {}) > MOST_VALUES:
        raise YamlFileError(f"{path}: must hold at most {MOST_VALUES:,} values, aliases written out. Received: more")
    if not isinstance(content, dict):
        received = "nothing" if content is None else f"a {type(content).__name__}"
        raise YamlFileError(f"{path}: must hold a mapping of keys to values. Received: {received}")
    return content


def _values(content: object, known: dict[int, int]) -> int:
    """Return how many values a YAML file's content would hold if every alias were written out."""
    if not isinstance(content, dict | list):
        return 1
    if id(content) not in known:
        known[id(content)] = 0  # a list within itself
        parts = content.values() if isinstance(content, dict) else content
        known[id(content)] = 1 + sum(_values(part, known) for part in parts)
    return known[id(content)]


def merge(contents: list[dict]) -> dict:
    """Merge mappings in order, as Snakemake merges several `--configfile`s: mappings deeply, all else replaced."""
    merged: dict = {}
    for content in contents:
        for key, value in content.items():
            old = merged.get(key, {})
            if not isinstance(value, Mapping):
                merged[key] = value
            elif isinstance(old, Mapping):
                merged[key] = merge([old, value])
            elif value:  # an empty mapping replaces nothing, in Snakemake neither
                merged[key] = merge([value])
    return merged
