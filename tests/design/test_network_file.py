"""A network file is read, never run; what does not fit gets one line: file, line, what is expected, what came."""

import pytest

from design.network_file import Keyword, NetworkFileError, network_reader, read_network
from design.places import Places
from helpers.workflow import PROJECT

BUILD = "def build(input_shape, classes, *, {}): ..."


def read(tmp_path, source):
    path = tmp_path / "mine.py"
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    return read_network(path)


def test_the_default_network_has_one_keyword():
    network = read_network(PROJECT / "config/networks/dense.py")
    assert network.keywords == (Keyword("units", 512),)
    assert network.title == "One hidden layer between the pixels and the class probabilities"


def test_keywords_keep_order_type_and_choices(tmp_path):
    arguments = 'kind: Literal["dense", "deep"] = "deep", units=-8, rate=1e-3, normalise=False, name: str = "007"'
    network = read(tmp_path, BUILD.format(arguments))
    assert network.title == ""
    assert network.keywords == (
        Keyword("kind", "deep", ("dense", "deep")),
        Keyword("units", -8),
        Keyword("rate", 0.001),
        Keyword("normalise", False),
        Keyword("name", "007"),
    )
    assert [type(keyword.default) for keyword in network.keywords] == [str, int, float, bool, str]


def test_a_network_without_keywords_is_one(tmp_path):
    assert read(tmp_path, "def build(input_shape, classes): ...").keywords == ()


def test_the_file_is_not_run(tmp_path):
    written = tmp_path / "written"
    source = f"open({str(written)!r}, 'w').close()\n{BUILD.format('units=8')}\nprint('run')"
    assert read(tmp_path, source).keywords == (Keyword("units", 8),)
    assert not written.exists()


def test_any_byte_of_the_file_changes_its_digest(tmp_path):
    first = read(tmp_path, BUILD.format("units=8"))
    assert read(tmp_path, BUILD.format("units=8") + "\n# a comment\n").sha256 != first.sha256


@pytest.mark.parametrize(
    "imported",
    [
        "import keras, numpy as np",
        "from tensorflow.keras import models, layers",
        "import math, typing",
        "def build_block():\n    import keras.layers",
    ],
)
def test_what_a_network_may_import(tmp_path, imported):
    read(tmp_path, f"{imported}\n{BUILD.format('units=8')}")


@pytest.mark.parametrize(
    ("imported", "name"),
    [
        ("import helpers", "helpers"),
        ("from . import blocks", "."),
        ("from .blocks import block", ".blocks"),
        ("import torch", "torch"),
        ("def deep():\n    from scipy import stats", "scipy"),
    ],
)
def test_any_other_import_is_refused(tmp_path, imported, name):
    with pytest.raises(NetworkFileError, match=f"Received: {name}. Copy what is needed into this file") as caught:
        read(tmp_path, f"{imported}\n{BUILD.format('units=8')}")
    assert len(str(caught.value).splitlines()) == 1


ONE = "expected one function `build` at the top level, neither decorated nor assigned again"
SHAPE = "expected `build(input_shape, classes, *, keyword=default, …)`. Received: build"
LITERAL = "expected a finite number, True, False or text as the default of"


@pytest.mark.parametrize(
    ("source", "line", "problem"),
    [
        ("", 1, ONE),
        ("def make(input_shape, classes): ...", 1, ONE),
        ("class Net:\n    def build(self, classes): ...", 1, ONE),
        ("import functools\n@functools.cache\ndef build(input_shape, classes): ...", 3, ONE),
        ("def build(a, b): ...\n\ndef build(a, b): ...", 3, ONE),
        ("def build(a, b): ...\nbuild = None", 1, ONE),
        ("def build(a, b): ...\nfrom keras import layers as build", 1, ONE),
        ("async def build(a, b): ...", 1, ONE),
        ("def build(a): ...", 1, f"{SHAPE}(a)"),
        ("def build(): ...", 1, f"{SHAPE}()"),
        ("def build(a, b, units=512): ...", 1, f"{SHAPE}(a, b, units=512)"),
        ("def build(a, b=10): ...", 1, f"{SHAPE}(a, b=10)"),
        ("def build(a, b, *layers): ...", 1, f"{SHAPE}(a, b, *layers)"),
        ("def build(a, b, *, units=8, **rest): ...", 1, f"{SHAPE}(a, b, *, units=8, **rest)"),
        (BUILD.format("units"), 1, f"{LITERAL} units. Received: no default"),
        (BUILD.format("units=None"), 1, f"{LITERAL} units. Received: None"),
        (BUILD.format("units=2 * 256"), 1, f"{LITERAL} units. Received: 2 * 256"),
        (BUILD.format("shape=(1, 2)"), 1, f"{LITERAL} shape. Received: (1, 2)"),
        (BUILD.format("name=b'x'"), 1, f"{LITERAL} name. Received: b'x'"),
        (BUILD.format("rate=1e400"), 1, f"{LITERAL} rate. Received: 1e309"),
        (BUILD.format("units=2**53"), 1, f"{LITERAL} units. Received: 2 ** 53"),
        (BUILD.format(f"units={2**53}"), 1, f"expected whole numbers below {2**53} as the default of units. Rec"),
        (BUILD.format("\n    units=8,\n    Units=8"), 3, "expected a keyword of at most 40 lower-case letters, digits"),
        (BUILD.format("_units=8"), 1, "expected a keyword of at most 40 lower-case letters, digits and underscores"),
        (BUILD.format(f"{'u' * 41}=8"), 1, "expected a keyword of at most 40 lower-case letters, digits and under"),
        (BUILD.format("größe=8"), 1, "expected a keyword of at most 40 lower-case letters, digits and underscores"),
        *(
            (BUILD.format(f"{name}=8"), 1, f"expected another name than {name}, which the workflow needs for itself")
            for name in ("epochs", "learning_rate", "optimizer", "seed", "count", "items", "verdict", "mean", "point")
        ),
        (BUILD.format("kind: Literal['a', 1] = 'a'"), 1, "expected a Literal of texts alone for kind. Received: Liter"),
        (BUILD.format("kind: Literal['a'] = 'b'"), 1, "expected one of a as the default of kind. Received: 'b'"),
        ("def build(a, b):\n  return (", 2, "expected Python. Received: '(' was never closed"),
        (b"\xff\xfe", 1, "expected Python"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(tmp_path, source, line, problem):
    with pytest.raises(NetworkFileError) as caught:
        read(tmp_path, source)
    [said] = str(caught.value).splitlines()
    assert said.startswith(f"{tmp_path / 'mine.py'}, line {line}: {problem}")


def test_all_problems_come_at_once(tmp_path):
    with pytest.raises(NetworkFileError) as caught:
        read(tmp_path, f"import torch\n{BUILD.format('units=None, epochs=3')}")
    assert [line.split(": ")[0][-6:] for line in str(caught.value).splitlines()] == ["line 1", "line 2", "line 2"]


def test_a_path_is_looked_for_in_the_study_then_in_the_project(tmp_path):
    find = network_reader(Places(tmp_path, PROJECT))
    name = "config/networks/dense.py"
    assert find(name).keywords == (Keyword("units", 512),)
    (tmp_path / "config/networks").mkdir(parents=True)
    (tmp_path / name).write_text(BUILD.format("width=8"))
    assert find(name).keywords == (Keyword("width", 8),)
    with pytest.raises(ValueError, match="`network` must be an existing file"):
        find("none.py")
