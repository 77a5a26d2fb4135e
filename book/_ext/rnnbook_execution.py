"""Runs the chapters, several at a time, and again when what they import has changed."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat

BOOK = Path(__file__).resolve().parent.parent
ROOT = BOOK.parent


def execution_cache(app):
    """The folder where MyST-NB keeps executed chapters, unless it is told another."""
    return Path(app.outdir).parent / ".jupyter_cache"


def imported_by_chapters():
    """The pins of what chapters import: the first part of requirements.txt."""
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    titles = [number for number, line in enumerate(lines) if line.startswith("# -- ")]
    pins = lines[titles[0] + 1 : titles[1]]
    return "\n".join(line.split("#")[0].strip() for line in pins)


def forget_stale_executions(app, config):
    """Empty the execution cache when something changed that its key does not cover.

    jupyter-cache looks at the code of a chapter alone. A chapter also depends on the package, on
    the results it reads, on the versions of what it imports, on Python and on the shift of the
    seeds.
    """
    digest = hashlib.sha256()
    digest.update(imported_by_chapters().encode())
    package = sorted(p for p in (ROOT / "rnnbook").rglob("*") if p.suffix in {".py", ".json"})
    results = sorted(p for p in (BOOK / "data").rglob("*") if p.is_file())
    for path in [*package, *results]:
        digest.update(path.relative_to(ROOT).as_posix().encode())
        digest.update(path.read_bytes())
    digest.update(sys.version.encode())
    digest.update(os.environ.get("RNNBOOK_SEED_OFFSET", "").encode())

    cache = execution_cache(app)
    stamp = cache / "made-with.txt"
    if not stamp.is_file() or stamp.read_text("utf-8") != digest.hexdigest():
        shutil.rmtree(cache, ignore_errors=True)
        cache.mkdir(parents=True)
        stamp.write_text(digest.hexdigest(), "utf-8")


def run_chapters(app, env, docnames):
    """Run the chapters that are not in the cache, several at a time.

    MyST-NB runs one after another, and finds all of these in the cache. One that fails is left to
    it: it says what went wrong, and where.
    """
    from jupyter_cache import get_cache
    from jupyter_cache.base import CacheBundleIn
    from jupyter_cache.executors.utils import single_nb_execution

    if app.config.nb_execution_mode != "cache":
        return
    cache = get_cache(execution_cache(app))
    notebooks = {}
    for path in sorted(Path(env.doc2path(name)) for name in docnames):
        if path.suffix == ".ipynb":
            notebook = nbformat.read(path, as_version=4)
            try:
                cache.match_cache_notebook(notebook)
            except KeyError:
                notebooks[path] = notebook
    if len(notebooks) < 2:
        return
    seconds = app.config.nb_execution_timeout  # for one cell
    workers = int(os.environ.get("JOBS", os.cpu_count() or 1))
    # Fresh processes, not copies of this one, which has threads.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(notebooks)), mp_context=context) as pool:
        running = {
            path: pool.submit(single_nb_execution, notebook, str(path.parent), seconds, False)
            for path, notebook in notebooks.items()
        }
        for path, future in running.items():
            result = None if future.exception() else future.result()
            if result and result.err is None:
                record = cache.add_nb_to_project(str(path))
                data = {"execution_seconds": result.time}
                cache.cache_notebook_bundle(
                    CacheBundleIn(result.nb, record.uri, data=data),
                    check_validity=False,
                    overwrite=True,
                )


def setup(app):
    app.connect("config-inited", forget_stale_executions, priority=900)
    app.connect("env-before-read-docs", run_chapters)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
