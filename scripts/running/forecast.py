"""How long jobs will take and how much disk: by records of earlier jobs here, else by descriptions of the networks."""

import csv
import heapq
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from data.data_folder import image_counts
from data.labelled_images import ImageCounts
from design.configuration import Config
from design.places import Places
from design.plan import Link, Plan, make_plan
from running import checking
from running.cost import described, networks_folder, training_seconds
from running.snakemake_jobs import Job, Key

# Where nothing was measured yet: seconds of a job, those of epochs and evaluations left out. From the records of the
# default study on an AMD EPYC (family 26).
TYPICAL_SECONDS = {
    "download": 2,
    "preprocess": 0.5,
    "describe": 8,
    "plan": 0.5,
    "train": 4,
    "evaluate": 0.2,
    "aggregate": 1.2,
    "resample": 2,
    "check_published": 0.8,
    "plot": 5.5,
    "report": 0.6,
}
EVALUATION_SHARE = 2  # an evaluation computes in float64: this many times the seconds of a test in training
BYTES = 4  # of a float32
BENCHMARKS = Path("results/benchmarks")
LINK = re.compile(rf"{BENCHMARKS}/(?:train|evaluate)/([^/]+)/seeds=(\d+)-(\d+)/epochs=(\d+)\.tsv")


def link_of(job: Job) -> Link | None:
    """Return what a training or an evaluation is of, by the path of its record; None for other jobs."""
    found = LINK.fullmatch(job.benchmark or "")
    return Link(found[1], *map(int, found.groups()[1:])) if found else None


@dataclass(frozen=True)
class Work:
    """The work in the jobs of a study.

    Attributes:
        plan: the study's plan.
        images: number of training and of test images, and their shape.
        networks: folder of the descriptions, as `cost.networks_folder` returns it.
        keep_optimizer_state: whether the optimizer's variables stay on disk.
    """

    plan: Plan
    images: ImageCounts
    networks: Path
    keep_optimizer_state: bool

    def knows(self, job: Job) -> bool:
        """Whether a job is one of the study: of a known rule and, where it is of runs, of a point of the plan."""
        link = link_of(job)
        return job.rule in TYPICAL_SECONDS and (link is None or link.point in self.plan.points)

    def epochs(self, job: Job) -> int:
        """Return the epochs a job trains, all its seeds together; 0 for other rules."""
        link = link_of(job)
        if job.rule != "train" or link is None:
            return 0
        return link.seeds * self.plan.epochs(link)

    def seconds(self, job: Job) -> float:
        """Return the CPU seconds of a job's epochs or evaluations, by the description of its network; 0 for others."""
        link = link_of(job)
        if link is None or link.point not in self.plan.points:  # `--config` on the command line makes others
            return 0
        point = self.plan.points[link.point]
        if job.rule == "evaluate":
            network = described(point, self.networks)
            start = network.start_seconds if network.evaluated_by == "keras" else 0
            return start + link.seeds * EVALUATION_SHARE * network.image_seconds * self.images.test
        epochs = self.plan.epochs(link)
        return link.seeds * training_seconds(point, epochs, self.images.train, self.images.test, self.networks)

    def bytes(self, job: Job) -> int:
        """Return the size of what a job adds to the results and leaves there; small text files count nothing."""
        link = link_of(job)
        if link is None or link.point not in self.plan.points:
            return 0
        if job.rule == "evaluate":  # per test image: loss (float32) and predicted class (uint8)
            return link.seeds * self.images.test * (BYTES + 1)
        point = self.plan.points[link.point]
        averages = {"sgd": 0, "adam": 2}.get(point["optimizer"], 1) + (point["momentum"] > 0)
        parameters = described(point, self.networks).parameters
        return link.seeds * parameters * BYTES * (1 + self.keep_optimizer_state * averages)


def work_of(config: Config, folder: Path = Path()) -> Work:
    """Return the work of a study whose results go to a folder, from which relative paths of its config start."""
    places = Places(folder.resolve(), checking.PROJECT)
    images = image_counts(checking.DATASETS_FILE, places)(config.dataset, config.data_folder)
    networks = networks_folder(config.network_file.sha256, images.shape)
    return Work(make_plan(config), images, networks, config.keep_optimizer_state)


def read_records(benchmarks: Path) -> dict[str, float]:
    """Return the seconds of every job that Snakemake kept a record of, by the record's path."""
    seconds = {}
    for folder, _, names in os.walk(benchmarks):
        for name in names:
            path = os.path.join(folder, name)
            try:
                with open(path, newline="") as file:
                    seconds[path] = float(next(csv.DictReader(file, delimiter="\t"))["s"])
            except (OSError, StopIteration, KeyError, ValueError):  # written just now, or by a job that was killed
                continue
    return seconds


