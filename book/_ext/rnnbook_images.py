"""Figures that a cell wrote into its output become files, which a page loads when they are near.

A figure is drawn four times, for two themes and two widths, and a notebook can only carry all four.
A page refers to four files with their sizes instead: the browser fetches the one that is shown, and
keeps the room for it.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import math
import re
import struct
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes

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
    if all(lengths):
        return tuple(math.ceil(float(length[1]) * LENGTHS[length[2]]) for length in lengths)
    box = re.search(r'\sviewBox="([^"]+)"', opening)[1].split()
    return math.ceil(float(box[2])), math.ceil(float(box[3]))


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


def measured(page, tag):
    """An `img` of a picture in a file, with the size of the picture."""
    source = re.search(r'\ssrc="([^":?#]+)', tag[0])
    if re.search(r"\s(?:width|height)=", tag[0]) or source is None:
        return tag[0]
    file = (page.parent / unquote(source[1])).resolve()
    if file.suffix not in {".svg", ".png"}:
        return tag[0]
    width, height = size(file.read_bytes(), file.suffix[1:])
    return f'<img width="{width}" height="{height}"{tag[0][4:]}'


def finish_pictures(app, exception):
    """Give the other pictures their size too, and remove files that no page shows."""
    if exception is not None or app.builder.format != "html":
        return
    site, used = Path(app.outdir), set()
    for page in site.rglob("*.html"):
        if page.relative_to(site).parts[0] == "lite":
            continue
        text = page.read_text("utf-8")
        sized = re.sub(r"<img\b[^>]*>", functools.partial(measured, page), text)
        if sized != text:
            page.write_text(sized, "utf-8")
        used.update(re.findall(rf"{FOLDER}/(\w+\.\w+)", text))
    for file in (site / FOLDER).glob("*"):
        if file.name not in used:
            file.unlink()


def setup(app):
    add_rewriter(app, write_figures)
    app.connect("build-finished", finish_pictures)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
