"""Jobs and expected times written by hand, for tests of a run's progress."""

from types import SimpleNamespace

from running.progress import Progress
from running.snakemake_jobs import Job


class HandExpectation:
    """Expectations written down by hand: seconds by rule; a training starts for 4 of them and has 10 epochs."""

    def __init__(self, **seconds):
        self.by_rule = seconds
        self.work = SimpleNamespace(epochs=lambda job: 10 * (job.rule == "train"))

    def seconds(self, job):
        return self.by_rule[job.rule]

    def start_seconds(self, job):
        return 4 if job.rule == "train" else 0


def job(rule, name="", needs=(), log="", priority=0):
    outputs = (f"{rule}{name}",)
    return Job(rule, {"point": name}, f"{rule} {name}", "", tuple(needs), outputs, (log,), None, priority)


def run_of(jobs, slots=2, **seconds):
    return Progress(jobs, HandExpectation(**seconds), slots)
