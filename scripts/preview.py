"""What `make` would do, before it does: runs kept and trained, and why; time and disk; what can then be compared.

Which jobs run, and why, is Snakemake's own answer to a dry run.
"""

import argparse
import contextlib
import os
import shutil
from collections import Counter
from pathlib import Path

from tabulate import tabulate

import check
from canonical import canonical_value
from configuration import FACTORS, Study
from forecast import (
    TYPICAL_SECONDS,
    Expectation,
    Link,
    jobs_at_once,
    link_of,
    makespan,
    needed_jobs,
    number_of_cores,
    size_text,
    time_text,
    work_of,
)
from memory import memory_for_jobs_here
from paired import can_reject, detectable_difference, smallest_p_value
from plan import Plan
from reasons import INTERRUPTED, MISSING, causes, why
from snakemake_jobs import Job, Key, dry_run

RESULTS = Path("results")
RULES = {rule: place for place, rule in enumerate(TYPICAL_SECONDS)}  # in the order of the workflow
MOST_NAMED = 3  # points in a line; a study may have thousands
REUSED, TRAIN, STALE, EVALUATE = "reused", "to train", "stale, to train again", "to evaluate"

Milestone = tuple[str, int]  # a point's name, and a number of epochs that a sweep or grid wants
State = tuple[str, str]  # what becomes of a run, and why


def run_states(plan: Plan, jobs: list[Job]) -> dict[Milestone, Counter[State]]:
    """Return for each milestone that is evaluated how many of its runs are in which state."""
    asked = {(job.rule, link_of(job)): job for job in jobs}
    why = causes(jobs, needed_jobs(jobs))
    states: dict[Milestone, Counter[State]] = {}
    for point, epochs, first, last in plan.evaluated():
        link = Link(point, first, last, epochs)
        train, evaluate = (asked.get((rule, link)) for rule in ("train", "evaluate"))
        states.setdefault((point, epochs), Counter())[_state(train, evaluate, why)] += link.seeds
    return states


def _state(train: Job | None, evaluate: Job | None, why: dict[Key, str]) -> State:
    if train is None:
        return (EVALUATE, why[evaluate.key]) if evaluate else (REUSED, "")
    cause = why[train.key]
    if cause == INTERRUPTED or not os.path.exists(train.outputs[0]):
        return TRAIN, cause
    return STALE, "files beside its state are gone" if cause == MISSING else cause


def changes(milestone: Milestone, study: Study, plan: Plan) -> str:
    """Return in what a milestone differs from the baseline: `learning_rate=0.002`."""
    point, epochs = milestone
    levels = plan.points[point].model_dump() | {"epochs": epochs}
    changed = [name for name in FACTORS if levels[name] != getattr(study.baseline, name)]
    return " ".join(f"{name}={canonical_value(levels[name])}" for name in changed) or "baseline"


