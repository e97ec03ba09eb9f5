"""The end of a run: how long it took, and where the report is or why it failed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tabulate import tabulate

from files.records import sha256
from files.study_checksums import compare_with_file, origin, read_checksums, study_checksums
from running import guard
from running.progress import Progress, Task
from tables.quantities import counted, time_text

PUBLISHED = Path(__file__).resolve().parents[2] / "docs" / "report" / "checksums.txt"
SLOWEST, MOST_NAMED = 3, 10  # jobs named at the end, of all and of those that failed


@contextmanager
def concluded(folder: Path) -> Iterator[list[Progress]]:
    """Give a list for the runs of Snakemake, and do what a run of the study must do at its end, however that comes.

    Args:
        folder: the study's, which holds its results.
    """
    runs: list[Progress] = []
    try:
        yield runs
    except BaseException:  # Ctrl-C too
        guard.explain_failure(folder)
        raise
    finally:
        print(account(runs))
    guard.note_success(folder)
    report = (folder / "results" / "report.html").resolve()
    if report.is_file():
        if line := published_bytes(folder / "results"):
            print(line)
        print(f"The report is in {report}")


def published_bytes(results: Path) -> str:
    """Return whether a study has the bytes of the published example; empty if it is not the same study."""
    try:
        published, published_by = read_checksums(PUBLISHED)
        if published["plan.csv"] != sha256(results / "plan.csv") or published_by["config"] != origin(results)["config"]:
            return ""
        return compare_with_file(study_checksums(results), origin(results), PUBLISHED)[1]
    except (OSError, ValueError, KeyError):  # a file was damaged or removed meanwhile: `make verify` says which
        return ""


def account(runs: list[Progress]) -> str:
    """Return how long the runs of one `make` took, in all, by rule and the slowest jobs; empty if no job ran."""
    tasks = [task for progress in runs for task in progress.tasks.values()]
    ended = [task for task in tasks if task.ended is not None]
    failed = sorted((run.tasks[key] for run in runs for key in run.failed), key=lambda task: task.started)
    stopped = [run.tasks[key] for run in runs for key in run.running]
    if not ended and not failed and not stopped:
        return ""
    text = "No job succeeded."
    if ended:
        took = max(task.ended for task in ended) - min(task.started for task in ended)
        epochs = sum(task.epochs for task in ended)
        text = f"{counted(len(ended), 'job')} ran in {time_text(took)}"
        text += f", {counted(epochs, 'epoch')}." if epochs else "."
    if failed or stopped:
        unfinished = failed + stopped
        names = "".join(f"\n  {task.job.message}" for task in unfinished[:MOST_NAMED])
        names += "\n  …" if len(unfinished) > MOST_NAMED else ""
        parts = [f"{len(failed)} failed"] if failed else []
        parts += [f"{len(stopped)} stopped early"] if stopped else []
        text += f" {', '.join(parts)}, {len(tasks) - len(ended) - len(unfinished)} did not start:{names}"
    return f"{text}\n\n{time_table(ended)}" if ended else text


def time_table(ended: list[Task]) -> str:
    """Return a table of the time by rule, and the slowest jobs."""
    by_rule: dict[str, list[float]] = {}
    for task in ended:
        by_rule.setdefault(task.job.rule, []).append(task.ended - task.started)
    rows = [
        [rule, len(seconds), time_text(sum(seconds)), time_text(max(seconds))]
        for rule, seconds in sorted(by_rule.items(), key=lambda item: -sum(item[1]))
    ]
    table = tabulate(rows, ["rule", "jobs", "time", "longest"], tablefmt="github")
    slowest = sorted(ended, key=lambda task: task.started - task.ended)[:SLOWEST]
    named = "\n".join(f"  {time_text(task.ended - task.started):>12}  {task.job.message}" for task in slowest)
    return f"{table}\n\nThe slowest:\n{named}"
