"""Figures that a cell wrote into its output become files, which a page loads when they are near.

A figure is drawn four times, for two themes and two widths, and a notebook can only carry all four.
A page refers to four files with their sizes instead: the browser fetches the one that is shown, and
keeps the room for it.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
import struct
from pathlib import Path
from urllib.parse import unquote_to_bytes

from rnnbook_html import add_rewriter

FOLDER = "_figures"
INLINE = re.compile(
    r"<(?P<tag>img|source)\b(?P<before>[^>]*?)\b(?P<name>src|srcset)="
    r'"data:image/(?P<kind>svg\+xml|png)(?P<coding>;base64)?,(?P<data>[^"]*)"(?P<after>[^>]*?)(?P<end>\s*/?>)'
)
LENGTHS = {"pt": 4 / 3, "px": 1.0, "": 1.0}  # in CSS pixels


def size(data: bytes, kind: str) -> tuple[int, int]:
    """Width and height of a picture in CSS pixels."""
    if kind == "png":
        return struct.unpack(">II", data[16:24])
    opening = re.search(rb"<svg\b[^>]*>", data)[0].decode()
    lengths = [re.search(rf'\s{side}="([\d.]+)(pt|px|)"', opening) for side in ("width", "height")]
    return tuple(math.ceil(float(length[1]) * LENGTHS[length[2]]) for length in lengths)


def write_figures(app, pagename, text):
    """Write each picture of a page into a file, and refer to it."""
    folder = Path(app.outdir) / FOLDER
    folder.mkdir(exist_ok=True)
    up = "../" * pagename.count("/")

    def refer(tag):
        data = unquote_to_bytes(tag["data"])
        if tag["coding"]:
            data = base64.b64decode(data)
        ending = "svg" if tag["kind"] == "svg+xml" else "png"
        # By content: two pages share a file, and a reader never sees an old picture.
        file = folder / f"{hashlib.sha256(data).hexdigest()[:16]}.{ending}"
        if not file.exists():
            file.write_bytes(data)
        width, height = size(data, tag["kind"])
        attributes = f'{tag["name"]}="{up}{FOLDER}/{file.name}" width="{width}" height="{height}"'
        if tag["tag"] == "img":
            attributes += ' loading="lazy" decoding="async"'
        return f"<{tag['tag']}{tag['before']}{attributes}{tag['after']}{tag['end']}"

    return INLINE.sub(refer, text)


def forget_old_figures(app, exception):
    """Remove the files to which no page refers any more."""
    if exception is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    pages = (page.read_text("utf-8") for page in out.rglob("*.html"))
    used = {name for page in pages for name in re.findall(rf"{FOLDER}/(\w+\.\w+)", page)}
    for file in (out / FOLDER).glob("*"):
        if file.name not in used:
            file.unlink()


def setup(app):
    add_rewriter(app, write_figures)
    app.connect("build-finished", forget_old_figures)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
