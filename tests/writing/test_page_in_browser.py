"""The page in a browser: quiet, within the screen, legible in both schemes, and its controls do what they say."""

import re

import pytest

from helpers import sample_page
from helpers.browser import CHROMIUM, Browser
from helpers.parsed_page import Parsed

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium, which is not installed")

# Texts with their colour and that of the ground they stand on; drawings are coloured by `fill`.
CONTRASTS = """(() => {
  const numbers = (colour) => {
    const found = colour.match(/[\\d.]+/g).map(Number);
    return colour.startsWith("color(") ? [...found.slice(0, 3).map((c) => 255 * c), found[3] ?? 1] : found;
  };
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour[3] !== 0) return colour;
    }
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility() || element.closest("script")) continue;
    if (element.closest("svg")?.querySelector("image")) continue; // the words in cells stand on the picture
    const style = getComputedStyle(element);
    const [a, b] = [light(numbers(element.closest("svg") ? style.fill : style.color)), light(ground(element))];
    found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), texts.currentNode.data.trim().slice(0, 40)]);
  }
  return found;
})()"""
CELLS = """[...document.querySelectorAll("tbody[data-metric] tr")]
  .map((row) => [...row.cells].map((cell) => cell.textContent.trim().replace(/\\s+/g, " ")))"""
SCHEMES = ("light", "dark")
WIDTHS = (1280, 390)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with_tab = Browser(tmp_path_factory.mktemp("browser"))
    yield with_tab
    with_tab.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    html = sample_page.rendered(sample_page.draw(folder / "figures"))
    (folder / "report.html").write_text(html, encoding="utf-8")
    return folder / "report.html"


def verdict(browser, place):
    return browser.run(f"document.querySelectorAll('[data-cell=verdict]')[{place}].textContent")


def status(browser):
    return browser.run("document.querySelector('[role=status]').textContent")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_page_is_quiet_and_fits_the_screen(browser, path, width, scheme):
    browser.open(path, width=width, scheme=scheme)
    assert browser.complaints == []
    assert browser.asked() == [path.as_uri()]
    assert browser.run("document.documentElement.scrollWidth") == width
    assert browser.run("matchMedia('(prefers-color-scheme: dark)').matches") is (scheme == "dark")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_text_stands_out_from_its_ground(browser, path, scheme):
    browser.open(path, width=1280, scheme=scheme)
    contrasts = browser.run(CONTRASTS)
    assert len(contrasts) > 200
    assert [pair for pair in contrasts if pair[0] < 4.5] == []


def test_lines_are_not_longer_than_75_characters(browser, path):
    browser.open(path, width=1280)
    longest = browser.run("""(() => {
      const words = document.querySelectorAll("main > p")[2].firstChild;
      const range = document.createRange();
      const lines = new Map();
      for (let place = 0; place < words.length; place += 1) {
        range.setStart(words, place);
        range.setEnd(words, place + 1);
        const top = Math.round(range.getBoundingClientRect().top);
        lines.set(top, (lines.get(top) ?? 0) + 1);
      }
      return Math.max(...lines.values());
    })()""")
    assert 50 < longest <= 78


def test_what_is_wide_scrolls_by_itself_and_takes_the_focus(browser, path):
    browser.open(path, width=390)
    for selector, moved in (("figure .scroll", [50, 50, 50, 0]), ("[role=region]:has(table)", [50] * 4)):
        boxes = browser.run(
            f"[...document.querySelectorAll('{selector}')].map((box) => "
            "{ box.focus(); box.scrollLeft = 50; return [box === document.activeElement, box.scrollLeft] })"
        )
        assert boxes == [[True, left] for left in moved]  # the last figure is narrow
    letters = browser.run("""[...document.querySelectorAll("svg text")].map((text) => {
      const { a, b } = text.getScreenCTM();
      return parseFloat(getComputedStyle(text).fontSize) * Math.hypot(a, b);
    })""")
    assert min(letters) >= 8


def test_contents_are_beside_the_text_or_folded_above_it(browser, path):
    shown = "[...document.querySelectorAll('nav > *')].map((part) => part.checkVisibility())"
    for width, expected in zip(WIDTHS, ([True, False], [False, True]), strict=True):
        browser.open(path, width=width)
        assert browser.run(shown) == expected
    assert browser.run("document.querySelector('nav details').open") is False


def test_first_key_reaches_the_skip_link(browser, path):
    browser.open(path, width=1280)
    browser.press("Tab")
    assert browser.run("document.activeElement.className") == "skip"
    assert browser.run("document.activeElement.getBoundingClientRect().left") == 0
    assert browser.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    browser.press("Enter")
    assert browser.run("[location.hash, document.activeElement.id]") == ["#content", "content"]


def test_number_leads_to_its_row_which_lights_up(browser, path):
    browser.open(path, width=1280)
    ground = "getComputedStyle(document.getElementById('units-512').cells[2]).backgroundColor"
    before = browser.run(ground)
    browser.run("document.querySelector('p a.number').click()")
    top = browser.run("document.querySelector(':target').getBoundingClientRect().top")
    assert 0 < top < 900
    assert browser.run("document.querySelector(':target').id") == "units-512"
    assert browser.run(ground) != before


