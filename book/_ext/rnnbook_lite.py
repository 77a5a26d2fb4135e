"""The chapters in JupyterLite: an editor beside the pages, with Python in the reader's browser.

It is built into `lite/` of the site, from installed packages alone: nothing is fetched. Opened, it
loads Python itself, Pyodide, from Pyodide's public host, and what Pyodide lacks from PyPI.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import distribution
from pathlib import Path

from rnnbook_solutions import without_solutions
from sphinx.errors import ExtensionError
from sphinx.util import logging

BOOK = Path(__file__).resolve().parent.parent
ROOT = BOOK.parent

# Packages whose part for the editor comes along: sliders, our own widgets, the book's roles and
# directives, and the kernel. Not whatever else is installed: every machine is to build the same.
EDITOR_PARTS = ["jupyterlab_widgets", "anywidget", "jupyterlab_myst", "jupyterlite_pyodide_kernel"]
# Their Python side has to be of the same version, and PyPI may have a newer one.
PINNED = ["anywidget", "ipywidgets"]
# What the package's own build reads.
SOURCES = ["rnnbook", "pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"]


def build_date():
    """Date all files made here, in seconds since 1970: a commit gives the same bytes twice."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return given
    command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):  # not a clone
        return "315532800"  # 1980, the earliest that a zip file can say


def run(command, folder):
    """Run a command, and show what it said only if it failed."""
    # The same bytes each time: one date for all files, and sets in one order.
    environment = os.environ | {"SOURCE_DATE_EPOCH": build_date(), "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise ExtensionError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")


def build_wheel(folder):
    """Build the package's wheel from a copy: setuptools leaves files beside what it builds."""
    copy = folder / "source"
    copy.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, copy)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    run([*build, "--outdir", folder / "wheels", copy], folder)


def repack(name, folder):
    """Make a wheel again of an installed package that is Python alone."""
    package = distribution(name)
    if "Tag: py3-none-any" not in package.read_text("WHEEL"):
        raise ExtensionError(f"{name} is not Python alone: it cannot be repacked")
    info = f"{package.metadata['Name']}-{package.version}.dist-info"
    made_by_pip = {"INSTALLER", "REQUESTED", "RECORD", "direct_url.json"}
    files = [
        file
        for file in package.files
        # Outside lie commands and the editor's part, in __pycache__ what Python made of it.
        if ".." not in file.parts and "__pycache__" not in file.parts
        if not (file.parent.name.endswith(".dist-info") and file.name in made_by_pip)
    ]
    record = ""
    with zipfile.ZipFile(folder / f"{name}-{package.version}-py3-none-any.whl", "w") as wheel:
        for file in sorted(files):
            content = file.read_binary()
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
            record += f"{file.as_posix()},sha256={digest},{len(content)}\n"
            # An entry that is made by hand has 1980 as its date, whatever the clock says.
            wheel.writestr(zipfile.ZipInfo(file.as_posix()), content, zipfile.ZIP_DEFLATED)
        record += f"{info}/RECORD,,\n"
        wheel.writestr(zipfile.ZipInfo(f"{info}/RECORD"), record, zipfile.ZIP_DEFLATED)


def editor_parts():
    """Give the folders of the editor's extensions, wherever they were installed."""
    return [
        str(Path(distribution(name).locate_file(file)).resolve().parent)
        for name in EDITOR_PARTS
        for file in distribution(name).files
        if file.name == "package.json" and "labextensions" in file.parts
    ]


def copy_chapters(folder, solutions):
    """Copy what a chapter needs, under the same paths as in the repository."""
    book = folder / "book"
    book.mkdir(parents=True)
    for path in sorted(BOOK.glob("*.ipynb")):
        notebook = json.loads(path.read_text("utf-8"))
        kept = notebook if solutions else without_solutions(notebook)
        text = json.dumps(kept, indent=1, ensure_ascii=False)
        (book / path.name).write_text(f"{text}\n", "utf-8")
    shutil.copytree(BOOK / "data", book / "data")


# A file of a kind that the editor does not know is taken for text.
NPZ = {
    "name": "npz",
    "extensions": [".npz"],
    "mimeTypes": ["application/octet-stream"],
    "fileFormat": "base64",
}


def settings(title, favicon):
    """Give JupyterLite's three files of settings: of its build, of its page, of the editor."""
    build = {
        "apps": ["lab"],
        "contents": ["chapters"],
        "extra_file_types": {"npz": NPZ},
        "federated_extensions": editor_parts(),
        "ignore_sys_prefix": True,
        "no_sourcemaps": True,
        "no_unused_shared_packages": True,
    }
    page = {"appName": title, "faviconUrl": favicon}
    return {
        "jupyter_lite_config.json": {
            "LiteBuildConfig": build,
            "PipliteAddon": {"piplite_urls": ["wheels"]},
        },
        "jupyter-lite.json": {"jupyter-lite-schema-version": 0, "jupyter-config-data": page},
        # Light or dark, as the reader's system has it.
        "overrides.json": {"@jupyterlab/apputils-extension:themes": {"adaptive-theme": True}},
    }


def build(site, title, favicon, solutions=True):
    """Build JupyterLite into the folder `lite` of a site, anew each time: it takes some seconds.

    `favicon` is an address as seen from the folder `lite/lab`. Without `solutions` the
    chapters come without them.
    """
    lite = Path(site).resolve() / "lite"
    shutil.rmtree(lite, ignore_errors=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "wheels").mkdir()
        build_wheel(folder)
        for package in PINNED:
            repack(package, folder / "wheels")
        copy_chapters(folder / "chapters", solutions)
        for file, content in settings(title, favicon).items():
            (folder / file).write_text(json.dumps(content), "utf-8")
        run([sys.executable, "-m", "jupyterlite_core", "build", "--output-dir", lite], folder)


def build_beside_pages(app, exception):
    if exception is None and app.builder.format == "html":
        logging.getLogger(__name__).info("building JupyterLite ...")
        icon = "../../_static/favicon.svg"
        build(app.outdir, app.config.html_title, icon, app.config.rnnbook_solutions)


def setup(app):
    app.connect("build-finished", build_beside_pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
