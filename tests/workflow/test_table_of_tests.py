"""tests/README.md tells what each file of tests shows, in the words of the file itself."""

import ast

from helpers.workflow import PROJECT

FOLDER = PROJECT / "tests"
HEADER = "| file | shows |\n|---|---|\n"


def first_line(path):
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n")[0]


def table():
    paths = sorted(FOLDER.rglob("test_*.py"))
    return [f"| `{path.relative_to(FOLDER)}` | {first_line(path)} |" for path in paths]


def test_every_file_says_what_it_shows():
    assert [row for row in table() if row.endswith("|  |")] == []


def test_table_is_up_to_date():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert text.partition(HEADER)[2].splitlines() == table(), (
        "renew it: PYTHONPATH=tests python tests/workflow/test_table_of_tests.py"
    )


if __name__ == "__main__":
    path = FOLDER / "README.md"
    before, header, _ = path.read_text(encoding="utf-8").partition(HEADER)
    path.write_text("\n".join([before + header[:-1], *table()]) + "\n", encoding="utf-8")
