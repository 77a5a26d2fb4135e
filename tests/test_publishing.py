"""The scripts that keep the published site sound: its links, and the newest of what it is built with."""

import os
import re
from pathlib import Path

import links
import newest_requirements
import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def site(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "lite").mkdir()
    (tmp_path / "index.html").write_text('<a href="book/a.html#there">a</a> <a href="book/">all</a> <a href="#">up</a>')
    (tmp_path / "book" / "index.html").write_text('<a href="https://example.org/x#y">x</a>')
    (tmp_path / "book" / "a.html").write_text('<p id="there">a</p> <img src="../h%C3%A9.png"> <a href="#there">up</a>')
    (tmp_path / "hé.png").write_bytes(b"")
    (tmp_path / "lite" / "index.html").write_text('<script src="made-at-run-time.js"></script>')
    return tmp_path


def test_links_that_lead_somewhere_are_not_reported(site):
    assert links.broken_within(links.read(site), site) == []


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("b.html", "book/a.html: there is no b.html"),
        ("../h.png", "book/a.html: there is no ../h.png"),
        ("#nowhere", "book/a.html: #nowhere has no such place"),
        ("../index.html#nowhere", "book/a.html: ../index.html#nowhere has no such place"),
    ],
)
def test_a_broken_link_is_reported(site, link, problem):
    (site / "book" / "a.html").write_text(f'<p id="there"><a href="{link}">x</a>')
    assert links.broken_within(links.read(site), site) == [problem]


def test_links_elsewhere_are_found_once_and_launch_buttons_are_left_alone(site):
    text = '<a href="https://example.org/x">1</a><a href="https://mybinder.org/v2/gh/a/b/main">2</a>'
    (site / "index.html").write_text(text + '<a href="https://github.com/a/b/issues/new?title=x">3</a>')
    assert list(links.addresses_elsewhere(links.read(site))) == ["https://example.org/x"]


@pytest.mark.browser
def test_no_link_of_the_book_is_broken():
    pages = links.read(links.SITE) if links.SITE.is_dir() else {}
    if not pages:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("the book is not built: make book")
    assert len(pages) > 30 and links.broken_within(pages, links.SITE) == []


def test_every_pin_is_loosened_up_to_its_ceiling():
    text = (ROOT / "requirements.txt").read_text("utf-8")
    loosened = newest_requirements.loosened(text)
    assert not re.search(r"(?m)^[^#]*==", loosened)
    pins = dict(re.findall(r"(?m)^([\w.-]+)==(\S+)", text))
    assert len(pins) > 30 and set(newest_requirements.CEILINGS) < set(pins)
    for name, version in pins.items():
        ceiling = newest_requirements.CEILINGS.get(name)
        wanted = f"{name}>={version}" + (f",{ceiling}" if ceiling else "")
        assert re.search(rf"(?m)^{re.escape(wanted)}(\s|$)", loosened), name
    assert loosened.splitlines()[-1] == "-e ."
