"""Files of arrays with a header: `.npz` without pickle, written whole or not at all, read without running anything."""

from __future__ import annotations

import contextlib
import json
import math
import os
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import zipfile

# zipfile and tempfile load much of the standard library, so they are imported where a file is read or written.

Array = np.ndarray
VERSION = 1
HEADER = "header.json"


# What a new file may not permit.  It can be read only by setting it, for the whole process, so it is read once.
_UMASK = os.umask(0o077)
os.umask(_UMASK)


def _mode(path: Path) -> int:
    """The old file's permissions, or those of any new file; a temporary one begins readable by its owner alone."""
    return path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_UMASK


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[IO[bytes]]:
    """A new file to write to, which takes the place of `path` when all went well; otherwise nothing has changed.

    It is written beside, under a name that ends in ``.partial``, and moved into place.  A process that is killed in
    between leaves that one behind.
    """
    import tempfile

    path = Path(os.path.realpath(path))  # through a link, to the file that it names
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".partial")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # the rename must not reach the disk before the contents do
        os.chmod(beside, _mode(path))
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside)
        raise


def write(path: str | os.PathLike, kind: str, header: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Write `arrays` and a JSON `header`; the old file stays as it is until the new one is complete: see `replacing`.

    Parameters
    ----------
    path : path
        NumPy reads the arrays of it too: ``numpy.load(path)["out.W"]``.
    kind : str
        What the file holds; `read` asks for the same.
    header : mapping
        Anything JSON can say.
    arrays : mapping from names to arrays of numbers

    Raises
    ------
    OSError
        If it cannot be written.  Then no file is left behind, and the old one is whole.
    """
    import zipfile

    top = json.dumps({"format": "rnnbook", "version": VERSION, "kind": kind, **header})
    with replacing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(HEADER, top)
        for name, a in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.ascontiguousarray(a), allow_pickle=False)


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Array:
    with archive.open(info) as member:
        version = np.lib.format.read_magic(member)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"{info.filename} is of npy version {version}")
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(member, max_header_size=1024)  # ours are 128 bytes
        if dtype.hasobject or dtype.kind not in "fiub":
            raise ValueError(f"{info.filename} holds {dtype}, not numbers")
        # The header's word is checked against the bytes that are there before anything of its size is made.
        if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != info.file_size - member.tell():
            raise ValueError(f"{info.filename} says shape {shape}, which its {info.file_size} bytes do not hold")
        a = np.frombuffer(member.read(), dtype)
    return a.reshape(shape, order="F" if fortran else "C").copy()


def _parse(file: Any, size: int, kind: str) -> tuple[dict[str, Any], dict[str, Array]]:
    import zipfile

    with zipfile.ZipFile(file) as archive:
        infos = archive.infolist()
        names = [info.filename.removesuffix(".npy") for info in infos]
        if len(set(names)) != len(names):
            raise ValueError("two of its parts have one name")
        if any(info.compress_type != zipfile.ZIP_STORED for info in infos):
            raise ValueError("a part of it is compressed")
        if sum(info.file_size for info in infos) > size:  # parts that overlap would make more than there is
            raise ValueError("its parts are larger than the file")
        header = json.loads(archive.read(HEADER))
        if not isinstance(header, dict) or header.get("format") != "rnnbook":
            raise ValueError("its header does not name the format rnnbook")
        if header.get("version") != VERSION:
            raise ValueError(f"its format version is {header.get('version')!r}, expected {VERSION}")
        if header.get("kind") != kind:
            raise ValueError(f"it holds a {header.get('kind')!r}, expected a {kind!r}")
        parts = zip(names, infos, strict=True)
        return header, {name: _array(archive, info) for name, info in parts if name != HEADER}


def read(path: str | os.PathLike, kind: str) -> tuple[dict[str, Any], dict[str, Array]]:
    """The header and the arrays of a file that `write` made.

    Raises
    ------
    OSError
        If there is no such file, or it may not be read.
    ValueError
        If it is truncated, altered, of another kind or format version, compressed, or holds anything but arrays of
        numbers.  Nothing in it is run, and nothing larger than the file itself is made.
    """
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # NumPy's about headers of Python 2
                return _parse(file, size, kind)
        # A file may be wrong in any way, and the parsers below have an exception for each.
        except Exception as error:
            raise ValueError(f"{os.fspath(path)} cannot be read as a file of rnnbook's: {error}") from error
