"""YAML files are read as Snakemake reads them, and their errors say where to look, in one line."""

import copy
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config

from design.yaml_files import YamlFileError, merge, read
from helpers.workflow import PROJECT
from helpers.wrong_configs import FILES_THAT_CANNOT_BE_READ


@pytest.fixture
def path(tmp_path):
    return tmp_path / "study.yaml"


def problem_of(path):
    """Return what is said about a file, without its folder."""
    with pytest.raises(YamlFileError) as caught:
        read(path)
    message = str(caught.value)
    assert [message] == message.splitlines()
    assert message.startswith(f"{path}")
    return message.removeprefix(f"{path.parent}/")


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("{}\n", {}),
        ("a: 1\nb: {c: [2, x]}\n", {"a": 1, "b": {"c": [2, "x"]}}),
        ("\ufeffa: é\r\nb: null\r\n", {"a": "é", "b": None}),
        ("one: {a: 1}\ntwo: {a: 1}\n", {"one": {"a": 1}, "two": {"a": 1}}),
        ("one: &one {a: 1, b: 2}\ntwo:\n  <<: *one\n  b: 3\n", {"one": {"a": 1, "b": 2}, "two": {"a": 1, "b": 3}}),
        ("rate: 1e-4\nother: 1.0e-4\n", {"rate": "1e-4", "other": 0.0001}),
        ("5: a\n2.5: b\ntrue: c\n", {5: "a", 2.5: "b", True: "c"}),
    ],
)
def test_a_sound_file_is_read_as_snakemake_reads_it(path, text, content):
    path.write_text(text, encoding="utf-8")
    assert read(path) == content
    assert load_configfile(path) == content


@pytest.mark.parametrize("name", ["config.yaml", "quick.yaml"])
def test_the_projects_files_are_read_as_snakemake_reads_them(name):
    file = PROJECT / "config" / name
    assert read(file) == load_configfile(file)


@pytest.mark.parametrize(("content", "problem"), [*itertools.chain(*FILES_THAT_CANNOT_BE_READ.values())])
def test_a_fault_is_named_with_file_and_line(path, content, problem):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert problem_of(path).startswith(problem)


def test_a_file_that_is_not_there_is_told(path):
    assert problem_of(path) == "study.yaml: cannot be read: No such file or directory"


def test_a_folder_is_no_file(path):
    path.mkdir()
    assert problem_of(path) == "study.yaml: cannot be read: Is a directory"


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path [{trace}]]",
        "!!python/object/apply:os.mkdir [{trace}]",
        "!!python/object/new:os.mkdir [{trace}]",
        "!!python/name:os.mkdir",
        "!!python/module:os",
        "!!python/tuple [1, 2]",
        "!mine {{a: 1}}",
    ],
)
def test_yaml_that_would_build_python_objects_is_refused(path, value):
    trace = path.with_name("trace")
    path.write_text(f"a: 1\nb: {value.format(trace=trace)}\n", encoding="utf-8")
    assert problem_of(path).startswith("study.yaml, line 2, column 4: could not determine a constructor for the tag")
    assert not trace.exists()


def merged_by_snakemake(contents):
    config = {}
    for content in copy.deepcopy(contents):
        update_config(config, content)
    return config


@pytest.mark.parametrize(
    ("contents", "merged"),
    [
        ([], {}),
        ([{"a": 1}, {"a": 2, "b": 3}], {"a": 2, "b": 3}),
        ([{"a": {"b": 1, "c": 2}}, {"a": {"c": 3, "d": 4}}], {"a": {"b": 1, "c": 3, "d": 4}}),
        ([{"a": {"b": {"c": 1, "d": 2}}}, {"a": {"b": {"c": 5}}}], {"a": {"b": {"c": 5, "d": 2}}}),
        ([{"a": [1, 2, 3]}, {"a": [4]}], {"a": [4]}),
        ([{"a": {"b": 1}}, {"a": None}], {"a": None}),
        ([{"a": {"b": 1}}, {"a": 5}], {"a": 5}),
        ([{"a": 5}, {"a": {"b": 1}}], {"a": {"b": 1}}),
        ([{"a": None}, {"a": {"b": {"c": 1}}}], {"a": {"b": {"c": 1}}}),
        ([{"a": {"b": 1}}, {"a": {}}], {"a": {"b": 1}}),
        ([{"a": None}, {"a": {}}], {"a": None}),
        ([{"a": 1}, {"a": 2}, {"a": 3}], {"a": 3}),
    ],
)
def test_files_are_laid_over_each_other_as_snakemake_does(contents, merged):
    assert merge(contents) == merged
    assert merged_by_snakemake(contents) == merged


VALUES = st.recursive(
    st.none() | st.integers(0, 3) | st.lists(st.integers(0, 3), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
CONTENTS = st.lists(st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3), max_size=3)


@given(CONTENTS)
def test_any_files_are_laid_over_each_other_as_snakemake_does(contents):
    assert merge(contents) == merged_by_snakemake(contents)


@given(CONTENTS)
def test_merging_leaves_the_contents_as_they_were(contents):
    before = copy.deepcopy(contents)
    merged = merge(contents)
    for value in merged.values():
        if isinstance(value, dict):
            value["changed"] = True
    assert contents == before


def test_aliases_to_aliases_are_counted_as_written_out(tmp_path):
    """A few hundred bytes that stand for millions of values: laid over each other they would fill the memory."""
    lines = ["a0: &a0 {x: 1, y: 1}"] + [f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}}}" for n in range(1, 60)]
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join(lines))
    with pytest.raises(YamlFileError, match=r"bomb.yaml: must hold at most 100,000 values"):
        read(path)
    path.write_text("\n".join(lines[:10]))
    assert len(read(path)) == 10
