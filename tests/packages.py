"""What a user installs: the wheel and the sdist, built from a copy of this checkout or given in RNNBOOK_DIST."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Nothing of this checkout is to be found by accident.
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}


def build(folder, *kinds):
    """Build into a folder; by default the sdist, and the wheel from it, as ``python -m build`` does."""
    if made := os.environ.get("RNNBOOK_DIST"):
        return sorted(Path(made).resolve().iterdir())
    ignored = shutil.ignore_patterns(
        ".*", "_build", "build", "dist", "*.egg-info", "__pycache__", "node_modules", "venv", "env"
    )
    source = folder / "source"
    shutil.copytree(ROOT, source, ignore=ignored)
    command = [sys.executable, "-m", "build", "--no-isolation", *kinds, "--outdir", folder / "dist", source]
    done = subprocess.run(command, cwd=folder, env=CLEAN, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return sorted((folder / "dist").iterdir())
