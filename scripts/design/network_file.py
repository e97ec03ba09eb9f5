"""A network file: read with `ast`, never run. Its function `build` says which hyperparameters the network has.

```python
def build(input_shape, classes, *, units=512, dropout=0.0): ...
```

The keyword-only arguments are hyperparameters; each default says type and value. The SHA-256 of the file, with the
versions of the packages it may import, is all there is to know of the network: it imports nothing else.
"""

import ast
import hashlib
import math
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from design.places import Places, found
from design.point_names import FACTORS_OF_TRAINING

LONGEST_KEYWORD = 40  # characters: it names a column, a wildcard and the table of its sweep
LARGEST_NUMBER = 2**53  # of whole numbers; the next one is no float
IMPORTABLE = ("keras", "tensorflow", "numpy")
LITERALS = "a finite number, True, False or text"
# Snakemake gives a rule's wildcards these names already, or stumbles over them.
_OF_SNAKEMAKE = {*dir(list), *dir(dict), "self"}
# Columns and other names of the plan, the tables and the paths of results.
_OF_TABLES = (
    *("point", "first", "last", "first_seed", "last_seed", "wanted_by", "seed", "seeds", "dataset"),
    *("summary", "position", "label", "is_baseline", "level", "run", "diverged", "n", "metric"),
    *("train_loss", "train_accuracy", "test_loss", "test_accuracy", "verdict", "difference"),
    *("id", "quantity", "published", "mean", "sd", "low", "high", "distance_sd", "repeats", "effective_rate"),
)
RESERVED = {*_OF_SNAKEMAKE, *_OF_TABLES, *FACTORS_OF_TRAINING}


class NetworkFileError(ValueError):
    """The file holds no network; the message has one line for each thing that is wrong."""


@dataclass(frozen=True)
class Keyword:
    """A keyword-only argument of `build`.

    Attributes:
        name: its name.
        default: its value where the config says nothing; its type is that of all values.
        choices: the texts that may be given; empty where any may.
    """

    name: str
    default: bool | int | float | str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Network:
    """What a network file says of its network.

    Attributes:
        content: the file's bytes.
        title: first line of its docstring, without the full stop; empty where it has none.
        keywords: hyperparameters of the network, in the order of `build`.
    """

    content: bytes
    title: str
    keywords: tuple[Keyword, ...]

    @property
    def sha256(self) -> str:
        """SHA-256 of the file, 64 hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()


def network_reader(places: Places) -> Callable[[str], Network]:
    """Return the function that reads the file which the config's `network` names, for `configuration.validate`."""

    def read(name: str) -> Network:
        return read_network(found("network", "an existing file", name, places, os.path.isfile))

    return read


def read_network(path: Path) -> Network:
    """Read a network file without running it.

    Raises:
        NetworkFileError: if it holds no network; one line for each thing that is wrong.
        OSError: if it cannot be read.
    """
    content = path.read_bytes()
    try:
        tree = ast.parse(content)
    except SyntaxError as error:
        raise NetworkFileError(f"{path}, line {error.lineno}: expected Python. Received: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise NetworkFileError(f"{path}: expected Python. Received: {error}") from None
    problems = [*_import_problems(tree)]
    keywords: list[Keyword] = []
    builders = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "build"]
    if len(builders) != 1 or _bindings(tree) != 1 or builders[0].decorator_list:
        expected = "one function `build` at the top level, neither decorated nor assigned again"
        problems.append((builders[-1].lineno if builders else 1, f"expected {expected}"))
    else:
        problems += _argument_problems(builders[0].args)
        for argument, default in zip(builders[0].args.kwonlyargs, builders[0].args.kw_defaults, strict=True):
            keyword, found = _keyword(argument, default)
            problems += [(argument.lineno, problem) for problem in found]
            keywords += [keyword] if keyword else []
    if problems:
        raise NetworkFileError("\n".join(f"{path}, line {line}: {problem}" for line, problem in sorted(problems)))
    docstring = (ast.get_docstring(tree) or "").strip().split("\n")[0].rstrip(".")
    return Network(content, docstring, tuple(keywords))


def _import_problems(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and text for each import of what is not installed with this project for networks to use."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = ["." * node.level + (node.module or "")]
        else:
            continue
        for name in names:
            first = name.split(".")[0]
            if first not in IMPORTABLE and first not in sys.stdlib_module_names:
                yield (
                    node.lineno,
                    f"expected imports of {', '.join(IMPORTABLE)} and the standard library alone, since this file is "
                    f"all that identifies the network. Received: {name}. Copy what is needed into this file",
                )


def _bindings(tree: ast.Module) -> int:
    """Return how often the top level gives the name `build` a value."""
    inner = {id(child) for node in tree.body if isinstance(node, _SCOPES) for child in ast.walk(node)} - {
        id(node) for node in tree.body
    }
    count = 0
    for node in ast.walk(tree):
        if id(node) in inner:
            continue
        names = [getattr(node, "name", None)] if isinstance(node, _SCOPES) else []
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names = [node.id]
        elif isinstance(node, ast.alias):
            names = [node.asname or node.name]
        count += names.count("build")
    return count


_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _argument_problems(arguments: ast.arguments) -> Iterator[tuple[int, str]]:
    positional = [*arguments.posonlyargs, *arguments.args]
    if len(positional) != 2 or arguments.defaults or arguments.vararg or arguments.kwarg:
        line = positional[0].lineno if positional else 1
        received = ast.unparse(arguments)
        yield line, f"expected `build(input_shape, classes, *, keyword=default, …)`. Received: build({received})"


def _keyword(argument: ast.arg, default: ast.expr | None) -> tuple[Keyword | None, list[str]]:
    """Return a keyword, or what is wrong with it."""
    name = argument.arg
    if not re.fullmatch(rf"[a-z][a-z0-9_]{{0,{LONGEST_KEYWORD - 1}}}", name):
        expected = f"a keyword of at most {LONGEST_KEYWORD} lower-case letters, digits and underscores"
        return None, [f"expected {expected}. Received: {name}"]
    if name in RESERVED:
        return None, [f"expected another name than {name}, which the workflow needs for itself"]
    try:
        value = ast.literal_eval(default) if default else None
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        value = None
    received = ast.unparse(default) if default else "no default"
    if not isinstance(value, bool | int | float | str) or (isinstance(value, float) and not math.isfinite(value)):
        return None, [f"expected {LITERALS} as the default of {name}. Received: {received}"]
    if isinstance(value, int) and abs(value) >= LARGEST_NUMBER:
        return None, [f"expected whole numbers below {LARGEST_NUMBER} as the default of {name}. Received: {received}"]
    choices, problem = _choices(argument.annotation)
    if problem:
        return None, [f"expected {problem} for {name}. Received: {ast.unparse(argument.annotation)}"]
    if choices and value not in choices:
        return None, [f"expected one of {', '.join(choices)} as the default of {name}. Received: {received}"]
    return Keyword(name, value, choices), []


def _choices(annotation: ast.expr | None) -> tuple[tuple[str, ...], str]:
    """Return the texts of a `Literal[…]`, and what was expected where it holds something else."""
    if not isinstance(annotation, ast.Subscript) or ast.unparse(annotation.value).split(".")[-1] != "Literal":
        return (), ""
    items = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
    texts = tuple(item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str))
    return texts, "" if len(texts) == len(items) else "a Literal of texts alone"
