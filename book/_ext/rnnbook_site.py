"""Where the site is, and what stands beside its pages.

A map for search engines, a word to robots, a page for addresses that lead nowhere, and at the root
a page that leads to the first one. sphinx-sitemap would write the map, with the search and the
index in it; the book's own pages are two lines.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from rnnbook_metadata import describing_tags
from rnnbook_order import pages
from sphinx.errors import ConfigError

TEMPLATES = Path(__file__).resolve().parent / "templates"


def base_address(repository: str, published: str = "") -> str:
    """Say where the site is: at `published`, or where GitHub publishes the repository's pages."""
    if published:
        return published.rstrip("/") + "/"
    parts = urlsplit(repository)
    if parts.netloc != "github.com":
        raise ConfigError(f"say in _config.yml where the book of {repository} is: html.baseurl")
    owner, name = parts.path.strip("/").removesuffix(".git").split("/")
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"


def set_base_address(app, config):
    # In GitHub's own build this is the repository that builds: a fork's pages name the fork.
    config.html_baseurl = base_address(
        config.html_theme_options["repository_url"], config.html_baseurl
    )
    config.templates_path.append(str(TEMPLATES))


def lost_page(app):
    """The page that GitHub shows for an address that leads nowhere."""
    if app.builder.format != "html":
        return
    chapters, others = [], []
    for page in pages(app.env)[1:]:
        numbered = app.env.toc_secnumbers.get(page, {}).get("")
        (chapters if numbered else others).append((page, app.env.titles[page].astext()))
    context = {
        "base": app.config.html_baseurl,
        "base_path": urlsplit(app.config.html_baseurl).path,
        "book": app.config.html_title,
        "root": app.config.root_doc,
        "chapters": chapters,
        # One entry leads to the package's pages.
        "others": [entry for entry in others if "/api-" not in entry[0]],
    }
    yield "404", context, "lost.html"


def write_site_files(app, exception):
    """Write the map for search engines and robots, and the way to the first page."""
    if exception or app.builder.format != "html":
        return
    site, base = Path(app.outdir), app.config.html_baseurl
    # No dates: files of a build are all of today, and a shallow clone does not know older ones.
    places = "".join(f"<url><loc>{base}{page}.html</loc></url>\n" for page in pages(app.env))
    site_map = '<?xml version="1.0" encoding="utf-8"?>\n'
    site_map += f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{places}</urlset>\n'
    (site / "sitemap.xml").write_text(site_map, "utf-8")
    # Robots ask the root of a host. It is read where the book has a host of its own.
    (site / "robots.txt").write_text(
        f"User-agent: *\nAllow: /\n\nSitemap: {base}sitemap.xml\n", "utf-8"
    )
    (site / "index.html").write_text(front_door(app), "utf-8")


def front_door(app) -> str:
    """A page at the root that leads to the first one, and says the same of itself."""
    first = f"{app.config.root_doc}.html"
    doctree = app.env.get_doctree(app.config.root_doc)
    tags = "\n".join(describing_tags(app, app.config.root_doc, doctree))
    title = escape(app.config.html_title)
    # No icon: the browser leaves before it has come, and that would count as a failed request.
    return f"""<!DOCTYPE html>
<html lang="{app.config.language}">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta http-equiv="refresh" content="0; url={first}"/>
<title>{title}</title>
<link rel="canonical" href="{app.config.html_baseurl}{first}"/>
<link rel="icon" href="data:,"/>
{tags}
</head>
<body><main><h1>{title}</h1><p><a href="{first}">Open the book</a></p></main></body>
</html>
"""


def setup(app):
    app.connect("config-inited", set_base_address, priority=900)
    app.connect("html-collect-pages", lost_page)
    # Before the extension that reads _toc.yml, which writes a bare page at the root.
    app.connect("build-finished", write_site_files, priority=400)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
