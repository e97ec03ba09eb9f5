"""Tables and figures of sweeps and grids that a study no longer holds: an old one looks as right as a new one."""

from collections.abc import Collection
from pathlib import Path


def remove_pairs(folder: Path, kinds: tuple[str, str], known: Collection[str]) -> None:
    """Remove the tables or figures of a folder whose names are not known any more.

    Ours come in pairs, as `units.csv` and `units.md`; any other file is the user's own.

    Args:
        folder: where they lie.
        kinds: the two endings, such as `("csv", "md")`.
        known: names without ending of what the study holds.
    """
    for path in sorted(folder.glob(f"*.{kinds[0]}")):
        other = path.with_suffix(f".{kinds[1]}")
        if path.stem not in known and other.is_file():
            print(f"removed {path} and {other.name}: not of this study any more")
            path.unlink()
            other.unlink()
