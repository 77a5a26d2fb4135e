"""The package as PyPI has it: what is in its files, and what they do in an environment with NumPy alone."""

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from email import message_from_string
from importlib.util import find_spec
from pathlib import Path

import pytest
from packages import CLEAN, ROOT, build

import rnnbook

missing = [name for name in ("build", "twine", "setuptools") if find_spec(name) is None]
needs_build = pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}: requirements.txt")
slow = pytest.mark.slow

# What a user gets besides Python files, and where from.
DATA = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "rnnbook").rglob("*")
    if path.is_file() and path.suffix not in {".py", ".pyc"} and not path.name.startswith(".")
)


def quickstart():
    """The first Python of the README, word for word."""
    return re.search(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), flags=re.M | re.S)[1]


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    return build(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def wheel(dist):
    (path,) = [path for path in dist if path.suffix == ".whl"]
    return path


@pytest.fixture(scope="module")
def sdist(dist):
    (path,) = [path for path in dist if path.name.endswith(".tar.gz")]
    return path


@pytest.fixture(scope="module")
def empty(tmp_path_factory, wheel):
    """The Python of an environment where the wheel was installed, and what it asks for."""
    folder = tmp_path_factory.mktemp("empty")
    # Without a pip of its own, which takes longer to install than the wheel.
    venv.create(folder / "env", with_pip=False)
    python = folder / "env" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    command = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--quiet",
        "--disable-pip-version-check",
        wheel,
    ]
    done = subprocess.run(command, cwd=folder, env=CLEAN, capture_output=True, text=True)
    if done.returncode:
        # Without an index there is no NumPy to install. Where tests are to prove something, that is no excuse.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"pip could not install the wheel: {done.stderr}")
    return python


def run(python, folder, code):
    """Run code in a folder outside the checkout, warnings as errors, and give what it prints."""
    command = [python, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=folder, env=CLEAN, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


# -- what is in the files


@needs_build
@slow
def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    assert wheel.name == f"rnnbook-{rnnbook.__version__}-py3-none-any.whl"
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.split("/")[0] for name in names} == {"rnnbook", f"rnnbook-{rnnbook.__version__}.dist-info"}
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "rnnbook").rglob("*.py")}
    inside = {name for name in names if name.startswith("rnnbook/")}
    assert inside == modules | set(DATA)
    for name in ("py.typed", "widgets/static/host.js", "widgets/static/words.json", "data/phone_calls.json"):
        assert f"rnnbook/{name}" in inside
    assert f"rnnbook-{rnnbook.__version__}.dist-info/licenses/LICENSE" in names


@needs_build
@slow
def test_the_sdist_holds_what_the_wheel_is_made_from(sdist):
    top = f"rnnbook-{rnnbook.__version__}"
    with tarfile.open(sdist) as archive:
        names = {name.removeprefix(f"{top}/") for name in archive.getnames()} - {top}
    folders = {name.split("/")[0] for name in names if "/" in name}
    assert folders == {"rnnbook", "rnnbook.egg-info"}
    files = {name for name in names if "/" not in name} - folders
    assert files >= {"pyproject.toml", "setup.py", "README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff"}
    assert files <= {"PKG-INFO", "setup.cfg", "MANIFEST.in", "pyproject.toml", "setup.py"} | {
        path.name for path in ROOT.iterdir() if path.suffix in {".md", ".cff"} or path.name == "LICENSE"
    }
    assert set(DATA) <= names


@needs_build
@slow
def test_pypi_would_take_them(dist):
    done = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", *dist], capture_output=True, text=True, env=CLEAN
    )
    assert done.returncode == 0 and done.stdout.count("PASSED") == 2, done.stdout + done.stderr


@needs_build
@slow
def test_what_the_wheel_says_of_itself(wheel):
    text = zipfile.ZipFile(wheel).read(f"rnnbook-{rnnbook.__version__}.dist-info/METADATA").decode()
    said = message_from_string(text)
    assert said["Version"] == rnnbook.__version__
    alone = [need for need in said.get_all("Requires-Dist") if "extra ==" not in need]
    assert alone == ["numpy>=2.0"]
    page = said.get_payload()
    assert "one gate at a time" in page.lower() and "<picture>" not in page and "<!--" not in page
    links = re.findall(r"\]\(([^)]+)\)", page)
    assert links and all(link.startswith(("https://", "#")) for link in links), links
    assert quickstart() in page


