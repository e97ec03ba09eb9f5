"""Where the workflow is and where it runs: what cannot work there ends with one line, before the config is read."""

import os
import sys
from pathlib import Path

PROJECT = Path(str(workflow.current_basedir)).resolve().parents[1]
if set(str(PROJECT)) & {"{", "}"}:
    sys.exit(f"ERROR: Snakemake cannot work under a path with {{ or }}. Received: {PROJECT}. Move the project.")
# The name under which another workflow uses this one as a module; None where it runs by itself.
MODULE = workflow.modifier.namespace


def is_moved(paths):
    """Return whether a module statement, or one around it, gives the paths of files another beginning."""
    return paths is not None and bool(paths.prefix or paths.modifies_prefixes or is_moved(paths.inner_modifier))


if vars(workflow).setdefault("module_of_the_study", MODULE) != MODULE or is_moved(workflow.modifier.path_modifier):
    sys.exit(
        "ERROR: a workflow can use one study as a module, without prefix and replace_prefix: its files are in results/. "
        f"Received: module {MODULE}. Run a further study by itself: snakemake --directory FOLDER."
    )

# Snakemake takes a folder `default`, where it is started, for its profile, whatever it holds: so a study in such a folder
# has our profile in it. Of several profiles there Snakemake takes the one of the highest version.
if MODULE is None and Path.cwd().name == "default" and not os.path.lexists("profile.v9+.yaml"):
    os.symlink(os.path.relpath(PROJECT / "workflow" / "profiles" / "default" / "config.yaml"), "profile.v9+.yaml")