def recorded_job(path: str) -> Job:
    """Return the job that a record is of, as far as its work is concerned."""
    return Job(Path(path).relative_to(BENCHMARKS).parts[0], {}, "", "", (), (), (), path, 0)


@dataclass
class Expectation:
    """How long jobs will take on this machine.

    A job that ran before takes what it took then; another takes what is typical, times how much
    longer than typical the jobs of its rule on record took (trainings, where there is none of its own).

    Attributes:
        work: the work of the study's jobs.
        measured: seconds by path of Snakemake's record.
        slowdowns: rule -> seconds on record for each that is typical.
    """

    work: Work
    measured: dict[str, float] = field(default_factory=dict)
    slowdowns: dict[str, float] = field(default_factory=dict)

    @classmethod
    def from_records(cls, work: Work) -> "Expectation":
        """Read all records below the working directory; compare those of the study's points with what is typical."""
        found = cls(work, read_records(BENCHMARKS))
        sums: dict[str, list[float]] = {}
        for path, seconds in found.measured.items():
            job = recorded_job(path)
            if work.knows(job):
                total = sums.setdefault(job.rule, [0, 0])
                total[0] += seconds
                total[1] += found.typical(job)
        found.slowdowns = {rule: seconds / typical for rule, (seconds, typical) in sums.items()}
        return found

    def typical(self, job: Job) -> float:
        """Return the seconds of a job on the machine of `TYPICAL_SECONDS`."""
        return TYPICAL_SECONDS.get(job.rule, 1) + self.work.seconds(job)

    def slowdown(self, rule: str) -> float:
        """Return how much longer than typical jobs of a rule take here."""
        return self.slowdowns.get(rule, self.slowdowns.get("train", 1))

    def seconds(self, job: Job) -> float:
        """Return the seconds a job will take."""
        if job.benchmark in self.measured:
            return self.measured[job.benchmark]
        return self.slowdown(job.rule) * self.typical(job)

    def start_seconds(self, job: Job) -> float:
        """Return the seconds until a job's first epoch begins."""
        return min(self.slowdown(job.rule) * TYPICAL_SECONDS.get(job.rule, 1), 0.9 * self.seconds(job))


def needed_jobs(jobs: list[Job]) -> dict[Key, set[Key]]:
    """Return for each job those of the others whose files it reads."""
    makers = {path: job.key for job in jobs for path in job.outputs}
    return {job.key: {makers[path] for path in job.inputs if path in makers} for job in jobs}


def makespan(
    seconds: dict[Key, float],
    needs: dict[Key, set[Key]],
    priorities: dict[Key, float],
    slots: int,
    running: frozenset[Key] = frozenset(),
    done: frozenset[Key] = frozenset(),
) -> float:
    """Return when the last job ends if each free slot takes the ready job of the highest priority.

    Args:
        seconds: what each job still takes, those that run included.
        needs: job -> jobs that must be done first. Jobs that can never start, after a failed one, are left out.
        priorities: by job.
        slots: how many jobs run side by side.
        running: jobs that run already.
        done: jobs that are done; none of them may be in `seconds`.
    """
    waiting = {job: needs[job] - done for job in seconds if job not in running}
    dependents: dict[Key, list[Key]] = {}
    for job, before in waiting.items():
        for need in before:
            dependents.setdefault(need, []).append(job)
    ready = [(-priorities[job], job) for job, before in waiting.items() if not before]
    heapq.heapify(ready)
    ends = [(seconds[job], job) for job in running]
    heapq.heapify(ends)
    now = 0.0
    while ends or ready:
        while ready and len(ends) < slots:
            _, job = heapq.heappop(ready)
            heapq.heappush(ends, (now + seconds[job], job))
        now, ended = heapq.heappop(ends)
        for job in dependents.get(ended, ()):
            waiting[job].discard(ended)
            if not waiting[job]:
                heapq.heappush(ready, (-priorities[job], job))
    return now


def jobs_at_once(cores: int, memory_mb: int, work: Work) -> int:
    """Return how many trainings run side by side: one a core, as far as the memory for all jobs reaches."""
    points = work.plan.points.values()
    most = max(described(point, work.networks).training_memory_mb for point in points)
    return max(1, min(cores, memory_mb // most))