# -- what they do in an empty environment


@needs_build
@slow
def test_it_brings_numpy_alone(empty):
    code = "import importlib.metadata as m; print(*sorted(d.name.lower() for d in m.distributions()))"
    assert run(empty, empty.parent, code).split() == ["numpy", "rnnbook"]


@needs_build
@slow
def test_the_quickstart_runs_word_for_word(empty, tmp_path):
    said = run(empty, tmp_path, quickstart())
    assert said == "right: 100%\n"
    assert {path.name for path in tmp_path.iterdir()} == {"model.npz", "for-pytorch.npz"}


@needs_build
@slow
def test_it_is_the_wheel_that_runs(empty, tmp_path):
    code = "import rnnbook, rnnbook.plots, rnnbook.notebook, rnnbook.diagrams; print(rnnbook.__file__, rnnbook.__version__)"
    where, version = run(empty, tmp_path, code).split()
    assert Path(where).is_relative_to(empty.parent.parent) and version == rnnbook.__version__


@needs_build
@slow
def test_what_needs_an_extra_says_which(empty, tmp_path):
    for code, extra in (
        ("import rnnbook.widgets", "rnnbook[notebook]"),
        ("from rnnbook import plots; plots.colormap()", "rnnbook[notebook]"),
        ("import rnnbook as rb, rnnbook.interop as i; i.export_onnx(rb.Dense(1, 1, params={'W': [[1]], 'b': [0]}), 'x')", "rnnbook[onnx]"),
    ):  # fmt: skip
        caught = f"try:\n    {code}\nexcept ImportError as error:\n    print(error)"
        assert extra in run(empty, tmp_path, caught), code


# -- the version and the address, in one place each


def test_the_version_stands_in_one_place():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert "version" in project["project"]["dynamic"] and "version" not in project["project"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "rnnbook.__version__"}
    number = re.escape(rnnbook.__version__)
    written = [
        path.relative_to(ROOT).as_posix()
        for path in (*(ROOT / "rnnbook").rglob("*.py"), ROOT / "pyproject.toml", ROOT / "README.md")
        if re.search(rf"(?<![\d.]){number}(?![\d.])", path.read_text("utf-8"))
    ]
    assert written == ["rnnbook/__init__.py"]


def test_the_citation_has_the_version():
    cited = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text("utf-8"), re.M)[1]
    assert cited == rnnbook.__version__


def as_numbers(version):
    assert re.fullmatch(r"\d+\.\d+\.\d+", version), version
    return tuple(map(int, version.split(".")))


def test_the_changelog_has_the_version():
    heads = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    released = [as_numbers(head.split()[0]) for head in heads if head != "Unreleased"]
    assert "Unreleased" not in heads[1:] and released == sorted(released, reverse=True)
    now = as_numbers(rnnbook.__version__)
    # Either this version is released, or it is what the unreleased changes become.
    assert released[:1] == [now] or (heads[0] == "Unreleased" and all(version < now for version in released))


def test_the_address_is_that_of_the_book():
    address = re.search(r"^  url: (\S+)$", (ROOT / "_config.yml").read_text("utf-8"), re.M)[1]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["urls"]["Repository"] == address
    assert all(url.startswith(address) for url in project["urls"].values())
    assert re.search(rf"^url: {re.escape(address)}$", (ROOT / "CITATION.cff").read_text("utf-8"), re.M)


# -- publishing


def test_only_a_release_is_published_and_without_a_password():
    yaml = pytest.importorskip("yaml")
    text = (ROOT / ".github" / "workflows" / "publish.yml").read_text("utf-8")
    flow = yaml.safe_load(text)
    assert flow[True] == {"release": {"types": ["published"]}}  # YAML 1.1 reads `on` as true
    assert flow["permissions"] == {} and "secrets." not in text and "password" not in text
    publish = flow["jobs"]["publish"]
    assert publish["needs"] == "build" and publish["environment"]["name"] == "pypi"
    assert publish["permissions"] == {"id-token": "write"}
    assert [s["uses"].split("@")[0] for s in publish["steps"]][-1] == "pypa/gh-action-pypi-publish"
    assert "id-token" not in flow["jobs"]["build"]["permissions"]
    steps = "\n".join(step.get("run", "") for step in flow["jobs"]["build"]["steps"])
    for needed in ("python -m build", "twine check --strict", "tests/test_package.py", "rnnbook.__version__"):
        assert needed in steps
