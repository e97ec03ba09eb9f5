"""The whole report of small studies: whole sentences, no number without evidence, the same text twice."""

import json
import re
import shutil

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

import report
from data.datasets import find_dataset, load_datasets
from files.records import write_record
from helpers.hand_made import MARGINS, HandMade, rich_study, summarised
from helpers.sample_page import TEMPLATES
from helpers.workflow import PROJECT
from helpers.written_report import draw, finish, write_report
from writing.page import LONG_TABLE

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ten(tmp_path_factory):
    """The rich study of ten seeds, one of them diverged at one point, with figures."""
    return finish(rich_study(tmp_path_factory.mktemp("ten"), 10, 1), figures=True)


def test_the_whole_report(ten):
    text = write_report(ten)
    assert text.startswith("# mnist: One hidden layer\n")
    for heading in (
        *("5 epochs against 20", "The intermediate dimension", "The learning rate", "Momentum", "Optimizer"),
        *("Grid: update rule", "Grid: shape", "The update rule of Keras 2", "The published numbers", "Methods"),
    ):
        assert f"\n## {heading}\n" in text, heading
    assert "Runs whose loss ceased to be a number: 1 of 10 at 0.1." in text
    assert "](#" not in text
    assert "*Table:" not in text
    assert "\n\n\n" not in text
    assert not re.search(r"\bnan\b|\bNone\b|\{\{|\{%", text)
    page = (ten.folder / "report.html").read_text(encoding="utf-8")
    assert '<a href="#units-32"' in page
    assert 'id="units-32"' in page
    record = json.loads((ten.folder / "provenance.json").read_text())
    assert record["config"] == {"alpha": 0.05}


def shown(page):
    """Return what a page shows: its text and that of its drawings, without its style and script."""
    return re.sub(r"<(style|script)\b.*?</\1>|<[^>]*>", " ", page, flags=re.DOTALL)


def test_a_report_on_other_images_speaks_of_no_digits(tmp_path):
    """Title, sentences, captions and what stands in the figures: of the data set it names itself, of no other."""
    clothes = find_dataset(load_datasets(PROJECT / "config" / "datasets.yaml"), "fashion_mnist").class_names
    study = finish(rich_study(tmp_path, 10, 1, "fashion_mnist"), figures=True, names=clothes)
    markdown = write_report(study)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert markdown.startswith("# fashion_mnist: One hidden layer\n")
    assert "seen as Trouser" in shown(page)
    for text in (
        markdown,
        page.partition("</title>")[0],
        shown(page),
        *re.findall(r'(?:aria-label|alt)="(.*?)"', page),
    ):
        assert not re.search("mnist|digit|handwrit|notebook|original", text.replace("fashion_mnist", ""), re.IGNORECASE)
    assert not re.search("published", markdown)


def test_the_same_tables_give_the_same_text(ten):
    assert write_report(ten) == write_report(ten)


@pytest.mark.parametrize(
    ("sound", "planted"),
    [
        ("## Momentum\n", "## Momentum\n\nIt is 0.97654 at best.\n"),
        ("{{ comments.learning }}", "{{ comments.learning }} In 12345 cases."),
        ("{{ comments.rate }}", "{{ comments.rate | replace('0', '7') }}"),
    ],
)
def test_a_planted_number_stops_the_report(ten, tmp_path, capsys, sound, planted):
    shutil.copytree(TEMPLATES, tmp_path / "templates")
    template = tmp_path / "templates" / "report.md.j2"
    text = template.read_text(encoding="utf-8")
    assert sound in text
    template.write_text(text.replace(sound, planted), encoding="utf-8")
    with pytest.raises(SystemExit, match="ERROR: numbers without evidence in a table"):
        write_report(ten, tmp_path / "templates")


@pytest.mark.parametrize("changed", [{"alpha": 0.01}, {"margins": {"accuracy": 0.002, "loss": 0.005}}])
def test_tables_and_figures_of_another_level_or_margin_are_refused(ten, capsys, changed):
    """An old verdict must not stand beside a new δ, neither in a figure nor in the report."""
    options = {"alpha": 0.05, "margins": MARGINS} | changed
    with pytest.raises(SystemExit, match=rf"ERROR: .*aggregate.json: expected {next(iter(changed))}="):
        draw(ten, **options)
    with pytest.raises(SystemExit, match=rf"ERROR: .*aggregate.json: expected {next(iter(changed))}="):
        write_report(ten, **options)


