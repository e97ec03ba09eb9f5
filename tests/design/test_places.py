"""A name leads to one place, from the study's folder or from the project, whatever exists yet."""

import os
from pathlib import Path

import pytest

from design.places import Places, found, user_path


@pytest.fixture
def places(tmp_path):
    """A study's folder that does not exist yet, and a project."""
    (tmp_path / "project").mkdir()
    return Places(tmp_path / "project" / "study", tmp_path / "project")


def find(name, places):
    return found("published", "an existing file", name, places, os.path.isfile)


def test_the_studys_folder_comes_before_the_project(places):
    (places.project / "a").touch()
    assert find("a", places) == places.project / "a"
    places.study.mkdir()
    (places.study / "a").touch()
    assert find("a", places) == places.study / "a"
    assert find("../a", places) == places.project / "a"


def test_a_path_through_the_studys_folder_leads_the_same_way_before_it_exists(places):
    (places.project / "a").touch()
    assert find("../a", places) == places.project / "a"


def test_a_link_is_followed_before_what_lies_above_it(places, tmp_path):
    (tmp_path / "elsewhere" / "inner").mkdir(parents=True)
    (tmp_path / "elsewhere" / "a").touch()
    (places.project / "link").symlink_to(tmp_path / "elsewhere" / "inner")
    assert find("link/../a", places) == tmp_path / "elsewhere" / "a"


def test_the_home_folder_is_meant_by_a_tilde_alone(places, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a").touch()
    assert find("~/a", places) == tmp_path / "a"
    assert user_path("~/a") == tmp_path / "a"
    assert user_path("a~/~") == Path("a~/~")
    with pytest.raises(ValueError, match=r"Received: '\$HOME/a', looked for as '.*/study/\$HOME/a' and as "):
        find("$HOME/a", places)


def test_an_error_says_where_a_relative_path_was_looked_for(places):
    lines = {
        "no": f"'no', looked for as '{places.study}/no' and as '{places.project}/no'",
        "a\nb": f"'a\\nb', looked for as '{places.study}/a\\nb' and as '{places.project}/a\\nb'",
        "~/no": f"'~/no', looked for as '{Path.home()}/no'",
        "/no": "'/no'",
    }
    for name, end in lines.items():
        with pytest.raises(ValueError, match="must be an existing file") as caught:
            find(name, places)
        assert str(caught.value) == f"`published` must be an existing file. Received: {end}"
    with pytest.raises(ValueError, match=f"looked for as '{places.project}/no'$"):
        find("no", Places(places.project, places.project))
