"""What `make` would do, before it does: runs kept and trained, and why; time and disk; what can then be compared.

Which jobs run, and why, is Snakemake's own answer to a dry run.
"""

import contextlib
import os
import shutil
from collections import Counter
from pathlib import Path

from tabulate import tabulate

from design.canonical import changes
from design.configuration import Config
from design.plan import Plan
from running import checking, make_options, time_stamps
from running.forecast import TYPICAL_SECONDS, Expectation, Link, jobs_at_once, link_of, makespan, needed_jobs, work_of
from running.reasons import INTERRUPTED, MISSING, causes, why
from running.snakemake_jobs import DryRun, Job, Key, dry_run
from stats.paired import can_reject, detectable_difference, fewest_seeds, smallest_adjusted_p_value
from tables.quantities import size_text, time_text

RESULTS = Path("results")
RULES = {rule: place for place, rule in enumerate(TYPICAL_SECONDS)}  # in the order of the workflow
MOST_NAMED = 3  # points in a line; a study may have thousands
REUSED, TRAIN, STALE, EVALUATE = "reused", "to train", "stale, to train again", "to evaluate"

Milestone = tuple[str, int]  # a point's name, and a number of epochs that a sweep or grid wants
Fate = tuple[str, str]  # what becomes of a run, and why


def fates(plan: Plan, jobs: list[Job]) -> dict[Milestone, Counter[Fate]]:
    """Return for each milestone that is evaluated what becomes of how many of its runs."""
    asked = {(job.rule, link_of(job)): job for job in jobs}
    cause_of = causes(jobs, needed_jobs(jobs))
    found: dict[Milestone, Counter[Fate]] = {}
    for point, epochs, first, last in plan.evaluated():
        link = Link(point, first, last, epochs)
        train, evaluate = (asked.get((rule, link)) for rule in ("train", "evaluate"))
        found.setdefault((point, epochs), Counter())[_fate(train, evaluate, cause_of)] += link.seeds
    return found


def _fate(train: Job | None, evaluate: Job | None, cause_of: dict[Key, str]) -> Fate:
    if train is None:
        return (EVALUATE, cause_of[evaluate.key]) if evaluate else (REUSED, "")
    cause = cause_of[train.key]
    if cause == INTERRUPTED or not os.path.exists(train.outputs[0]):
        return TRAIN, cause
    return STALE, "files beside its state are gone" if cause == MISSING else cause


def named(milestone: Milestone, config: Config, plan: Plan) -> str:
    """Return a milestone by what sets it apart from the baseline: `learning_rate=0.002`."""
    point, epochs = milestone
    return changes(plan.points[point].model_dump() | {"epochs": epochs}, config.baseline.model_dump())


def run_table(found: dict[Milestone, Counter[Fate]], config: Config, plan: Plan) -> str:
    """Return the table of runs: one line for each fate and cause."""
    runs: Counter[Fate] = Counter({(REUSED, ""): 0})
    which: dict[Fate, list[str]] = {}
    for milestone, counts in found.items():
        runs.update(counts)
        for fate in counts:
            which.setdefault(fate, []).append(named(milestone, config, plan))
    order = [REUSED, TRAIN, STALE, EVALUATE]
    rows = [
        [fate, number, cause, "" if fate == REUSED else _first(which[fate, cause])]
        for (fate, cause), number in sorted(runs.items(), key=lambda item: (order.index(item[0][0]), -item[1]))
    ]
    return tabulate(rows, ["runs", "number", "why", "which"], tablefmt="github")


def _first(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def other_jobs(jobs: list[Job]) -> list[str]:
    """Return a line for each cause for which jobs run that belong to no run, in the order of the workflow."""
    rules: dict[str, list[str]] = {}
    for job in sorted(jobs, key=lambda job: RULES.get(job.rule, len(RULES))):
        if link_of(job) is None:
            rules.setdefault(why(job), []).append(job.rule)
    lines = [f"Also {', '.join(names)}: {cause}." for cause, names in rules.items()]
    if time_stamps.record_is_gone(Path()):
        lines.append(f"NOTE: {time_stamps.RECORD_IS_GONE}")
    elif any(job.rule == "preprocess" and os.path.exists(job.outputs[0]) for job in jobs):
        lines.append("`make` makes the data first; where they come out the same, nothing is trained again for them.")
    return lines


def cost_lines(jobs: list[Job], expectation: Expectation, slots: int) -> list[str]:
    """Return what the jobs will take: time, by which records, and disk."""
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
    """Return the bytes of all files below a folder; those that vanish meanwhile count nothing."""
    size = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                size += os.lstat(os.path.join(place, name)).st_size
    return size


def _source(jobs: list[Job], expectation: Expectation) -> str:
    """Return where the times come from."""
    if "train" not in expectation.slowdowns:
        return "No training was measured here yet: by times on an AMD EPYC, so expect a factor of 2 or 3."
    own = sum(job.benchmark in expectation.measured for job in jobs)
    missing = ", ".join(sorted({job.rule for job in jobs} - expectation.slowdowns.keys()))
    return f"By {len(expectation.measured)} records of earlier jobs here, {own} of them of these very jobs" + (
        f"; {missing}: by times elsewhere, scaled by these records." if missing else "."
    )


def comparison_table(found: dict[Milestone, Counter[Fate]], config: Config, plan: Plan) -> str:
    """Return the table of comparisons: how many each sweep or grid makes, and what its seeds can show."""
    n, alpha = config.replicates, config.alpha
    kept = {milestone for milestone, counts in found.items() if all(fate == REUSED for fate, _ in counts)}
    baseline = (config.baseline.point.name, config.baseline.epochs)
    rows = []
    for name in (*config.sweeps, *config.grids):
        family = plan.compared(name)
        if not family:
            continue
        new = sum(not {milestone, baseline} <= kept for milestone in family)
        size = len(family)
        if can_reject(n, size, alpha):
            shows = f"differences beyond {detectable_difference(1, n, alpha, size):.2f} SD"
        else:
            shows = f"none significant; {fewest_seeds(size, alpha)} seeds could"
        rows.append([name, size, new, f"{smallest_adjusted_p_value(n, size, alpha):.2g}", shows])
    header = ["sweep or grid", "comparisons", "with new runs", "smallest p (Holm)", f"what {n} seeds can show"]
    return tabulate(rows, header, tablefmt="github", disable_numparse=[3])


def preview(found: DryRun, config: Config, expectation: Expectation, slots: int) -> str:
    """Return the whole preview, Markdown."""
    plan, jobs = expectation.work.plan, found.jobs
    become = fates(plan, jobs)
    parts = [run_table(become, config, plan)]
    if found.nothing_to_do:
        parts.append("Nothing to be done.")
    else:
        parts += ["\n".join(other_jobs(jobs)), "\n".join(cost_lines(jobs, expectation, slots))]
    parts.append(comparison_table(become, config, plan))
    parts.append("A comparison pairs each seed with the baseline's, accuracy and loss apart. SD: of their differences.")
    return "\n\n".join(part for part in parts if part)


def main(argv: list[str] | None = None) -> None:
    """Command line; further options go to Snakemake."""
    options, others = make_options.parse(__doc__, argv)
    config = checking.tell(options.configs, options.directory)
    work = work_of(config, options.directory)
    files = [str(path) for path in options.configs]
    found = dry_run([*others, "--directory", str(options.directory), "--configfile", *files])
    print()
    with contextlib.chdir(options.directory):
        slots = jobs_at_once(options.cores, options.memory_mb, work)
        print(preview(found, config, Expectation.from_records(work), slots))


if __name__ == "__main__":
    main()
