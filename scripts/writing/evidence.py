"""No number without evidence: every number in the report's prose stands in a table, or is a setting of the study."""

import re

from published.markdown import literal

# Around text that the user chose: private characters, which no name and no publication may hold.
OPENED, CLOSED = "\ue000", "\ue001"
CHOSEN_COLUMNS = ("id", "repeats", "statement")  # of tables: such text is evidence of nothing

# Not the digits of a name (`keras2`, `arXiv-1`), nor those of an address; thousands may be set apart by commas.
NUMBER = re.compile(r"(?<![\w.#])(?<![A-Za-z][-/])[-+−]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]\d+)?(?![\w]|\.\d)")
# What a sentence does not claim: tables, figures, headings, code, link targets, references.
SKIPPED_LINES = ("|", "![", "#", "```", "*Table:")


class UnsupportedNumberError(ValueError):
    """The prose holds numbers that no table shows; the message lists them with their sentences."""


def chosen(text: str) -> str:
    """Return text that the user chose as Markdown that shows it to the letter, marked: its digits are no claim.

    All of it that reaches a sentence goes through here: names of data sets and grids, what a publication says.
    """
    return f"{OPENED}{literal(text)}{CLOSED}"


def without_marks(markdown: str) -> str:
    """Return Markdown without the marks of `chosen`, for reading."""
    return markdown.replace(OPENED, "").replace(CLOSED, "")


def prose(markdown: str) -> list[str]:
    """Return the lines of a Markdown text that are sentences, without code, targets, references and chosen text."""
    lines, in_code, in_references = [], False, False
    for line in markdown.splitlines():
        if line.startswith("```"):
            in_code = not in_code
        if line.startswith("#"):
            in_references = line.lstrip("# ").lower() == "references"
        if not in_code and not in_references and not line.startswith(SKIPPED_LINES):
            text = re.sub(f"{OPENED}.*?{CLOSED}", " ", line)
            text = re.sub(r"`[^`]*`", "", text)
            lines.append(re.sub(r"\]\([^)]*\)", "]", text))
    return lines


def numbers_in(line: str) -> list[str]:
    """Return the numbers of a line as they are written, signs included."""
    return NUMBER.findall(line)


def unsigned(number: str) -> str:
    """Return a number's text without its sign and without commas between thousands."""
    return number.lstrip("+-−").replace(",", "")


def cells_of(tables: list[list[dict[str, str]]]) -> list[str]:
    """Return all cells of some tables that are numbers, and the numbers within cells of text that no user chose."""
    cells = set()
    for rows in tables:
        for row in rows:
            for column, cell in row.items():
                cells.update(NUMBER.findall(cell) if cell and column not in CHOSEN_COLUMNS else [])
    return sorted(cells)


class Evidence:
    """The numbers that tables and settings support.

    Args:
        tables: rows of each table, cells as text.
        settings: numbers of the study's settings and of the network itself, as text.
    """

    def __init__(self, tables: list[list[dict[str, str]]], settings: list[str]):
        self._settings = {abs(float(setting)) for setting in settings}
        self._shown = set()
        for cell in (unsigned(cell) for cell in cells_of(tables)):
            decimals = len(cell.partition(".")[2])
            self._shown |= {cell} if "e" in cell else {cell, f"{float(cell):.{max(0, decimals - 1)}f}"}

    def supports(self, number: str) -> bool:
        """Whether a setting equals a number, or a table's cell does, in full or without its last digit; signs aside."""
        text = unsigned(number)
        return float(text) in self._settings or text in self._shown

    def check(self, markdown: str) -> None:
        """Check every number in the prose of a report.

        Raises:
            UnsupportedNumberError: if some are supported by no table and no setting.
        """
        problems = [
            f"{number} in: {line.strip()[:100]}"
            for line in prose(markdown)
            for number in numbers_in(line)
            if not self.supports(number)
        ]
        if problems:
            raise UnsupportedNumberError("numbers without evidence in a table:\n  " + "\n  ".join(problems))
