"""Fixtures of the tests of figures."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pytest

from figures.style import STYLE


@pytest.fixture
def styled():
    """Figures look as in a study, and none stays open."""
    with matplotlib.rc_context(STYLE):
        yield
    plt.close("all")
