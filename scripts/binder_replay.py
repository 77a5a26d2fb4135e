"""Do what Binder does with this repository, in an empty environment, and run every chapter there.

    python scripts/binder_replay.py                      # all of it
    python scripts/binder_replay.py --only 06-lstm       # one chapter
    python scripts/binder_replay.py --python python3.12

repo2docker, which builds Binder's images, is asked for its own recipe; its pip steps are then done
word for word. What Binder has besides, a Linux and a Jupyter server from conda-forge, is not replayed.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPO2DOCKER = "jupyter-repo2docker==2026.4.0"
PIP = "${KERNEL_PYTHON_PREFIX}/bin/pip "  # how a recipe names the pip of the environment with the kernel


def copy_repository(folder):
    """Copy what git would bring to Binder, with what is not committed yet."""
    listed = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split("\0"):
        source = ROOT / name
        if name and source.is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / name)


def recipe(repository, folder):
    """Give the Dockerfile that repo2docker would build for a repository."""
    tools = folder / "tools"
    subprocess.run([sys.executable, "-m", "venv", tools], check=True)
    subprocess.run([tools / "bin" / "pip", "install", "--quiet", REPO2DOCKER], check=True)
    # With --debug it prints the recipe; a repository that it does not accept is an error.
    command = [tools / "bin" / "jupyter-repo2docker", "--no-build", "--debug", repository]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"repo2docker does not accept the repository:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def steps(dockerfile):
    r"""Give the pip commands of a recipe, and the rest of what it runs after the repository is there.

    >>> steps("RUN apt-get\nCOPY src/ ${REPO_DIR}/\nRUN ${KERNEL_PYTHON_PREFIX}/bin/pip install .\nRUN make")
    (['${KERNEL_PYTHON_PREFIX}/bin/pip install .'], ['make'])
    """
    _, found, after = dockerfile.partition(" src/ ${REPO_DIR}/\n")
    if not found:
        raise SystemExit("repo2docker's recipe has another form now: mend steps() in scripts/binder_replay.py")
    commands = re.findall(r"(?m)^RUN ((?:.*\\\n)*.*)$", after)
    return [c for c in commands if c.startswith(PIP)], [c for c in commands if not c.startswith(PIP)]


def wanted_python(repository):
    """Binder's Python, as runtime.txt has it, or this one with a word about it."""
    version = (repository / "runtime.txt").read_text("utf-8").strip().removeprefix("python-")
    if found := shutil.which(f"python{version}"):
        if subprocess.run([found, "-c", ""], capture_output=True).returncode == 0:
            return found
    here = ".".join(map(str, sys.version_info[:2]))
    print(f"NOTE: Binder has Python {version}, which is not here. Python {here} is used instead.", flush=True)
    return sys.executable


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", help="the Python to use; by default the one that runtime.txt names")
    parser.add_argument("--only", nargs="*", metavar="CHAPTER", help="such as 06-lstm; by default all")
    parser.add_argument("--jobs", default=os.environ.get("JOBS", "2"), help="chapters at a time")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        repository, environment = folder / "repository", folder / "environment"
        copy_repository(repository)
        pip_steps, others = steps(recipe(repository, folder))
        print("repo2docker accepts the repository. Its steps for it:", *pip_steps, *others, sep="\n  ", flush=True)
        if others:
            raise SystemExit("Not all of these are pip's: teach scripts/binder_replay.py to do them.")

        python = arguments.python or wanted_python(repository)
        subprocess.run([python, "-m", "venv", environment], check=True)
        # Nothing of this checkout, or of the environment that runs this, is to be found by accident.
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
        clean |= {"KERNEL_PYTHON_PREFIX": str(environment), "PATH": f"{environment}/bin:{os.environ['PATH']}"}
        for step in pip_steps:
            print(f"-- {step}", flush=True)
            subprocess.run(["bash", "-ec", step], cwd=repository, env=clean, check=True, stdout=subprocess.DEVNULL)

        notebooks = sorted((repository / "book").glob("*.ipynb"))
        if arguments.only:
            notebooks = [path for path in notebooks if path.stem in arguments.only]
        if not notebooks:
            raise SystemExit("There is no such chapter.")
        command = ["-m", "pytest", "-n", arguments.jobs, "--dist", "loadfile", "-W", "default"]
        # On a busy machine too: this asks whether the chapters run there, not how fast.
        command += ["--nbval-lax", "--nbval-cell-timeout=600"]
        print(f"-- {len(notebooks)} notebooks", flush=True)
        done = subprocess.run([environment / "bin" / "python", *command, *notebooks], cwd=repository, env=clean)
        print("Every one ran." if done.returncode == 0 else "Not every one ran.")
        return done.returncode


if __name__ == "__main__":
    sys.exit(main())
