"""The report's sentences, written from verdicts: what a table does not show is not said.

A number that stands in a table is written by `cite`, as a link to its row: `[0.9790](#units-512)`. Levels of factors
and settings of the study stand as they are.
"""

from dataclasses import dataclass

from design.labels import label_of
from tables.quantities import counted
from tables.summary_tables import shortened, signed, table_name
from writing.links import row_id

MOST_LISTED = 20  # names in a sentence; a table shows the others


def listed(items: list[str], word: str = "and") -> str:
    """Return `a`, `a and b` or `a, b and c`; of very many the first and "others"."""
    if len(items) > MOST_LISTED:
        items = [*items[:MOST_LISTED], "others"]
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {word} {items[-1]}"


def link(text: str, address: str) -> str:
    """Return a number as a link to an id of the page."""
    return f"[{text}](#{address})"


def cite(text: str, table: str, *levels: str) -> str:
    """Return a number as a link to the table row it comes from."""
    return link(text, row_id(table, *levels))


class Counts:
    """The numbers that sentences count up themselves: each goes into a table of its own, with what was counted."""

    def __init__(self):
        self.rows: list[dict[str, str]] = []

    def cite(self, counted: str, value: int | str) -> str:
        """Return a count as a link to its row in the table of counts."""
        self.rows.append({"counted": counted, "value": str(value)})
        return cite(str(value), "counts", counted)


def joined(sentences: list[str]) -> str:
    """Return a paragraph of the sentences that are not empty."""
    return " ".join(sentence for sentence in sentences if sentence)


def named_level(factor: str, value: str) -> str:
    """Return a value with its factor, as speech has it: `512 units`, `1 epoch`, `learning rate 0.01`, `adam`."""
    if factor == "optimizer":
        return value
    if factor in ("units", "epochs"):
        return f"{value} {factor.removesuffix('s') if value == '1' else factor}"
    return f"{label_of(factor)} {value}"


@dataclass(frozen=True)
class Family:
    """One sweep or grid and one metric, as its sentences see it.

    Attributes:
        summary: name of the sweep or grid.
        metric: `accuracy` or `loss`.
        factors: its factors.
        rows: rows of the summary's table, cells as text.
        details: rows of `comparisons.csv` by level; the baseline has none.
        margin: practical margin δ.
        seeds: number of seeds a point.
    """

    summary: str
    metric: str
    factors: tuple[str, ...]
    rows: list[dict[str, str]]
    details: dict[str, dict[str, str]]
    margin: float
    seeds: int

    @property
    def table(self) -> str:
        """Name of the table the numbers stand in."""
        return table_name(self.summary, self.metric)

    @property
    def better_word(self) -> str:
        """How a better metric compares: higher accuracy, lower loss."""
        return "higher" if self.metric == "accuracy" else "lower"

    @property
    def worse_word(self) -> str:
        """How a worse metric compares."""
        return "lower" if self.metric == "accuracy" else "higher"

    def name(self, level: str) -> str:
        """Return a level as a sentence names it: `0.9`, or `rmsprop at 10 epochs` for a grid."""
        if len(self.factors) == 1:
            return level
        row = next(row for row in self.rows if row["level"] == level)
        return " at ".join(named_level(factor, row[factor]) for factor in self.factors)

    @property
    def at(self) -> str:
        """The word before a level: at 0.9, with adam, with rmsprop at 10 epochs."""
        return "at" if len(self.factors) == 1 and self.factors != ("optimizer",) else "with"

    def cite(self, text: str, level: str) -> str:
        """Return a number as a link to a level's row."""
        row = next(row for row in self.rows if row["level"] == level)
        levels = [level] if len(self.factors) == 1 else [row[factor] for factor in self.factors]
        return cite(text, self.table, *levels)

    def of_verdict(self, *verdicts: str) -> list[dict[str, str]]:
        """Return the comparisons with one of these verdicts, in the order of the table."""
        return [detail for detail in self.details.values() if detail["verdict"] in verdicts]

    def size(self, detail: dict[str, str]) -> str:
        """Return the size of a difference, without its sign, as a link."""
        return self.cite(shortened(detail["difference"]).removeprefix("-"), detail["level"])

    def mean(self, level: str) -> str:
        """Return a level's mean as a link."""
        prefix = "" if self.metric == "accuracy" else "loss_"
        row = next(row for row in self.rows if row["level"] == level)
        return self.cite(shortened(row[f"{prefix}mean"]), level)


