"""Small changes to sound content: some of a file's bytes, or some values of what a YAML file holds."""

import copy

from hypothesis import strategies as st

EDIT = st.tuples(
    st.sampled_from(["flip", "cut", "insert", "end"]), st.integers(0, 10**6), st.integers(0, 255)
)  # what, where, how


def edited(content, edits):
    """Return bytes with some of them flipped, cut out or put in."""
    content = bytearray(content)
    for kind, place, value in edits:
        place %= len(content) + 1
        if kind == "flip" and place < len(content):
            content[place] ^= value or 1
        elif kind == "cut":
            del content[place : place + value]
        elif kind == "insert":
            content[place:place] = bytes([value]) * (value % 7)
        elif kind == "end":
            del content[place:]
    return bytes(content)


def places(content, path=()):
    """Return the path of every value within mappings and lists."""
    inner = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    return [found for key, value in inner for found in ((*path, key), *places(value, (*path, key)))]


def at(content, path):
    """Return the value at a path."""
    for key in path:
        content = content[key]
    return content


def of_its_kind(value):
    """Return the strategy of values much like one, many of which can stand in its place."""
    if isinstance(value, bool):
        return st.booleans()
    if isinstance(value, int):
        return st.integers(1, 60)
    if isinstance(value, float):
        return st.floats(0.0001, 0.9999) | st.integers(1, 999).map(lambda digits: f"{digits}e-4")
    if isinstance(value, str):
        return st.just(value[::-1]) | st.text("abc 123", min_size=1, max_size=3).map(lambda more: value + more.rstrip())
    return st.just(value)


@st.composite
def with_values_changed(draw, sound, values, most=3):
    """Draw a copy of sound content in which some values, at most so many, are like the old ones, others, or gone."""
    content = copy.deepcopy(sound)
    for _ in range(draw(st.integers(0, most))):
        known = places(content)
        if not known:
            break
        *path, key = draw(st.sampled_from(known))
        holder = at(content, path)
        change = draw(st.sampled_from([*3 * ["like"], "another", "one of its own", "gone", "twice", "another key"]))
        if change == "like" and not isinstance(holder[key], dict | list):
            holder[key] = draw(of_its_kind(holder[key]))
        elif change in ("like", "another"):
            holder[key] = draw(values)
        elif change == "one of its own":
            holder[key] = copy.deepcopy(at(content, draw(st.sampled_from(known))))
        elif change == "gone":
            del holder[key]
        elif isinstance(holder, list):
            holder.insert(key, copy.deepcopy(holder[key]))
        else:
            name = draw(st.text(max_size=6) | st.integers()) if change == "another key" else f"{key}s"
            holder[name] = copy.deepcopy(holder[key])
    return content
