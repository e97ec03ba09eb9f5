"""Times, sizes and numbers of things, as a person says them."""


def time_text(seconds: float) -> str:
    """Return a time: `7 s`, `12 min 36 s`, `3 h 5 min`, `2 d 4 h`."""
    seconds = round(seconds)
    for unit, size, smaller, smaller_size in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if seconds >= size:
            rest = seconds % size // smaller_size
            return f"{seconds // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{seconds} s"


def size_text(size: float) -> str:
    """Return a number of bytes: `340 kB`, `49 MB`, `1.27 GB`."""
    if size < 1e6:
        return f"{size / 1e3:.0f} kB"
    return f"{size / 1e6:.0f} MB" if size < 1e9 else f"{size / 1e9:.2f} GB"


def counted(number: int, thing: str) -> str:
    """Return how many of a thing: `1 seed`, `10 seeds`, `1,650 epochs`."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")
