"""tests/README.md tells what each file of tests shows, in the words of the file itself."""

import ast

from helpers.workflow import PROJECT

FOLDER = PROJECT / "tests"


def first_line(path):
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n")[0]


def table():
    paths = sorted(FOLDER.rglob("test_*.py"))
    return [f"| `{path.relative_to(FOLDER)}` | {first_line(path)} |" for path in paths]


def test_every_file_says_what_it_shows():
    assert [row for row in table() if row.endswith("|  |")] == []


def test_table_is_up_to_date():
    rows = [line for line in (FOLDER / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert rows == table(), "renew it: python tests/test_table_of_tests.py"


if __name__ == "__main__":
    path = FOLDER / "README.md"
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("| `")]
    place = kept.index("|---|---|") + 1
    path.write_text("\n".join([*kept[:place], *table(), *kept[place:]]) + "\n", encoding="utf-8")
