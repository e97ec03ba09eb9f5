"""How far a run of the study is, how long the rest will take, and what it took in the end.

Jobs count by the seconds expected of them: a training may take a hundred times as long as an evaluation.
"""

import os
from dataclasses import dataclass

from tabulate import tabulate

from running.forecast import Expectation, makespan, needed_jobs
from running.snakemake_jobs import Job, Key
from tables.quantities import counted, time_text

TRUST = 5  # seconds of computing as expected, before what jobs really took weighs as much
SLOWEST, MOST_NAMED = 3, 10  # jobs named at the end, of all and of those that failed


@dataclass
class Task:
    """A job of the run.

    Attributes:
        job: the job.
        seconds: expected.
        start_seconds: of these, until the first epoch begins.
        epochs: to train, all seeds together; 0 for other rules.
        started: when, in seconds since 1970; None before.
        ended: when; None before.
        epochs_done: by its log.
        seen: when the last of these ended.
    """

    job: Job
    seconds: float
    start_seconds: float
    epochs: int
    started: float | None = None
    ended: float | None = None
    epochs_done: int = 0
    seen: float = 0

    def look(self) -> None:
        """Count the epochs in the log of a running training, which writes a line after each."""
        try:
            with open(self.job.logs[0], "rb") as file:
                written = os.fstat(file.fileno()).st_mtime
                done = (b"\n" + file.read()).count(b"\nseed ")
        except (OSError, IndexError):
            return
        if written >= self.started and done > self.epochs_done:  # not the log of an earlier run
            self.epochs_done, self.seen = min(done, self.epochs), written

    def worth(self) -> float:
        """Return how many of the expected seconds the finished epochs, or the finished job, stand for."""
        if self.ended is not None:
            return self.seconds
        if not self.epochs_done:
            return 0
        return self.start_seconds + (self.seconds - self.start_seconds) * self.epochs_done / self.epochs

    def shown(self, now: float) -> tuple[float, float]:
        """Return the seconds that what is done of a job took, and those that were expected of it."""
        if self.ended is not None or self.epochs_done:
            return (self.ended or self.seen) - self.started, self.worth()
        late = self.epochs and now - self.started > self.start_seconds  # not even begun with its first epoch
        return (now - self.started, self.start_seconds) if late else (0, 0)

    def left(self, now: float, pace: float) -> float:
        """Return how many of the expected seconds are left of a running job."""
        since = (now - (self.seen if self.epochs_done else self.started)) / pace
        if self.epochs:  # the next epoch is not over before its log says so
            begun = (self.seconds - self.start_seconds) / self.epochs if self.epochs_done else self.start_seconds
            since = min(since, begun)
        return max(0.0, self.seconds - self.worth() - since)


