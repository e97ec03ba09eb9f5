"""YAML files are read as Snakemake reads them, and their errors say where to look, in one line."""

import copy

import pytest
import yaml
from helpers.workflow import PROJECT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config

from design.yaml_files import YamlFileError, merge, read


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
        ("", {}),
        ("# nothing but a comment\n", {}),
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
    if content:  # Snakemake refuses a file that says nothing
        assert load_configfile(path) == content


@pytest.mark.parametrize("name", ["config.yaml", "quick.yaml"])
def test_the_projects_files_are_read_as_snakemake_reads_them(name):
    file = PROJECT / "config" / name
    assert read(file) == load_configfile(file)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", "study.yaml, line 3, column 2: expected ',' or ']', but got ':'"),
        ("a: 1\nb: {c: 1\n", "study.yaml, line 3, column 1: expected ',' or '}', but got '<stream end>'"),
        ("a: 1\n b: 2\n", "study.yaml, line 2, column 3: mapping values are not allowed here"),
        ("a: 1\nb: @c\n", "study.yaml, line 2, column 4: found character '@' that cannot start any token"),
        ('a: "one\nb: 2\n', "study.yaml, line 3, column 1: found unexpected end of stream"),
        ("a: *one\n", "study.yaml, line 1, column 4: found undefined alias 'one'"),
        ("a: 1\n---\na: 2\n", "study.yaml, line 2, column 1: but found another document"),
        ("sweeps:\n\tunits: [1]\n", "study.yaml, line 2, column 1: found character '\\t' that cannot start any token"),
        ("a: 1\nb: 2\na: 3\n", "study.yaml, line 3, column 1: the key `a` is given twice (first in line 1)"),
        (
            "baseline:\n  units: 1\n  epochs: 5\n  units: 2\n",
            "study.yaml, line 4, column 3: the key `units` is given twice (first in line 2)",
        ),
        ("a: {b: {c: 1, c: 2}}\n", "study.yaml, line 1, column 15: the key `c` is given twice (first in line 1)"),
        ("a:\n  - {b: 1, b: 1}\n", "study.yaml, line 2, column 12: the key `b` is given twice (first in line 2)"),
        ("5: a\n5.0: b\n", "study.yaml, line 2, column 1: the key `5.0` is given twice (first in line 1)"),
        ('"a\\nb": 1\n"a\\nb": 2\n', "study.yaml, line 2, column 1: the key `a b` is given twice (first in line 1)"),
        ("a: 1\nnull: 2\n", "study.yaml, line 2, column 1: a key must be a word or a number"),
        ("? [a, b]\n: 1\n", "study.yaml, line 1, column 3: a key must be a word or a number"),
        ("a: 1\nb: 2024-13-45\n", "study.yaml, line 2, column 4: no valid value (month must be in 1..12"),
        ("a: 1\nb: !!bool perhaps\n", "study.yaml, line 2, column 4: no valid value ('perhaps')"),
        ('a: !!int ""\n', "study.yaml, line 1, column 4: no valid value (string index out of range)"),
        ("a: &a {b: *a}\n", "study.yaml, line 1, column 4: found unconstructable recursive node"),
        ("a: " + 5000 * "[", "study.yaml: maximum recursion depth exceeded"),
        ("- a\n- b\n", "study.yaml: must hold a mapping of keys to values. Received: a list"),
        ("only text\n", "study.yaml: must hold a mapping of keys to values. Received: a str"),
        ("5\n", "study.yaml: must hold a mapping of keys to values. Received: a int"),
    ],
)
def test_a_fault_is_told_with_file_and_line(path, text, problem):
    path.write_text(text, encoding="utf-8")
    assert problem_of(path).startswith(problem)


def test_a_file_that_is_not_utf_8_is_refused(path):
    path.write_bytes("a: é\n".encode("latin-1"))
    assert problem_of(path) == "study.yaml: cannot be read: not UTF-8 text (invalid continuation byte)"


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


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(alphabet="ab:1 -[]{}\n\t'\"#&*!|>%,?.<=\x00é", max_size=30) | st.binary(max_size=20))
def test_any_file_is_read_or_refused_in_one_line(path, content):
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    try:
        received, problem = read(path), None
    except YamlFileError as error:
        received, problem = None, str(error)
    if problem is None:
        assert received == (yaml.safe_load(path.read_bytes()) or {})
    else:
        assert [problem] == problem.splitlines()


def test_aliases_to_aliases_are_counted_as_written_out(tmp_path):
    """A few hundred bytes that stand for millions of values: laid over each other they would fill the memory."""
    lines = ["a0: &a0 {x: 1, y: 1}"] + [f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}}}" for n in range(1, 60)]
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join(lines))
    with pytest.raises(YamlFileError, match=r"bomb.yaml: must hold at most 100,000 values"):
        read(path)
    path.write_text("\n".join(lines[:10]))
    assert len(read(path)) == 10
