"""Why Snakemake runs a job, in a few words: code, versions, settings, input, or no result yet."""

import re

from running.snakemake_jobs import Job, Key

PACKAGES = ("tensorflow", "keras", "numpy")  # those of a training's params
INTERRUPTED, MISSING, FOLLOWS = "interrupted", "not there yet", "its input changed"


def causes(jobs: list[Job], needs: dict[Key, set[Key]]) -> dict[Key, str]:
    """Return why each job runs. All links of a chain of trainings have the cause of the first.

    Args:
        jobs: those that will run.
        needs: job -> jobs whose files it reads.
    """
    found = {job.key: why(job) for job in jobs}
    for job in sorted((job for job in jobs if job.rule == "train"), key=lambda job: int(job.wildcards["epochs"])):
        before = [found[need] for need in needs[job.key] if need[0] == "train"]
        if found[job.key] == FOLLOWS and before:
            found[job.key] = before[0]
    return found


def why(job: Job) -> str:
    """Return why a job runs; a changed input counts only if there is no other cause."""
    reason = job.reason
    if "Forced execution" in reason:
        return "asked for"
    if "Incomplete output files" in reason:
        return INTERRUPTED
    if "Missing output files" in reason:
        return MISSING
    causes = changed_params(reason) if "Params have changed" in reason else []
    if "Code has changed" in reason:
        causes.append("the rule's command changed")
    if "Software environment" in reason:
        causes.append("the rule's environment changed")
    return ", ".join(causes) or FOLLOWS


def changed_params(reason: str) -> list[str]:
    """Return what changed in a rule's params: scripts and other files by digest, packages by version, or settings."""
    before, _, now = reason.partition("before: ")[2].partition(" now: ")
    files = [dict(re.findall(r"([\w.-]+)(?: and its imports)?: ([0-9a-f]{64})", part)) for part in (before, now)]
    versions = [dict(re.findall(rf"\b({'|'.join(PACKAGES)}) ([\w.+]+)", part)) for part in (before, now)]
    causes = []
    for name, digest in files[1].items():
        if files[0].get(name, digest) != digest:
            causes.append(f"{name} or a module it imports changed" if name.endswith(".py") else f"{name} changed")
    for name, version in versions[1].items():
        if versions[0].get(name, version) != version:
            causes.append(f"{name} {versions[0][name]} became {version}")
    return causes or ["settings changed"]
