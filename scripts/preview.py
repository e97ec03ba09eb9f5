"""What `make` would do: runs kept and trained, and why; time and disk; what the seeds can show. `make plan`.

A dry run of Snakemake decides which jobs run, and why.
"""

import contextlib
import os
import shutil
from collections import Counter
from pathlib import Path

from tabulate import tabulate

from design.configuration import Config
from design.hyperparameters import point_of
from design.plan import Plan
from design.point_names import canonical_name, changes
from running import checking, guard, make_options
from running.forecast import TYPICAL_SECONDS, Expectation, jobs_at_once, link_of, makespan, needed_jobs, work_of
from running.reasons import INTERRUPTED, MISSING, causes, why
from running.snakemake_jobs import DryRun, Job, Key, dry_run
from stats.paired_verdicts import can_reject, detectable_difference, fewest_seeds, smallest_adjusted_p_value
from tables.quantities import size_text, time_text

RESULTS = Path("results")
RULES = {rule: place for place, rule in enumerate(TYPICAL_SECONDS)}  # in the order of the workflow
MOST_NAMED = 3  # points in a line; a study may have thousands
REUSED, TRAIN, STALE, EVALUATE = "reused", "to train", "stale, to train again", "to evaluate"

Condition = tuple[str, int]  # a point's name, and the number of epochs after which it is evaluated
Status = tuple[str, str]  # what will happen to a run, and why


def run_statuses(plan: Plan, jobs: list[Job]) -> dict[Condition, Counter[Status]]:
    """Return for each condition how many of its runs have which status."""
    job_of = {(job.rule, link_of(job)): job for job in jobs}
    cause_of = causes(jobs, needed_jobs(jobs))
    statuses: dict[Condition, Counter[Status]] = {}
    for link in plan.evaluated():
        train, evaluate = (job_of.get((rule, link)) for rule in ("train", "evaluate"))
        statuses.setdefault((link.point, link.epochs), Counter())[_status(train, evaluate, cause_of)] += link.seeds
    return statuses


def _status(train: Job | None, evaluate: Job | None, cause_of: dict[Key, str]) -> Status:
    if train is None:
        return (EVALUATE, cause_of[evaluate.key]) if evaluate else (REUSED, "")
    cause = cause_of[train.key]
    if cause == INTERRUPTED or not os.path.exists(train.outputs[0]):
        return TRAIN, cause
    return STALE, "files beside its state are missing" if cause == MISSING else cause


def label(condition: Condition, config: Config, plan: Plan) -> str:
    """Return the factors in which a condition differs from the baseline: `learning_rate=0.002`."""
    point, epochs = condition
    return changes(plan.points[point] | {"epochs": epochs}, config.baseline)


def run_table(statuses: dict[Condition, Counter[Status]], config: Config, plan: Plan) -> str:
    """Return the table of runs: a line for each status."""
    runs: Counter[Status] = Counter({(REUSED, ""): 0})
    labels: dict[Status, list[str]] = {}
    for condition, counts in statuses.items():
        runs.update(counts)
        for status in counts:
            labels.setdefault(status, []).append(label(condition, config, plan))
    order = [REUSED, TRAIN, STALE, EVALUATE]
    rows = [
        [action, number, cause, "" if action == REUSED else _first(labels[action, cause])]
        for (action, cause), number in sorted(runs.items(), key=lambda item: (order.index(item[0][0]), -item[1]))
    ]
    return tabulate(rows, ["runs", "number", "why", "which"], tablefmt="github")


