"""Fixtures of the tests of the page."""

import pytest

from helpers import sample_page


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    return sample_page.draw(tmp_path_factory.mktemp("page") / "figures")
