"""The report's page: whole, safe, and without a single request."""

import re

import pytest

from helpers import sample_page
from helpers.parsed_page import Parsed
from stats.intervals import t_half_width
from writing import page
from writing.links import row_id


@pytest.fixture(scope="module")
def html(figures):
    return sample_page.rendered(figures)


@pytest.fixture(scope="module")
def parsed(html):
    return Parsed(html)


def document(markdown, figures="unused"):
    return page.read_document("# Title\n\n" + markdown, figures)


# Structure


def test_page_is_whole(parsed):
    assert parsed.text("h1") == ["A dense network on mnist"]
    assert parsed.text("title") == ["A dense network on mnist"]
    assert parsed.all("html")[0]["attributes"] == {"lang": "en"}
    assert parsed.all("meta", name="viewport", content="width=device-width, initial-scale=1")
    assert parsed.all("a", class_="skip", href="#content")
    assert parsed.all("main", id="content")


def test_ids_are_unique_and_links_resolve(parsed):
    ids = parsed.attribute("id")
    assert len(set(ids)) == len(ids)
    targets = [href for href in parsed.attribute("href") if href.startswith("#")]
    assert len(targets) > 50
    assert {target[1:] for target in targets} <= set(ids)
    used = re.findall(r"url\(#([^)]+)\)", " ".join(map(str, parsed.elements)))
    assert used
    assert set(used) <= set(ids)
    labels = [name for element in parsed.elements for name in (element["attributes"].get("aria-labelledby"),) if name]
    assert set(labels) <= set(ids)


def test_contents_list_every_section_twice_in_order(parsed):
    listed = [
        (element["attributes"]["href"][1:], element["text"])
        for element in parsed.all("a")
        if "nav" in element["inside"]
    ]
    sections = [(element["attributes"]["id"], element["text"]) for element in parsed.all("h2")]
    assert listed == sections * 2  # beside the text and, on narrow screens, above it
    assert ("errors-classes", "Errors & classes") in sections
    assert [name for name, _ in sections[-2:]] == ["verdicts", "provenance"]


def test_page_asks_for_nothing(html, parsed):
    assert not [source for source in parsed.attribute("src") if not source.startswith("data:")]
    for element in parsed.elements:
        href = element["attributes"].get("href", "#")
        outside = not href.startswith(("#", "data:"))
        assert not outside or (element["tag"] == "a" and href.startswith("https://arxiv.org/")), element
    assert not re.search(r"@import|url\((?!#)|srcset|<base|<iframe|<object|<embed", html)


def test_policy_forbids_every_request(parsed):
    (policy,) = parsed.all("meta", http_equiv="Content-Security-Policy")
    assert policy["attributes"]["content"].split("; ") == [
        *("default-src 'none'", "style-src 'unsafe-inline'", "script-src 'unsafe-inline'", "img-src data:"),
        *("base-uri 'none'", "form-action 'none'"),
    ]
    before = parsed.elements[: parsed.elements.index(policy)]
    assert {element["tag"] for element in before} <= {"html", "head", "meta"}


def test_same_input_gives_the_same_bytes(html, figures):
    assert sample_page.rendered(figures) == html


def test_exactly_one_h1():
    for markdown in ("text", "# a\n\n# b"):
        with pytest.raises(ValueError, match="one h1"):
            page.read_document(markdown, "unused")


# Tables and links to their rows


def test_rows_have_ids_by_their_levels(parsed):
    rows = {name for name in parsed.attribute("id") if re.match("units|learning_rate-|update_rule-", name)}
    expected = {
        row_id(table, *(part.rpartition("=")[2] for part in level.split(",")))
        for table, levels in sample_page.LEVELS.items()
        for level in levels
    }
    assert expected <= rows
    headers = [row for row in parsed.all("th", scope="row") if row["text"] == "rmsprop_keras2"]
    assert len(headers) == 2