def _first(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def other_jobs(jobs: list[Job]) -> list[str]:
    """Return the jobs that belong to no single run, in the order of the workflow, one line for each cause."""
    rules: dict[str, list[str]] = {}
    for job in sorted(jobs, key=lambda job: RULES.get(job.rule, len(RULES))):
        if link_of(job) is None:
            rules.setdefault(why(job), []).append(job.rule)
    if guard.record_is_gone(Path()):
        return [f"NOTE: {guard.RECORD_IS_GONE}."]
    lines = [f"Also {', '.join(names)}: {cause}." for cause, names in rules.items()]
    if any(job.rule == "preprocess" and os.path.exists(job.outputs[0]) for job in jobs):
        lines.append("`make` makes the data first; if they are unchanged, nothing is retrained.")
    return lines


def cost_lines(jobs: list[Job], expectation: Expectation, slots: int) -> list[str]:
    """Return the time and disk the jobs will take, and the source of the times."""
    seconds = {job.key: expectation.seconds(job) for job in jobs}
    elapsed = makespan(seconds, needed_jobs(jobs), {job.key: job.priority for job in jobs}, slots)
    work = expectation.work
    disk = sum(work.bytes(job) for job in jobs if not os.path.exists(job.outputs[0]))
    held = size_on_disk(RESULTS)
    free = shutil.disk_usage(".").free
    computing = time_text(sum(seconds.values()))
    return [
        f"Time: about {time_text(elapsed)}, {slots} jobs side by side ({computing} of computing).",
        _source(jobs, expectation),
        f"Disk: about {size_text(disk)} more; results/ holds {size_text(held)}, {size_text(free)} are free"
        + (": not enough." if disk > free else "."),
    ]


def size_on_disk(folder: Path) -> int:
    """Return the bytes of all files below a folder; files that vanish meanwhile do not count."""
    size = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                size += os.lstat(os.path.join(place, name)).st_size
    return size


def _source(jobs: list[Job], expectation: Expectation) -> str:
    """Return one line on the source of the times."""
    if "train" not in expectation.slowdowns:
        return "No training was measured here yet. These are times of an AMD EPYC; expect a factor of 2 or 3."
    repeated = sum(job.benchmark in expectation.measured for job in jobs)
    missing = ", ".join(sorted({job.rule for job in jobs} - expectation.slowdowns.keys()))
    return f"By {len(expectation.measured)} records of earlier jobs here, {repeated} of them of these very jobs" + (
        f"; {missing}: times of another machine, scaled by these records." if missing else "."
    )


def comparison_table(statuses: dict[Condition, Counter[Status]], config: Config, plan: Plan) -> str:
    """Return the table of comparisons: how many each sweep or grid has, and what its seeds can show; "" without any."""
    n, alpha = config.replicates, config.alpha
    kept = {condition for condition, counts in statuses.items() if all(action == REUSED for action, _ in counts)}
    baseline = (canonical_name(point_of(config.baseline)), config.baseline["epochs"])
    rows = []
    for name in (*config.sweeps, *config.grids):
        family = plan.compared(name)
        if not family:
            continue
        new = sum(not {condition, baseline} <= kept for condition in family)
        size = len(family)
        if can_reject(n, size, alpha):
            shows = f"differences beyond {detectable_difference(1, n, alpha, size):.2f} SD"
        else:
            shows = f"none significant; {fewest_seeds(size, alpha)} seeds could"
        rows.append([name, size, new, f"{smallest_adjusted_p_value(n, size, alpha):.2g}", shows])
    if not rows:
        return ""
    header = ["sweep or grid", "comparisons", "with new runs", "smallest p (Holm)", f"what {n} seeds can show"]
    table = tabulate(rows, header, tablefmt="github", disable_numparse=[3])
    return f"{table}\n\nEvery comparison is paired by seed with the baseline, for each metric. SD: of the differences."


def preview(found: DryRun, config: Config, expectation: Expectation, slots: int) -> str:
    """Return the whole preview, Markdown."""
    plan, jobs = expectation.work.plan, found.jobs
    statuses = run_statuses(plan, jobs)
    parts = [run_table(statuses, config, plan)]
    if found.nothing_to_do:
        parts.append("Nothing to be done.")
    else:
        parts += ["\n".join(other_jobs(jobs)), "\n".join(cost_lines(jobs, expectation, slots))]
    parts.append(comparison_table(statuses, config, plan))
    return "\n\n".join(part for part in parts if part)


def main(argv: list[str] | None = None) -> None:
    """Command line; further options go to Snakemake."""
    options, others = make_options.parse(__doc__, argv)
    config = checking.checked_config(options.configs, options.directory, options.config)
    work = work_of(config, options.directory)
    files = [str(path) for path in options.configs]
    # Without Snakemake's record `make` recomputes everything from the raw data on; a dry run alone would not say so.
    recomputed = ["--forcerun", "preprocess"] if guard.record_is_gone(options.directory) else []
    found = dry_run([*others, *recomputed, "--directory", str(options.directory), "--configfile", *files])
    print()
    with contextlib.chdir(options.directory):
        slots = jobs_at_once(options.cores, options.memory_mb, work)
        print(preview(found, config, Expectation.from_records(work), slots))


if __name__ == "__main__":
    main()
