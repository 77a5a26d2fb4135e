"""The one download, against a server on this machine that does all that servers do. No other host is asked."""

import hashlib
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from rnnbook.data import DownloadError, tiny_shakespeare
from rnnbook.data import download as module

TEXT = b"To be, or not to be.\n" * 500
GOOD = {"size": len(TEXT), "sha256": hashlib.sha256(TEXT).hexdigest()}


class Answers(BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self):
        type(self).asked += 1
        getattr(self, self.path.strip("/"))()

    def send(self, body, length=None):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def good(self):
        self.send(TEXT)

    def truncated(self):  # says more than it sends
        self.send(TEXT[:5000], len(TEXT))

    def short(self):  # and says so
        self.send(TEXT[:-1])

    def corrupted(self):
        self.send(b"X" + TEXT[1:])

    def oversized(self):
        self.send(TEXT + b"!")

    def endless(self):
        self.send_response(200)
        self.end_headers()
        while not self.server.done.is_set():
            self.wfile.write(TEXT)

    def slow(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(TEXT)))
        self.end_headers()
        for k in range(len(TEXT)):
            self.wfile.write(TEXT[k : k + 1])
            self.wfile.flush()
            if self.server.done.wait(0.05):
                return

    def silent(self):
        self.server.done.wait(20)

    def broken(self):
        self.send_error(503)

    def nonsense(self):
        self.wfile.write(b"this is not HTTP\r\n\r\n")

    def log_message(self, *arguments):
        pass


@contextmanager
def server():
    Answers.asked = 0
    running = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    running.done, running.daemon_threads = threading.Event(), False  # so that closing waits for every answer to end
    # A client that goes away while it is answered is what is being tested.
    running.handle_error = lambda *arguments: None
    threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{running.server_address[1]}"
    finally:
        running.done.set()
        running.shutdown()
        running.server_close()


def fetch(url, path, timeout=10.0, **expected):
    module.fetch(url, path, **{**GOOD, **expected}, timeout=timeout)


def test_a_good_answer_is_kept_and_asked_for_once(tmp_path):
    path = tmp_path / "deep" / "folder" / "text.txt"
    with server() as address:
        fetch(f"{address}/good", path)
        assert path.read_bytes() == TEXT and [p.name for p in path.parent.iterdir()] == ["text.txt"]
        fetch(f"{address}/good", path)
        assert Answers.asked == 1
    fetch("http://127.0.0.1:9/nobody", path)  # it is there, so nobody is asked


FAULTS = {
    "truncated": "5,000 bytes instead of|IncompleteRead",
    "short": "10,499 bytes instead of 10,500",
    "corrupted": "SHA-256",
    "oversized": "larger than 10,500 bytes",
    "endless": "larger than 10,500 bytes",
    "slow": "longer than 0.5 seconds|timed out",
    "silent": "timed out",
    "broken": "503|Service Unavailable",
    "nonsense": "not HTTP|BadStatusLine|this is",
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("before", [None, b"something old"])
def test_whatever_goes_wrong_is_one_clear_line_and_leaves_nothing(tmp_path, fault, before):
    path = tmp_path / "text.txt"
    if before is not None:
        path.write_bytes(before)
    with server() as address:
        started = time.monotonic()
        with pytest.raises(DownloadError, match=FAULTS[fault]) as error:
            fetch(f"{address}/{fault}", path, timeout=0.5 if fault in ("slow", "silent") else 10)
        assert time.monotonic() - started < 8
    message = str(error.value)
    assert message.startswith(f"text.txt could not be downloaded from {address}/{fault}: ") and "\n" not in message
    assert message.endswith(". Nothing was kept.")
    assert [p.name for p in tmp_path.iterdir()] == ([] if before is None else ["text.txt"])
    assert before is None or path.read_bytes() == before


def test_a_spoiled_copy_is_fetched_again(tmp_path):
    path = tmp_path / "text.txt"
    for old in (b"", TEXT[:-1], b"X" + TEXT[1:]):
        path.write_bytes(old)
        with server() as address:
            fetch(f"{address}/good", path)
        assert path.read_bytes() == TEXT


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "text.txt"
    path.write_bytes(b"something old")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with server() as address, pytest.raises(DownloadError, match="No space left"):
        fetch(f"{address}/good", path)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"something old"]


def test_a_folder_that_cannot_be_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with server() as address, pytest.raises(DownloadError, match="could not be downloaded"):
        fetch(f"{address}/good", tmp_path / "file" / "text.txt")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_offline_is_one_clear_line(tmp_path, monkeypatch):
    monkeypatch.setenv("RNNBOOK_CACHE", str(tmp_path / "cache"))

    def no_network(*arguments, **options):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    monkeypatch.setattr("urllib.request.getproxies", dict)
    monkeypatch.setattr("urllib.request._opener", None)
    with pytest.raises(DownloadError, match="tiny-shakespeare.txt could not be downloaded.*name resolution"):
        tiny_shakespeare(timeout=5)
    assert not (tmp_path / "cache").exists()


def test_a_copy_that_is_there_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("RNNBOOK_CACHE", str(tmp_path))
    monkeypatch.setattr(module, "_holds", lambda path, size, sha256: path.read_bytes() == TEXT)
    (tmp_path / "tiny-shakespeare.txt").write_bytes(TEXT)
    assert tiny_shakespeare() == TEXT.decode()


def test_where_it_is_kept(tmp_path, monkeypatch):
    monkeypatch.delenv("RNNBOOK_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert module.cache() == tmp_path / "rnnbook"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert module.cache() == Path.home() / ".cache" / "rnnbook"
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    monkeypatch.setattr("sys.platform", "win32")
    assert module.cache() == tmp_path / "local" / "rnnbook"
    monkeypatch.setenv("RNNBOOK_CACHE", "~/elsewhere")
    assert module.cache() == Path.home() / "elsewhere"
