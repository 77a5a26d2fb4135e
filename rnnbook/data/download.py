"""The one text that is not made by code and does not come with Python: fetched once, checked, and kept."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from rnnbook import files

_SHAKESPEARE = (
    "https://raw.githubusercontent.com/karpathy/char-rnn/6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e"
    "/data/tinyshakespeare/input.txt"
)


class DownloadError(OSError):
    """A file could not be fetched, or was not what it should be. Nothing of it was kept.

    Examples
    --------
    >>> issubclass(DownloadError, OSError)
    True
    """


def tiny_shakespeare(*, timeout: float = 30) -> str:
    """Parts of Shakespeare's plays, 1,115,394 characters: the text of :cite:t:`Karpathy2015`. In the public domain.

    It is downloaded once and kept in ``~/.cache/rnnbook`` (on Windows in the local application data), or in the folder
    that the environment variable ``RNNBOOK_CACHE`` names. Size and SHA-256 are checked, each time.

    Parameters
    ----------
    timeout : float
        Seconds that the whole download may take.

    Returns
    -------
    str

    Raises
    ------
    DownloadError
        If it cannot be fetched or is not the text that it should be; one line says why.

    Examples
    --------
    The first call asks the network, so these lines are not run here:

    >>> text = tiny_shakespeare()  # doctest: +SKIP
    >>> text[:14]  # doctest: +SKIP
    'First Citizen:'
    """
    path = cache() / "tiny-shakespeare.txt"
    fetch(
        _SHAKESPEARE,
        path,
        size=1_115_394,
        sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
        timeout=timeout,
    )
    return path.read_text("utf-8")


def cache() -> Path:
    """The folder for what was downloaded; it need not exist."""
    if named := os.environ.get("RNNBOOK_CACHE", "").strip():
        return Path(named).expanduser()
    if sys.platform == "win32":
        root = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    else:
        root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "rnnbook"


def fetch(url: str, path: Path, *, size: int, sha256: str, timeout: float) -> None:
    """See to it that `path` holds the file of that size and SHA-256, downloading it if it does not.

    Whatever goes wrong, no part of a file is left behind, and a file that was there before is as it was.
    """
    if _holds(path, size, sha256):
        return
    # Imported where they are needed: they take half as long to load as NumPy, and few readers download anything.
    import hashlib
    import http.client
    import urllib.error

    try:
        data = _download(url, size, timeout)
        if len(data) != size:
            raise DownloadError(f"it has {len(data):,} bytes instead of {size:,}")
        if hashlib.sha256(data).hexdigest() != sha256:
            raise DownloadError("its SHA-256 is not the one that was expected")
        path.parent.mkdir(parents=True, exist_ok=True)
        with files.replacing(path) as file:
            file.write(data)
    except (OSError, http.client.HTTPException) as error:  # no network, refused, cut off, too slow, a full disk
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it holds the answer, and with it the connection
        reason = " ".join(str(getattr(error, "reason", None) or error).split())  # one line, whatever the server said
        raise DownloadError(f"{path.name} could not be downloaded from {url}: {reason}. Nothing was kept.") from None


def _holds(path: Path, size: int, sha256: str) -> bool:
    import hashlib

    try:
        return path.stat().st_size == size and hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    except OSError:
        return False


def _download(url: str, size: int, timeout: float) -> bytes:
    """At most size + 1 bytes: one more than expected says that it is too large without reading it all."""
    import urllib.request

    end, data = time.monotonic() + timeout, bytearray()
    with urllib.request.urlopen(url, timeout=timeout) as response:
        # read1 gives what has arrived, so a server that sends a byte a second is noticed too.
        while part := response.read1(min(65_536, size + 1 - len(data))):
            data += part
            if time.monotonic() > end:
                raise DownloadError(f"it took longer than {timeout:g} seconds")
    if len(data) > size:
        raise DownloadError(f"it is larger than {size:,} bytes")
    return bytes(data)