def test_tables_scroll_by_themselves_and_have_captions(parsed):
    regions = parsed.all("div", role="region", tabindex="0")
    assert [region["attributes"]["aria-label"] for region in regions] == [
        *("Table 1: units", "Table 2: learning rate", "Table 3: update rule", "Table 4: all comparisons"),
    ]
    assert len(parsed.all("table")) == 4
    assert all("div" in table["inside"] for table in parsed.all("table"))
    assert parsed.text("caption")[:3] == ["Table 1. Units", "Table 2. Learning rate", "Table 3. Update rule"]
    assert "Table:" not in " ".join(parsed.text("p"))


@pytest.mark.parametrize("rows", [page.LONG_TABLE, page.LONG_TABLE + 1])
def test_long_tables_have_a_height(figures, monkeypatch, rows):
    text = "| a | n |\n|---|---|\n" + "".join(f"| {row} | 1 |\n" for row in range(rows))
    is_long = rows > page.LONG_TABLE
    assert ('<div class="scroll pinned long" ' in document(text).body) == is_long
    found = sample_page.families()
    monkeypatch.setattr(page, "LONG_TABLE", sum(len(compared["rows"]) for compared in found) - is_long)
    html = sample_page.rendered(figures)
    opening = re.search(r'<div class="([^"]*)" [^>]*: all comparisons">', html)
    assert opening[1] == ("scroll pinned long" if is_long else "scroll pinned")
    assert "@media screen { .long { max-height:" in html


def test_verdicts_and_the_baseline_are_marked():
    found = document("| units | n | verdict |\n|---|---|---|\n| better | 1 | worse |\n| 2 | 1 | baseline |").body
    assert '<td class="verdict worse">worse</td>' in found
    assert '<th scope="row">better</th>' in found  # a level of this name is none
    assert found.count('<tr class="baseline">') == 1


def test_names_of_classes_are_no_verdicts():
    found = document("| number | class |\n|---|---|\n| 0 | worse |\n| 1 | baseline |").body
    assert "<td>worse</td>" in found
    assert '<tr class="baseline">' not in found


