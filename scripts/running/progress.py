"""How far a run is, and how long the rest will take.

Jobs count by their expected seconds: a training may take a hundred times as long as an evaluation.
"""

import os
from dataclasses import dataclass

from running.forecast import Expectation, makespan, needed_jobs
from running.snakemake_jobs import Job, Key
from tables.quantities import counted, time_text

TRUST = 5  # seconds of computing after which measured times count as much as the expected ones


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
        """Return how many of the expected seconds the finished epochs, or the finished job, account for."""
        if self.ended is not None:
            return self.seconds
        if not self.epochs_done:
            return 0
        return self.start_seconds + (self.seconds - self.start_seconds) * self.epochs_done / self.epochs

    def shown(self, now: float) -> tuple[float, float]:
        """Return the measured and the expected seconds of the part of a job that is done."""
        if self.ended is not None or self.epochs_done:
            return (self.ended or self.seen) - self.started, self.worth()
        late = self.epochs and now - self.started > self.start_seconds  # its first epoch has not even started
        return (now - self.started, self.start_seconds) if late else (0, 0)

    def left(self, now: float, pace: float) -> float:
        """Return how many of the expected seconds are left of a running job."""
        since = (now - (self.seen if self.epochs_done else self.started)) / pace
        if self.epochs:  # the next epoch is not over until the log shows it
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
        """Record that a job starts, perhaps again after a failure."""
        if key in self.tasks:
            self.began = self.began or now
            task = self.tasks[key]
            task.started, task.epochs_done = now, 0
            self.failed.discard(key)
            self.running.add(key)

    def end(self, key: Key, now: float) -> None:
        """Record that a job succeeded."""
        if key in self.running:
            self.running.remove(key)
            self.done.add(key)
            task = self.tasks[key]
            task.ended, task.epochs_done = now, task.epochs

    def fail(self, key: Key) -> None:
        """Record that a job failed; the jobs that need it will not start."""
        if key in self.running:
            self.running.remove(key)
            self.failed.add(key)

    def pace(self, trains: bool, now: float) -> float:
        """Return how many times longer than expected jobs took so far; the first seconds count little.

        Trainings have a pace of their own, since other work on the machine slows them most. The pace of the other jobs
        starts from it.
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
        """Return the share of the expected seconds that is done, from 0 to 1."""
        total = sum(task.seconds for task in self.tasks.values())
        return sum(self.tasks[key].worth() for key in self.done | self.running) / total if total else 1.0

    def seconds_left(self, now: float) -> float:
        """Return the seconds until the last job ends."""
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
        """Return one line on what is done and what is left; reads the logs of running trainings."""
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
    """Return one line on what a run is about to do."""
    jobs, epochs = len(progress.tasks), sum(task.epochs for task in progress.tasks.values())
    what = counted(jobs, "job") + (f" with {counted(epochs, 'epoch')}" if epochs else "")
    return f"{what}, about {time_text(progress.expected)} with {progress.slots} side by side."
