"""The whole site as one file, for a classroom without a network.

The zip lies beside the pages, so that it can be downloaded where the book is published. A page says
where with `<!-- offline zip -->` on a line of its own: the build puts a paragraph there, with the
size of the file, which nobody can know before. In the zip's own copy the place stays empty.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from pathlib import Path

NAME = "rnnbook-offline.zip"
FOLDER = "rnnbook"  # what appears when it is unpacked
PLACE = re.compile(rb"<!-- offline zip -->(?:<p>.*?</p>)?")
EMPTY = b"<!-- offline zip -->"
# What a reader without a network has no use for: JupyterLite fetches Python from a host, cards are
# for previews of links, and a few files for machines and for those who write the book.
LEFT_OUT = re.compile(
    r"(lite|reports|_static/cards)/|\."
    rf"|(404\.html|robots\.txt|sitemap\.xml|{re.escape(NAME)}|.*\.map)$"
)


def contents(site: Path) -> dict[str, bytes]:
    """The files of the zip, in an order that does not depend on the folder's."""
    names = (file.relative_to(site).as_posix() for file in site.rglob("*") if file.is_file())
    files = {name: (site / name).read_bytes() for name in sorted(names) if not LEFT_OUT.match(name)}
    return {
        name: PLACE.sub(EMPTY, content) if name.endswith(".html") else content
        for name, content in files.items()
    }


def write_zip(site: Path) -> int:
    """Write the zip if the site has changed, and say how large it is.

    Its comment is a digest of what is in it. The same site makes the same file, byte for byte.
    """
    files = contents(site)
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name} {len(content)} ".encode() + content)
    comment = digest.hexdigest().encode()
    file = site / NAME
    if not file.is_file() or _comment(file) != comment:
        unfinished = site.parent / f"{NAME}.part"  # not in the site: a zip may be cut short
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.comment = comment
            for name, content in files.items():
                # The earliest time that a zip can hold, and rights to read, wherever it was built.
                entry = zipfile.ZipInfo(f"{FOLDER}/{name}")
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.create_system, entry.external_attr = 3, 0o644 << 16
                archive.writestr(entry, content)
        unfinished.replace(file)
    return file.stat().st_size


def _comment(file: Path) -> bytes | None:
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.comment
    except zipfile.BadZipFile:
        return None


def offer_zip(app, exception):
    """Make the zip of a site that is complete, and link it where a page has a place for it."""
    if exception or app.builder.format != "html":
        return
    site = Path(app.outdir)
    size = write_zip(site)
    for page in site.glob("book/**/*.html"):
        content = page.read_bytes()
        up = "../" * (len(page.relative_to(site).parts) - 1)
        link = f'<a href="{up}{NAME}" download>The whole book as one file</a>'
        offer = f"<p>{link}: {size / 1e6:.1f} MB. Unpack it, and open index.html.</p>"
        linked = PLACE.sub(EMPTY + offer.encode(), content)
        if linked != content:
            page.write_bytes(linked)


def setup(app):
    # After everything else that writes into the site.
    app.connect("build-finished", offer_zip, priority=999)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