def test_table_without_a_name_has_neither_ids_nor_caption():
    found = document("## Sizes\n\n*Table: this.* is text\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    assert 'aria-label="Table 1: Sizes"' in found.body
    assert "<caption>" not in found.body
    assert found.rows == set()
    assert '<th scope="row">1</th>' in found.body


def test_empty_table_is_a_table():
    assert "<table>" in document("*Table: units.*\n\n| units | n |\n|---|---|").body


def test_numbers_lead_to_their_rows(parsed):
    numbers = [link for link in parsed.all("a", class_="number") if "p" in link["inside"]]
    assert [(link["attributes"]["href"], link["text"]) for link in numbers] == [
        ("#units-512", "0.97902"),
        ("#update_rule-rmsprop_keras2-20", "0.98251"),
    ]


@pytest.mark.parametrize("target", ["units-513", "", "Units-512"])
def test_link_to_nothing_is_an_error(figures, target):
    markdown = sample_page.markdown() + f"\n\n[0.9](#{target})\n"
    with pytest.raises(ValueError, match=re.escape(f"'#{target}'")):
        sample_page.rendered(figures, markdown=markdown)


# Figures


def test_figures_stand_in_the_page(parsed):
    drawings = parsed.all("svg")
    assert [svg["attributes"]["role"] for svg in drawings] == ["img"] * 4
    labels = [svg["attributes"]["aria-label"] for svg in drawings]
    assert labels[0] == "Test accuracy by units"
    assert parsed.text("figcaption") == [f"Figure {number}. {label}" for number, label in enumerate(labels, 1)]
    assert all("figure" in svg["inside"] for svg in drawings)
    assert parsed.all("img") == []


@pytest.mark.parametrize(
    "markdown",
    [
        *("![](figures/lines.png)", "![a](https://example.org/a.png)", "![a](figures/../lines.png)"),
        *("text ![a](figures/lines.png)", "## ![a](figures/lines.png)", "![a](lines.png)", "![a](figures/lines.svg)"),
        "| a |\n|---|\n| ![a](figures/lines.png) |",
    ],
)
def test_figure_out_of_place_is_an_error(figures, markdown):
    with pytest.raises(ValueError, match="figure"):
        document(markdown, figures)


def test_missing_figure_is_an_error(figures):
    with pytest.raises(FileNotFoundError, match=r"absent\.svg"):
        document("![a](figures/absent.png)", figures)


# What comes from outside stays text


def test_text_of_the_config_is_inert(figures):
    evil = "<script>alert(1)</script>"
    quoted = f'"{evil}'
    families = sample_page.families()
    families[0]["rows"][0]["level"] = families[0]["name"] = f"{quoted}</script><!--\u2028"
    found = sample_page.rendered(
        figures,
        markdown=f"# {quoted}\n\n## {quoted}\n\n{evil}\n\n![{quoted}](figures/lines.png)\n\n"
        f"*Table: {quoted}.*\n\n| level | n |\n|---|---|\n| {quoted} | 1 |\n\n[x](javascript:alert(1))\n",
        families=families,
        title=quoted,
        provenance=sample_page.PROVENANCE | {"cpu": quoted, "commit": quoted, "finished": quoted},
        provenance_text=quoted,
    )
    parsed = Parsed(found)
    assert [script["attributes"] for script in parsed.all("script")] == [
        {"type": "application/json", "id": "verdict-data"},
        {},
    ]
    assert parsed.text("title") == parsed.text("h1") == [quoted]
    assert parsed.all("svg")[0]["attributes"]["aria-label"] == quoted
    assert quoted in parsed.text("th", scope="row")
    assert not [name for element in parsed.elements for name in element["attributes"] if name.startswith("on")]
    assert not [href for href in parsed.attribute("href") if href.startswith("javascript")]


def test_script_that_would_end_its_element_is_refused(figures, tmp_path):
    for path in sample_page.TEMPLATES.iterdir():
        (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / "verdicts.js").write_text("// </SCRIPT>")
    with pytest.raises(ValueError, match=r"verdicts\.js"):
        sample_page.rendered(figures, templates=tmp_path)


# Comparisons


def test_table_of_comparisons_shows_the_study(parsed):
    bodies = parsed.all("tbody", data_metric="accuracy") + parsed.all("tbody", data_metric="loss")
    assert len(bodies) == 6
    first = sample_page.families()[0]
    text = " ".join(bodies[0]["text"].split())
    row = first["rows"][0]
    half, half_equivalence = (t_half_width(row["sd"], 10, alpha) for alpha in (0.05, 0.1))
    bounds = [f"{row['mean'] - width:.5f} … {row['mean'] + width:.5f}" for width in (half, half_equivalence)]
    assert text.startswith(
        f"Units accuracy, 2 comparisons 32 worse {row['mean']:.5f} {bounds[0]} {bounds[1]} 0.0039 10 1024 equivalent +"
    )
    assert "Update rule optimizer, epochs; loss" in " ".join(bodies[5]["text"].split())
    assert "rmsprop_keras2, 20" in bodies[5]["text"]
    targets = [link["attributes"]["href"] for link in parsed.all("a", class_="number") if "table" in link["inside"]]
    assert targets[:2] == ["#units-32", "#units-1024"]
    assert targets[-1] == "#update_rule-rmsprop_keras2-20"


def test_controls_wait_for_the_script(parsed):
    (form,) = parsed.all("form")
    assert "hidden" in form["attributes"]
    assert [option["text"] for option in parsed.all("option") if "selected" in option["attributes"]] == [
        "0.05 (the study's)"
    ]
    assert [box["attributes"]["value"] for box in parsed.all("input", type="number")] == ["0.001", "0.005"]


def test_page_without_comparisons_has_no_script(figures):
    parsed = Parsed(sample_page.rendered(figures, families=[]))
    assert parsed.all("script") == parsed.all("form") == []
    assert "verdicts" not in parsed.attribute("id")