def ordered_by_size(details: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return comparisons by the size of their difference, largest first."""
    return sorted(details, key=lambda detail: -abs(float(detail["difference"])))


def certain_sentences(family: Family) -> list[str]:
    """Say what is better and what is worse than the baseline, and by how much."""
    sentences = []
    for verdict, word in (("better", family.better_word), ("worse", family.worse_word)):
        found = family.of_verdict(verdict)
        if not found:
            continue
        largest = ordered_by_size(found)[0]
        place = place_of(family, found)
        if len(found) == 1:
            sentences.append(f"Test {family.metric} is {word} {place}, by {family.size(largest)}.")
        else:
            smallest = ordered_by_size(found)[-1]
            sentences.append(
                f"Test {family.metric} is {word} {place}, by {family.size(smallest)} "
                f"({family.name(smallest['level'])}) to {family.size(largest)} ({family.name(largest['level'])})."
            )
    return sentences


def place_of(family: Family, found: list[dict[str, str]]) -> str:
    """Say where a finding holds; of a grid's many points only how large a part, since the table names them."""
    is_grid = len(family.factors) > 1
    if len(found) == len(family.details) and len(found) > 2:
        return f"at every other {'point' if is_grid else 'value'}"
    if is_grid and len(found) > 4:
        return f"at {'most' if 2 * len(found) > len(family.details) else 'some'} of the grid's points"
    return f"{family.at} {listed([family.name(detail['level']) for detail in found])}"


def small_sentences(family: Family) -> list[str]:
    """Say which differences are too small to matter."""
    sentences = []
    negligible, equivalent = family.of_verdict("negligible"), family.of_verdict("equivalent")
    if negligible:
        names = listed([family.name(detail["level"]) for detail in negligible])
        sentences.append(
            f"{family.at.capitalize()} {names} a difference in {family.metric} is certain, and certainly too small to "
            f"matter (δ = {family.margin})."
        )
    if equivalent:
        names = listed([family.name(detail["level"]) for detail in equivalent])
        sentences.append(
            f"{family.at.capitalize()} {names} test {family.metric} is equivalent to the baseline's: whatever "
            f"difference there is stays below δ = {family.margin}."
        )
    return sentences


def open_sentences(family: Family) -> list[str]:
    """Say what the study cannot decide, what it could have seen, and how many seeds would settle it."""
    found = family.of_verdict("inconclusive")
    if not found:
        return []
    if found[0]["reason"]:
        names = listed([family.name(detail["level"]) for detail in found])
        size = len(family.details)
        scope = "" if size == 1 else f" in a family of {size}"
        return [
            f"{family.at.capitalize()} {names} the study cannot decide about {family.metric}: with "
            f"{counted(family.seeds, 'seed')} even the most one-sided outcome is no proof{scope}."
        ]
    sentences = []
    for index, detail in enumerate(found[:3]):
        level = family.name(detail["level"])
        interval = f"{signed(detail['low'])} … {signed(detail['high'])}"
        opening = (
            f"{family.at.capitalize()} {level} the study cannot decide" if index == 0 else f"Nor {family.at} {level}"
        )
        difference = family.cite(signed(detail["difference"]), detail["level"])
        text = f"{opening}: the difference in {family.metric} is {difference}"
        sentences.append(f"{text}, its interval {family.cite(interval, detail['level'])}{family_note(family, detail)}.")
    if len(found) > 3:
        names = listed([family.name(detail["level"]) for detail in found[3:]])
        sentences.append(f"The same holds for {names}.")
    return [*sentences, *power_sentences(family, found)]


def family_note(family: Family, detail: dict[str, str]) -> str:
    """Return why a difference stays open although its own interval leaves out 0; empty where it holds 0."""
    if float(detail["low"]) <= 0 <= float(detail["high"]) or not detail["p_holm"]:
        return ""
    p_value = family.cite(detail["p_holm"], detail["level"])
    return f", which leaves out 0, but p (Holm) is {p_value} and not below α"


def power_sentences(family: Family, found: list[dict[str, str]]) -> list[str]:
    """Say what this design could have seen, and what would settle the open differences."""
    widest = max(found, key=lambda detail: float(detail["detectable"] or "inf"))
    table = "comparisons"
    place = (family.summary, family.metric, widest["level"])
    sentences = []
    if widest["detectable"] not in ("", "inf"):
        seen = cite(shortened(widest["detectable"]), table, *place)
        sentences.append(
            f"With {counted(family.seeds, 'seed')}, a true difference of {seen} would be found about every other time."
        )
    needed = [int(detail["seeds_to_settle"]) for detail in found if detail["seeds_to_settle"]]
    if len(needed) == len(found) and max(needed) > family.seeds:
        most = max(found, key=lambda detail: int(detail["seeds_to_settle"]))
        number = cite(most["seeds_to_settle"], table, family.summary, family.metric, most["level"])
        subject = "it" if len(found) == 1 else "each of them"
        sentences.append(
            f"About {number} seeds would most likely settle {subject}: show a difference, or show that it stays below "
            f"δ = {family.margin}."
        )
    return sentences


def diverged_sentence(family: Family, *others: Family) -> str:
    """Count diverged runs, say how they were scored, and which verdicts, of other metrics too, this changes."""
    lost = [row for row in family.rows if row["diverged"] != "0"]
    if not lost:
        return ""
    parts = [
        f"{family.cite(row['diverged'], row['level'])} of {row['n']} {family.at} {family.name(row['level'])}"
        for row in lost
    ]
    changed = [
        f"on {changing.metric} {changing.at} {changing.name(detail['level'])} from {detail['verdict']} to "
        f"{detail['verdict_without_diverged']}"
        for changing in (family, *others)
        for detail in changing.details.values()
        if detail["verdict_without_diverged"] not in ("", detail["verdict"])
    ]
    second = f" Without them the verdict changes {listed(changed)}." if changed else ""
    return f"Runs whose loss ceased to be a number: {listed(parts)}. They are scored as guessing.{second}"


def metric_comment(family: Family) -> str:
    """Return the sentences on one metric of one sweep or grid."""
    if family.seeds == 1:
        return ""
    sentences = [*certain_sentences(family), *small_sentences(family), *open_sentences(family)]
    return joined(sentences)


def comment(accuracy: Family, loss: Family) -> str:
    """Return the comment on a sweep or grid: accuracy, then loss, then diverged runs."""
    if accuracy.seeds == 1:
        said = (
            "One seed a point describes these runs and nothing else: without a spread no difference can be told from "
            "chance."
        )
        parts = [said, diverged_sentence(accuracy, loss)]
    elif not accuracy.details:
        kind = "sweep" if len(accuracy.factors) == 1 else "grid"
        parts = [f"The {kind} holds only the baseline, so there is nothing to compare.", diverged_sentence(accuracy)]
    else:
        parts = [metric_comment(accuracy), metric_comment(loss), diverged_sentence(accuracy, loss)]
    return "\n\n".join(part for part in parts if part)
