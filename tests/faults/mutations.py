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


@st.composite
def with_values_changed(draw, sound, values, most=3):
    """Draw a copy of sound content in which up to so many values are others, doubled, gone, or under another key."""
    content = copy.deepcopy(sound)
    for _ in range(draw(st.integers(0, most))):
        known = places(content)
        if not known:
            break
        *path, key = draw(st.sampled_from(known))
        holder = at(content, path)
        change = draw(st.sampled_from(["another", "one of its own", "gone", "twice", "another key"]))
        if change == "another":
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
