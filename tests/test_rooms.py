"""The rooms of scripts/: who may import whom, the line each room opens with, a test file for every module."""

import ast
import graphlib
import re
from importlib.util import resolve_name

import pytest

from helpers.workflow import PROJECT

SCRIPTS = PROJECT / "scripts"
# From the ground up: a module imports only from its own room and from rooms of an earlier line.
FLOORS = (
    ("stats", "files"),
    ("training", "design"),
    ("data",),
    ("tables",),
    ("published",),
    ("figures",),
    ("writing",),
    ("running",),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
# Modules without a test file of their name, and the file that tests them.
TESTED_BY = {
    "check": "running/test_checking.py",
    "checksums": "files/test_study_checksums.py",
    "check_published": "published/test_rows.py",
    "describe": "training/test_description.py",
    "download": "data/test_sources.py",
    "evaluate": "training/test_evaluation.py",
    "plan": "workflow/test_workflow.py",
    "preprocess": "data/test_arrays.py",
    "train": "training/test_block.py",
    "data.array_files": "faults/test_broken_arrays.py",
    "design.labels": "writing/test_sweep_sentences.py",
    "design.sweeps": "design/test_configuration.py",
    "published.study_runs": "published/test_rows.py",
    "tables.quantities": "running/test_forecast.py",
}


def modules(scripts):
    """Return the dotted name and the path of every module but a room's `__init__`."""
    paths = [path for path in sorted(scripts.rglob("*.py")) if path.name != "__init__.py"]
    return {".".join(path.relative_to(scripts).with_suffix("").parts): path for path in paths}


def room(module):
    """Return the first part of a dotted name; a door is its own."""
    return module.partition(".")[0]


def imports(scripts):
    """Return for each module the modules below scripts/ that it imports, wherever in its code."""
    known = modules(scripts)
    found = {}
    for module, path in known.items():
        package = module.rpartition(".")[0]
        names = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                source = resolve_name("." * node.level + (node.module or ""), package)
                names |= {source, *(f"{source}.{alias.name}" for alias in node.names)}
        found[module] = names & known.keys()
    return found


def wrong_imports(scripts):
    """Return a line for each import that the order of the rooms forbids, and for a circle."""
    graph = imports(scripts)
    lines = []
    for module, names in graph.items():
        for name in sorted(names):
            if room(name) not in FLOOR:
                lines.append(f"{module} imports the door {name}")
            elif room(module) in FLOOR and room(module) != room(name) and FLOOR[room(module)] <= FLOOR[room(name)]:
                lines.append(f"{module} imports {name}, a room that is not below its own")
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        lines.append(f"a circle: {', '.join(error.args[1])}")
    return lines


def wrong_rooms(scripts):
    """Return a line for each folder that is not a room of the list, and for each sign that is not one line."""
    folders = {path.name for path in scripts.iterdir() if path.is_dir() and path.name != "__pycache__"}
    lines = [f"{name} is in the list or in scripts/, not in both" for name in sorted(folders ^ FLOOR.keys())]
    for name in sorted(folders):
        sign = scripts / name / "__init__.py"
        if not sign.is_file() or not re.fullmatch(r'"""[^"\n]+\."""\n', sign.read_text(encoding="utf-8")):
            lines.append(f"{name}/__init__.py must hold a docstring of one line and nothing else")
    return lines


def doors(project):
    """Return the names of all rules, and of all scripts that the Makefile calls."""
    rules = "\n".join(path.read_text(encoding="utf-8") for path in (project / "workflow").rglob("*.smk"))
    makefile = (project / "Makefile").read_text(encoding="utf-8")
    return {*re.findall(r"^rule (\w+):", rules, re.MULTILINE), *re.findall(r"scripts/(\w+)\.py", makefile)}


def test_no_module_imports_a_later_room_a_door_or_itself_in_a_circle():
    assert wrong_imports(SCRIPTS) == []


def test_every_room_opens_with_one_line():
    assert wrong_rooms(SCRIPTS) == []


def test_every_script_outside_the_rooms_is_called_by_a_rule_or_by_make():
    assert sorted(path.stem for path in SCRIPTS.glob("*.py") if path.stem not in doors(PROJECT)) == []


def test_every_module_has_a_test_file():
    tests = PROJECT / "tests"
    without = []
    for module, path in modules(SCRIPTS).items():
        place, name = path.relative_to(SCRIPTS).parent, path.stem
        if not (tests / place / f"test_{name}.py").is_file():
            without.append(module)
    assert sorted(without) == sorted(TESTED_BY)
    assert [file for file in TESTED_BY.values() if not (tests / file).is_file()] == []


FAULTS = {
    "a later room": ("tables/a.py", "from figures import style\n", "tables.a imports figures.style, a room"),
    "a room on the same floor": ("stats/a.py", "import files.b\n", "stats.a imports files.b, a room"),
    "within a function": ("data/a.py", "def f():\n    from tables.b import x\n", "data.a imports tables.b, a room"),
    "a door from a room": ("running/a.py", "import train\n", "running.a imports the door train"),
    "a door from a door": ("report.py", "from train import main\n", "report imports the door train"),
    "a circle": ("files/b.py", "from . import a\n", "a circle: "),
}


@pytest.mark.parametrize(("path", "text", "line"), FAULTS.values(), ids=FAULTS)
def test_a_wrong_import_is_found(tmp_path, path, text, line):
    sound = {
        "train.py": "",
        "figures/style.py": "",
        "files/a.py": "import files.b",
        "files/b.py": "",
        "tables/b.py": "",
    }
    for name in FLOOR:
        sound[f"{name}/__init__.py"] = '"""A room."""\n'
    for name, content in (sound | {path: text}).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    assert wrong_rooms(tmp_path) == []
    (found, *_) = wrong_imports(tmp_path)
    assert found.startswith(line)
    (tmp_path / path).write_text("")
    assert wrong_imports(tmp_path) == []


@pytest.mark.parametrize("content", [None, "", '"""Two\nlines."""\n', '"""A room."""\nimport os\n'])
def test_a_room_without_its_line_is_found(tmp_path, content):
    for name in FLOOR:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text('"""A room."""\n')
    sign = tmp_path / "stats" / "__init__.py"
    sign.unlink() if content is None else sign.write_text(content)
    assert wrong_rooms(tmp_path) == ["stats/__init__.py must hold a docstring of one line and nothing else"]