class Progress:
    """The state of one run of Snakemake.

    Args:
        jobs: those that will run, by a dry run.
        expectation: how long jobs take on this machine.
        slots: how many run side by side.
    """

    def __init__(self, jobs: list[Job], expectation: Expectation, slots: int):
        self.tasks = {
            job.key: Task(job, expectation.seconds(job), expectation.start_seconds(job), expectation.work.epochs(job))
            for job in jobs
        }
        self.needs = needed_jobs(jobs)
        self.slots = slots
        self.running: set[Key] = set()
        self.done: set[Key] = set()
        self.failed: set[Key] = set()
        self.began: float | None = None
        self.expected = self._makespan({key: task.seconds for key, task in self.tasks.items()})

    def start(self, key: Key, now: float) -> None:
        """Note that a job starts, perhaps anew after it failed."""
        if key in self.tasks:
            self.began = self.began or now
            task = self.tasks[key]
            task.started, task.epochs_done = now, 0
            self.failed.discard(key)
            self.running.add(key)

    def end(self, key: Key, now: float) -> None:
        """Note that a job ended well."""
        if key in self.running:
            self.running.remove(key)
            self.done.add(key)
            task = self.tasks[key]
            task.ended, task.epochs_done = now, task.epochs

    def fail(self, key: Key) -> None:
        """Note that a job failed; what needs it will not start."""
        if key in self.running:
            self.running.remove(key)
            self.failed.add(key)

    def pace(self, trains: bool, now: float) -> float:
        """Return how much longer than expected jobs took so far, trainings or others; the first seconds weigh little.

        Apart, since other work on the machine holds up a training most; others begin with what trainings showed.
        """
        expected = float(TRUST)
        took = TRUST * (1 if trains else self.pace(True, now))
        for key in self.done | self.running:
            task = self.tasks[key]
            if trains == bool(task.epochs):
                shown = task.shown(now)
                took, expected = took + shown[0], expected + shown[1]
        return took / expected

    def share(self) -> float:
        """Return the share of the expected seconds that is done."""
        total = sum(task.seconds for task in self.tasks.values())
        return sum(self.tasks[key].worth() for key in self.done | self.running) / total if total else 1.0

    def seconds_left(self, now: float) -> float:
        """Return the seconds until the last job will have ended."""
        paces = {trains: self.pace(trains, now) for trains in (True, False)}
        left = {}
        for key, task in self.tasks.items():
            if key not in self.done and key not in self.failed:
                pace = paces[task.epochs > 0]
                left[key] = pace * (task.left(now, pace) if key in self.running else task.seconds)
        return self._makespan(left)

    def _makespan(self, seconds: dict[Key, float]) -> float:
        priorities = {key: self.tasks[key].job.priority for key in seconds}
        return makespan(seconds, self.needs, priorities, self.slots, frozenset(self.running), frozenset(self.done))

    def line(self, now: float) -> str:
        """Return what is done and what is left, in one line; looks into the logs of running trainings."""
        for key in self.running:
            self.tasks[key].look()
        epochs = sum(task.epochs for task in self.tasks.values())
        parts = [f"{self.share():4.0%}", f"{len(self.done)} of {len(self.tasks)} jobs"]
        if epochs:
            parts.append(f"{sum(task.epochs_done for task in self.tasks.values()):,} of {epochs:,} epochs")
        if self.failed:
            parts.append(f"{len(self.failed)} failed")
        if self.began:
            parts.append(f"after {time_text(now - self.began)}")
        parts.append(f"about {time_text(self.seconds_left(now))} left")
        return ", ".join(parts)


def opening(progress: Progress) -> str:
    """Return what a run is about to do, in one line."""
    jobs, epochs = len(progress.tasks), sum(task.epochs for task in progress.tasks.values())
    what = counted(jobs, "job") + (f" with {counted(epochs, 'epoch')}" if epochs else "")
    return f"{what}, about {time_text(progress.expected)} with {progress.slots} side by side."


def summary(runs: list[Progress]) -> str:
    """Return what the runs of one `make` took: in all, by rule, and the slowest jobs; empty where no job ran."""
    tasks = [task for progress in runs for task in progress.tasks.values()]
    ended = [task for task in tasks if task.ended is not None]
    failed = sorted((run.tasks[key] for run in runs for key in run.failed), key=lambda task: task.started)
    cut_short = [run.tasks[key] for run in runs for key in run.running]
    if not ended and not failed and not cut_short:
        return ""
    text = "No job ended well."
    if ended:
        took = max(task.ended for task in ended) - min(task.started for task in ended)
        epochs = sum(task.epochs for task in ended)
        text = f"{counted(len(ended), 'job')} ran in {time_text(took)}"
        text += f", {counted(epochs, 'epoch')}." if epochs else "."
    if failed or cut_short:
        unfinished = failed + cut_short
        names = "".join(f"\n  {task.job.message}" for task in unfinished[:MOST_NAMED])
        names += "\n  …" if len(unfinished) > MOST_NAMED else ""
        parts = [f"{len(failed)} failed"] if failed else []
        parts += [f"{len(cut_short)} ended before their time"] if cut_short else []
        text += f" {', '.join(parts)}, {len(tasks) - len(ended) - len(unfinished)} did not start:{names}"
    return f"{text}\n\n{times(ended)}" if ended else text


def times(ended: list[Task]) -> str:
    """Return the table of the time by rule, and the slowest jobs."""
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
