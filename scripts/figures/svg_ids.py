"""Ids in Matplotlib's SVG files that do not depend on the last digits of floats."""

import re


def with_numbered_ids(svg: str) -> str:
    """Return an SVG file whose hashed ids are replaced by numbers, in the order in which they appear.

    Matplotlib names clip paths, markers and pictures by a hash of their coordinates, all digits included, while the
    coordinates in the file are rounded. Two processors that differ in a last digit would write different files.

    Args:
        svg: content of the file.
    """
    hashed = dict.fromkeys(re.findall(r'<[^<>]*\bid="([a-z]+[0-9a-f]{10})"', svg))
    names = {name: f"{name[:-10]}-{number}" for number, name in enumerate(hashed)}

    def renamed(tag: re.Match) -> str:
        return re.sub(r'(?<=["#])[a-z]+[0-9a-f]{10}(?=[")])', lambda found: names.get(found[0], found[0]), tag[0])

    return re.sub("<[^<>]*>", renamed, svg)  # in tags alone: what is drawn as text stays as it is
