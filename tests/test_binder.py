"""What Binder is given, and how its steps are replayed; `make binder` does the replay itself."""

import re
import sys
import tomllib
from pathlib import Path

import binder_replay
import pytest

ROOT = Path(__file__).resolve().parents[1]
RECIPE = """\
FROM docker.io/library/buildpack-deps:24.04
RUN apt-get -qq update && \\
    apt-get -qq install less
RUN ${KERNEL_PYTHON_PREFIX}/bin/pip install before-the-repository
COPY --chown=0:0 src/ ${REPO_DIR}/
USER ${NB_USER}
RUN ${KERNEL_PYTHON_PREFIX}/bin/pip install --no-cache-dir \\
    -r "requirements.txt"
RUN chmod +x postBuild
LABEL repo2docker.ref="None"
"""


def test_its_steps_are_those_after_the_repository_is_there():
    pip_steps, others = binder_replay.steps(RECIPE)
    assert pip_steps == ['${KERNEL_PYTHON_PREFIX}/bin/pip install --no-cache-dir \\\n    -r "requirements.txt"']
    assert others == ["chmod +x postBuild"]


def test_a_recipe_of_another_form_is_not_taken_for_an_empty_one():
    with pytest.raises(SystemExit, match="another form"):
        binder_replay.steps(RECIPE.replace(" src/ ", " sources/ "))


def test_binders_python_is_one_for_which_the_package_is():
    version = re.fullmatch(r"python-3\.(\d+)\n", (ROOT / "runtime.txt").read_text("utf-8"))[1]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert f"Programming Language :: Python :: 3.{version}" in project["classifiers"]


def test_another_python_is_taken_with_a_word_about_it(tmp_path, capsys):
    (tmp_path / "runtime.txt").write_text("python-3.99\n")
    assert binder_replay.wanted_python(tmp_path) == sys.executable
    assert "Binder has Python 3.99, which is not here" in capsys.readouterr().out


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a clone: git does not say what belongs to it")
def test_what_binder_does_not_get_is_not_copied(tmp_path):
    binder_replay.copy_repository(tmp_path)
    assert (tmp_path / "requirements.txt").read_bytes() == (ROOT / "requirements.txt").read_bytes()
    assert (tmp_path / "book" / "data").is_dir() and (tmp_path / "rnnbook" / "cells.py").is_file()
    assert not {".git", ".venv", "_build"} & {path.name for path in tmp_path.iterdir()}


def test_binder_and_the_scheduled_build_read_pins_of_one_form():
    """Each line of requirements.txt is an exact pin, this repository, or a comment."""
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    for line in (line.partition("#")[0].strip() for line in lines):
        assert re.fullmatch(r"|-e \.|[\w.-]+==[\w.]+", line), line