def test_script_finds_what_the_study_found(browser, path):
    """It writes every cell once at the start: nothing may change."""
    browser.open(path, width=1280, scripts=False)
    assert browser.run("document.getElementById('verdict-controls').checkVisibility()") is False
    assert browser.run("[...document.querySelectorAll('tbody')].every((body) => body.checkVisibility())") is True
    static = browser.run(CELLS)
    assert len(static) == 20
    browser.open(path, width=1280)
    assert browser.run(CELLS) == static
    assert browser.run("document.getElementById('verdict-controls').checkVisibility()") is True
    assert status(browser).endswith("All as in the study.")
    rows = [row for row in Parsed(path.read_text(encoding="utf-8")).all("tr") if "tbody" in row["inside"]]
    assert len(rows) >= len(static)


def test_margin_changes_verdicts_and_says_so(browser, path):
    browser.open(path, width=390)
    assert (verdict(browser, 0), verdict(browser, 1)) == ("worse", "equivalent")
    browser.run("document.querySelector('input[name=delta-accuracy]').focus()")
    browser.type("0.00001")
    assert (verdict(browser, 0), verdict(browser, 1)) == ("worse", "inconclusivestudy: equivalent")
    assert re.fullmatch(
        r"Accuracy, α = 0\.05, δ = 0\.00001: 1 better, 3 worse, 3 inconclusive\. 3 differ from the study's\.",
        status(browser),
    )
    browser.type("1")
    assert verdict(browser, 0) == "negligiblestudy: worse"
    assert browser.run("document.querySelector('[role=status]').ariaLive ?? 'polite'") == "polite"
    for nonsense in ("", "0", "-1"):
        browser.type(nonsense)
        assert status(browser) == "δ must be a number above 0."
        assert verdict(browser, 0) == "negligiblestudy: worse"  # left as it was
        assert browser.run("document.activeElement.ariaInvalid") == "true"
    browser.run("document.querySelector('button[type=reset]').click(); new Promise((done) => setTimeout(done, 20))")
    assert verdict(browser, 0) == "worse"
    assert status(browser).endswith("All as in the study.")
    assert browser.complaints == []


def test_level_and_metric_can_be_chosen(browser, path):
    browser.open(path, width=1280)
    browser.run("""(() => {
      const { alpha, metric } = document.getElementById("verdict-controls").elements;
      alpha.selectedIndex = 0;
      metric.value = "loss";
      metric.dispatchEvent(new Event("input", { bubbles: true }));
    })()""")
    assert browser.run("[...document.querySelectorAll('[data-percent]')].map((cell) => cell.textContent)") == [
        *("99.9", "99.8"),
    ]
    assert verdict(browser, 0) == "inconclusivestudy: worse"  # ten seeds cannot reject at 0.001
    assert status(browser).startswith("Loss, α = 0.001, δ = 0.005: ")
    shown = "[...document.querySelectorAll('tbody[data-metric]')].map((body) => body.checkVisibility())"
    assert browser.run(shown) == [False] * 3 + [True] * 3
    assert browser.run("[...document.querySelectorAll('form input')].map((box) => box.checkVisibility())") == [
        *(False, True),
    ]


def test_print_is_light_and_without_controls(browser, path):
    browser.open(path, width=700, scheme="dark", media="print")
    assert browser.run("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    hidden = "['nav', 'form', '.skip'].map((name) => document.querySelector(name).checkVisibility())"
    assert browser.run(hidden) == [False] * 3
    assert browser.run("[...document.querySelectorAll('tbody')].every((body) => body.checkVisibility())") is True
    assert browser.run("[...document.querySelectorAll('.scroll')].filter((box) => box.scrollWidth > 700).length") == 0


def test_script_among_the_strings_does_not_run(browser, path, tmp_path):
    evil = '"><script>window.hacked = 1</script><img src="x" onerror="window.hacked = 1">'
    families = sample_page.families()
    families[0]["rows"][0]["level"] = families[0]["name"] = f"</script>{evil}"
    html = sample_page.rendered(
        path.parent / "figures",
        markdown=f"# {evil}\n\n{evil}\n\n*Table: a.*\n\n| {evil} | n |\n|---|---|\n| {evil} | 1 |",
        families=families,
        title=evil,
        provenance_text=evil,
    )
    (tmp_path / "report.html").write_text(html, encoding="utf-8")
    browser.open(tmp_path / "report.html", width=1280)
    assert browser.run("typeof window.hacked") == "undefined"
    assert browser.run("[document.images.length, document.scripts.length]") == [0, 2]
    assert browser.asked() == [(tmp_path / "report.html").as_uri()]
    assert browser.complaints == []


def test_policy_holds_where_markup_slips_in(browser, path, tmp_path):
    slipped = '<img src="https://example.org/a.png"><script src="https://example.org/a.js"></script></body>'
    (tmp_path / "report.html").write_text(
        path.read_text(encoding="utf-8").replace("</body>", slipped), encoding="utf-8"
    )
    browser.open(tmp_path / "report.html", width=1280)
    assert browser.asked() == [(tmp_path / "report.html").as_uri()]
    assert sorted(browser.forbidden) == ["https://example.org/a.js", "https://example.org/a.png"]
