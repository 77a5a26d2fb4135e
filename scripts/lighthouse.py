"""Run Lighthouse, with a phone's settings, on the index and three chapters of the built book.

    python scripts/lighthouse.py                        the median of five runs of four pages
    python scripts/lighthouse.py --runs 1 06-lstm       one run of one page

It serves the book on this machine as GitHub Pages would: at the root of a host, text compressed,
every file to be kept for ten minutes. Canonical addresses are made those of this host, because
Lighthouse compares them. It needs Chromium, and Node for `npx`, which fetches Lighthouse when it is
not there yet; so it is no part of the tests. Measure on a quiet machine: Lighthouse imitates a slow
phone, but it starts from how long scripts take here. This server speaks HTTP/1.1, GitHub HTTP/2.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import page_weight
import screenshots

PAGES = ("index", "04-backpropagation-through-time", "06-lstm", "08-gru")
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
METRICS = {
    "first-contentful-paint": "FCP",
    "largest-contentful-paint": "LCP",
    "total-blocking-time": "TBT",
    "speed-index": "SI",
    "cumulative-layout-shift": "CLS",
}
KINDS = ("document", "stylesheet", "script", "image", "font", "other")


class AsOnPages(SimpleHTTPRequestHandler):
    """Serves files as GitHub Pages does."""

    protocol_version = "HTTP/1.1"

    def send_head(self):
        """Answer with a compressed file, where GitHub compresses it."""
        file = Path(self.translate_path(self.path))
        if file.is_dir() and self.path.endswith("/"):
            file /= "index.html"
        if not file.is_file():
            return super().send_head()
        content = file.read_bytes()
        if file.suffix == ".html":
            content = self.at_home(content)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(file))
        self.send_header("Cache-Control", "max-age=600")
        if file.suffix in page_weight.COMPRESSED:
            self.send_header("Content-Encoding", "gzip")
            content = gzip.compress(content, 6)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return BytesIO(content)

    def at_home(self, content: bytes) -> bytes:
        """Make the page's canonical address one of this host."""

        def local(match):
            path = urlsplit(self.path).path
            return f'<link rel="canonical" href="http://{self.headers["Host"]}{path}"'.encode()

        return re.sub(rb'<link rel="canonical" href="[^"]*"', local, content)

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve a folder on a free port, and give its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(AsOnPages, directory=str(site)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()


def measure(address: str) -> dict:
    """Run Lighthouse once, and give its report."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        # No sandbox: in a container, as root, Chromium has none.
        flags = "--headless=new --no-sandbox --disable-gpu --disable-background-networking"
        command = ["npx", "--yes", "lighthouse@12", address, "--quiet", "--output=json"]
        command += [f"--output-path={report}", f"--chrome-flags={flags}"]
        subprocess.run(command, check=True, env={**os.environ, "CHROME_PATH": screenshots.chromium() or ""})
        return json.loads(report.read_text("utf-8"))


def transferred(report: dict) -> dict[str, int]:
    """Count the bytes that came over the wire, in all and by kind."""
    items = report["audits"]["resource-summary"]["details"]["items"]
    return {item["resourceType"]: item["transferSize"] for item in items}


def failed(report: dict) -> list[str]:
    """Name the audits that cost a score, and what they complain about first."""
    lines = []
    for category in CATEGORIES:
        for ref in report["categories"][category]["auditRefs"]:
            audit = report["audits"][ref["id"]]
            score = audit["score"]
            if ref["weight"] and score is not None and score < 0.9:
                items = audit.get("details", {}).get("items", [])
                first = [item.get("description") or item.get("node", {}).get("snippet", "") for item in items[:2]]
                note = audit.get("displayValue") or audit.get("explanation") or "; ".join(first)
                lines.append(f"{category}: {audit['title']}" + (f" ({note[:160]})" if note else ""))
    return lines


def row(name: str, cells) -> str:
    return f"{name:34}" + "".join(f"{cell:>11}" for cell in cells)


def main() -> int:
    """Measure the pages, and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", default=PAGES, help="names of pages under book/")
    parser.add_argument("--runs", type=int, default=5, help="how often each page is measured")
    parser.add_argument("--site", type=Path, default=screenshots.SITE, help="the folder of the built book")
    options = parser.parse_args()
    for program, found in {"Chromium": screenshots.chromium(), "npx, of Node,": shutil.which("npx")}.items():
        if not found:
            print(f"{program} is missing.", file=sys.stderr)
            return 1
    reports = {}
    with served(options.site) as host:
        for page in options.pages:
            reports[page] = [measure(f"{host}/book/{page}.html") for _ in range(options.runs)]
    one = next(iter(reports.values()))[0]
    print(f"Lighthouse {one['lighthouseVersion']}, mobile, median of {options.runs}\n")

    print(row("scores of 100", ("perf.", "access.", "practices", "SEO")))
    for page, runs in reports.items():
        scores = [[run["categories"][c]["score"] * 100 for run in runs] for c in CATEGORIES]
        print(row(page, (f"{statistics.median(s):.0f}" for s in scores)))
    print("\n" + row("ms; layout shift has no unit", METRICS.values()))
    for page, runs in reports.items():
        values = {
            metric: statistics.median(run["audits"][metric]["numericValue"] for run in runs) for metric in METRICS
        }
        shift = values.pop("cumulative-layout-shift")
        print(row(page, (*(f"{value:.0f}" for value in values.values()), f"{shift:.3f}")))
    print("\n" + row("kB transferred", ("total", *KINDS)))
    for page, runs in reports.items():
        sizes = [transferred(run) for run in runs]
        print(row(page, (f"{statistics.median(s.get(k, 0) for s in sizes) / 1000:.1f}" for k in ("total", *KINDS))))
    print("\nWhat cost a score, in any run:")
    for page, runs in reports.items():
        for line in dict.fromkeys(line for run in runs for line in failed(run)):
            print(f"  {page}: {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