def run_table(states: dict[Milestone, Counter[State]], study: Study, plan: Plan) -> str:
    """Return the table of runs: one line for each state and cause."""
    runs: Counter[State] = Counter({(REUSED, ""): 0})
    which: dict[State, list[str]] = {}
    for milestone, counts in states.items():
        runs.update(counts)
        for state in counts:
            which.setdefault(state, []).append(changes(milestone, study, plan))
    order = [REUSED, TRAIN, STALE, EVALUATE]
    rows = [
        [state, number, cause, "" if state == REUSED else _first(which[state, cause])]
        for (state, cause), number in sorted(runs.items(), key=lambda item: (order.index(item[0][0]), -item[1]))
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
    if any(job.rule == "preprocess" and os.path.exists(job.outputs[0]) for job in jobs):
        lines.append("`make` makes the data first; where they come out the same, nothing is trained again for them.")
    return lines


def cost_lines(jobs: list[Job], expectation: Expectation, slots: int) -> list[str]:
    """Return what the jobs will take: time, by which records, and disk."""
    seconds = {job.key: expectation.seconds(job) for job in jobs}
    elapsed = makespan(seconds, needed_jobs(jobs), {job.key: job.priority for job in jobs}, slots)
    work = expectation.work
    disk = sum(work.bytes(job) for job in jobs if not os.path.exists(job.outputs[0]))
    held = sum(path.stat().st_size for path in RESULTS.rglob("*") if path.is_file())
    free = shutil.disk_usage(".").free
    computing = time_text(sum(seconds.values()))
    return [
        f"Time: about {time_text(elapsed)}, {slots} jobs side by side ({computing} of computing).",
        _source(jobs, expectation),
        f"Disk: about {size_text(disk)} more; results/ holds {size_text(held)}, {size_text(free)} are free"
        + (": not enough." if disk > free else "."),
    ]


def _source(jobs: list[Job], expectation: Expectation) -> str:
    """Return where the times come from."""
    if not expectation.factors:
        return "Nothing was measured here yet: by times on an AMD EPYC, so expect a factor of 2 or 3."
    own = sum(job.benchmark in expectation.records for job in jobs)
    missing = ", ".join(sorted({job.rule for job in jobs} - expectation.factors.keys()))
    return f"By {len(expectation.records)} records of earlier jobs here, {own} of them of these very jobs" + (
        f"; {missing}: by times elsewhere, scaled by these records." if missing else "."
    )


def comparison_table(states: dict[Milestone, Counter[State]], study: Study, plan: Plan) -> str:
    """Return the table of comparisons: how many each sweep or grid makes, and what its seeds can show."""
    n, alpha = study.replicates, study.alpha
    kept = {milestone for milestone, counts in states.items() if all(state == REUSED for state, _ in counts)}
    baseline = (study.baseline.point.name, study.baseline.epochs)
    rows = []
    for name in (*study.sweeps, *study.grids):
        family = [
            (point, epochs)
            for point, epochs in states
            if name in plan.wanted[point][epochs] and (point, epochs) != baseline
        ]
        if not family:
            continue
        new = sum(not {milestone, baseline} <= kept for milestone in family)
        size = len(family)
        if can_reject(n, size, alpha):
            shows = f"differences beyond {detectable_difference(1, n, alpha, size):.2f} SD"
        else:
            shows = f"none significant; {check.seeds_needed(size, alpha)} seeds could"
        rows.append([name, size, new, f"{min(1, size * smallest_p_value(n)):.2g}", shows])
    header = ["sweep or grid", "comparisons", "with new runs", "smallest p (Holm)", f"what {n} seeds can show"]
    return tabulate(rows, header, tablefmt="github", disable_numparse=[3])


def preview(jobs: list[Job], study: Study, expectation: Expectation, slots: int) -> str:
    """Return the whole preview, Markdown."""
    plan = expectation.work.plan
    states = run_states(plan, jobs)
    parts = [run_table(states, study, plan)]
    if jobs:
        parts += ["\n".join(other_jobs(jobs)), "\n".join(cost_lines(jobs, expectation, slots))]
    else:
        parts.append("Nothing to be done.")
    parts.append(comparison_table(states, study, plan))
    parts.append("A comparison pairs each seed with the baseline's, accuracy and loss apart. SD: of their differences.")
    return "\n\n".join(part for part in parts if part)


def main(argv: list[str] | None = None) -> None:
    """Command line; further options go to Snakemake."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("configs", nargs="+", type=Path, help="configuration files, laid over each other")
    parser.add_argument("--cores", type=number_of_cores, default="all")
    parser.add_argument("--memory-mb", type=int, default=memory_for_jobs_here(), help="for all jobs together")
    parser.add_argument("--directory", "-d", type=Path, default=Path(), help="of the study; by default this one")
    arguments, options = parser.parse_known_args(argv)
    files = [str(path) for path in arguments.configs]
    check.main(files)
    study, _ = check.check(arguments.configs)
    work = work_of(study)
    found = dry_run([*options, "--directory", str(arguments.directory), "--configfile", *files])
    slots = jobs_at_once(arguments.cores, arguments.memory_mb, work)
    print()
    with contextlib.chdir(arguments.directory):
        print(preview(found.jobs, study, Expectation.from_records(work), slots))


if __name__ == "__main__":
    main()