def test_figures_of_another_margin_are_refused(tmp_path):
    study = HandMade(tmp_path, {"units": ("units",)}).add("baseline units", [0.98, 0.97], [0.1, 0.2])
    finish(study)
    write_record(tmp_path / "figures" / "plot.json", [], **study.read().identity, margins=MARGINS | {"loss": 0.01})
    with pytest.raises(SystemExit, match=r"ERROR: .*plot.json: expected margins="):
        write_report(study)


def test_a_number_in_code_or_a_table_is_no_claim(ten, tmp_path):
    shutil.copytree(TEMPLATES, tmp_path / "templates")
    template = tmp_path / "templates" / "report.md.j2"
    text = template.read_text(encoding="utf-8")
    template.write_text(text.replace("## Momentum\n", "## Momentum\n\nSee `0.97654`.\n"), encoding="utf-8")
    assert "See `0.97654`." in write_report(ten, tmp_path / "templates")


@pytest.mark.parametrize("n", [1, 2, 5])
def test_few_seeds_give_a_whole_report(tmp_path, n):
    text = write_report(finish(rich_study(tmp_path, n, 1)))
    assert not re.search(r"\bnan\b|\binf\b|\bNone\b(?! of)", text)
    said = "One seed a point describes these runs and nothing else" if n == 1 else "even the most one-sided outcome"
    assert said in text
    assert f"with {n} seed{'' if n == 1 else 's'}." in text.replace("\n", " ")


@pytest.mark.parametrize(("accuracy", "cut"), [([0.1, 0.97], True), ([0.96, 0.961], False)])
def test_intervals_that_are_cut_off_are_said_to_be(tmp_path, accuracy, cut):
    study = HandMade(tmp_path, {"units": ("units",)}).add("baseline units", [0.98, 0.981], [0.1, 0.101])
    finish(study.add("units", accuracy, [0.1, 0.101], units="64"))
    assert ("They are cut off where nothing can lie: accuracy is from 0 to 1" in write_report(study)) == cut


def test_a_study_of_the_baseline_alone(tmp_path):
    text = write_report(finish(HandMade(tmp_path, {}).add("baseline", [0.98, 0.97], [0.1, np.nan])))
    assert "The loss of 1 of these 2 runs is no longer a number" in text
    assert "## Momentum" not in text
    assert "## Grid" not in text


def test_sweeps_without_grids_and_a_sweep_of_one_value(tmp_path):
    study = HandMade(tmp_path, {"units": ("units",), "optimizer": ("optimizer",)})
    study.add("baseline units optimizer", [0.98, 0.97], [0.1, 0.2]).add("units", [0.9, 0.92], [0.3, 0.4], units="64")
    text = write_report(finish(study))
    assert "The sweep holds only the baseline, so there is nothing to compare." in text
    assert "## Grid" not in text


def test_links_and_names_of_tables_go_from_the_markdown_for_reading():
    linked = "*Table: units.*\n\n| a |\n\nIt is [0.98](#units-64), see [arXiv](https://arxiv.org/abs/1).\n"
    assert report.without_links(linked) == "| a |\n\nIt is 0.98, see [arXiv](https://arxiv.org/abs/1).\n"


def test_long_tables_are_cut_in_the_markdown_for_reading():
    def table(rows):
        return "| a |\n|---|\n" + "".join(f"| {row} |\n" for row in range(1, rows + 1))

    assert report.without_links(table(LONG_TABLE)) == table(LONG_TABLE)
    text = report.without_links(f"{table(LONG_TABLE + 1)}\nIt goes on.\n\n{table(2)}")
    note = f"\n(The first {LONG_TABLE} of {LONG_TABLE + 1} rows; all stand in report.html.)\n"
    assert text == f"{table(LONG_TABLE)}{note}\nIt goes on.\n\n{table(2)}"


def test_prose_may_name_levels_margins_and_seeds(ten):
    found = report.chosen_numbers(ten.read(), MARGINS)
    assert {"512", "0.0001", "0.99", "20", "0.001", "0.005", "10", "95", "0.05"} <= set(found)
    assert "rmsprop" not in found


def test_comments_that_do_not_apply_are_empty(tmp_path):
    study = HandMade(tmp_path, {}).add("baseline", [0.98], [0.1])
    tables = summarised(study)
    compared = report.families(study.read(), tables, MARGINS)
    texts = report.comments(study.read(), tables, compared, "", report.Counts())
    written = {name for name, text in texts.items() if text}
    assert written == {"engines", "learning"}
