"""Figures of the book: one style, one palette, and the plots that chapters draw again and again.

Every figure is drawn on light and on dark paper, for a page and for a phone, and the one that suits is seen.
So a chapter hands :func:`show` a *function that draws* instead of a drawing::

    def draw():
        ax = plots.history(record, baseline={"chance": np.log(10)})
        ax.set_title("Half the loss is gone after 50 updates")
        return ax

    plots.show(draw, alt="Training loss falls from 2.3 to 0.1 in 300 updates; validation loss stops at 0.2.")

Inside `draw`, :func:`color` and :func:`line` answer in the theme being drawn, so no code passes a theme on.
The plots take arrays and an Axes (or make one) and return the Axes: they compose with any other drawing.

matplotlib and IPython are loaded when something is drawn, not when this module is imported.
"""

from __future__ import annotations

import base64
import html
import io
import re
import textwrap
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

__all__ = [
    "DARK_HOSTS", "LINES", "PALETTE", "SAME_ROLE", "color", "colormap", "contrast", "figure_css", "gates",
    "gradient_norms", "histories", "history", "label_lines", "line", "matrix", "number", "rc", "show", "theme",
    "zero_line",
]  # fmt: skip

# --- palette --------------------------------------------------------------------------------------------------

#: One colour for one quantity, on light and on dark paper.  All are >= 4.5:1 as text on `paper` and on `wash`,
#: except `faint` (3:1, outlines) and `line` (hairlines, decoration).  They were optimised as a set, also for
#: readers with protan, deutan and tritan sight: changing one value breaks the distances between all.
PALETTE: dict[str, dict[str, str]] = {
    "light": {
        "f": "#742500", "i": "#015d3d", "g": "#846a00", "o": "#51226a", "c": "#0a4ad0", "h": "#007a93",
        "grad": "#d12261", "ink": "#1f2429", "mute": "#5d6670", "faint": "#848d96", "line": "#cfd5db",
        "wash": "#f3f5f7", "paper": "#ffffff",
    },
    "dark": {
        "f": "#d88d3e", "i": "#6dfdb5", "g": "#f4e734", "o": "#a971fd", "c": "#92c8ff", "h": "#04aba6",
        "grad": "#f74e90", "ink": "#e6e9ec", "mute": "#a2abb4", "faint": "#77818b", "line": "#3a424b",
        "wash": "#1e2227", "paper": "#121212",
    },
}  # fmt: skip

#: Where the GRU's letters find their colour and line: with the LSTM's quantity that plays the same role.
#: A colour names a role, so that a reader who learned the LSTM's four colours can read a GRU at sight, and the
#: palette stays the set it was optimised as.
#:
#: - `z` keeps the past (z * h_prev), as `f` does (f * c_prev).
#: - `n` is the candidate, as `g` is.  Its share in the new state, 1 - z, writes: `i`'s colour is free for it.
#: - `r` decides how much of the memory is *read* by what comes next (r * h_prev), as `o` does (o * tanh c).
#:   It does not write, so it is not `i`.
SAME_ROLE: dict[str, str] = {"z": "f", "r": "o", "n": "g"}

#: The second cue beside colour: states are thick, gates thin with a pattern and a marker of their own,
#: gradients dash-dotted with a marker that points back in time.  A face of "paper" is an open marker.
LINES: dict[str, dict[str, Any]] = {
    "f": {"linestyle": "-", "marker": "o", "linewidth": 1.5, "markerfacecolor": "paper"},
    "i": {"linestyle": (0, (5, 2)), "marker": "^", "linewidth": 1.5, "markerfacecolor": "paper"},
    "g": {"linestyle": (0, (1, 1.5)), "marker": "D", "linewidth": 1.5},
    "o": {"linestyle": (0, (7, 2, 1.5, 2)), "marker": "s", "linewidth": 1.5, "markerfacecolor": "paper"},
    "c": {"linestyle": "-", "marker": "", "linewidth": 3.0},
    "h": {"linestyle": "-", "marker": ".", "linewidth": 2.0},
    "grad": {"linestyle": (0, (3, 1.5, 1, 1.5)), "marker": "<", "linewidth": 2.0},
}

_RC: dict[str, Any] = {  # 7.0 in wide at 100 dpi is the book's column of 700 px
    "figure.figsize": (7.0, 2.8), "figure.dpi": 100, "figure.constrained_layout.use": True, "savefig.dpi": 200,
    "font.family": "DejaVu Sans", "font.size": 10, "mathtext.fontset": "stix",
    "axes.titlesize": 11, "axes.titleweight": "bold", "axes.titlelocation": "left", "axes.titlepad": 10,
    "axes.labelsize": 10, "xtick.labelsize": 9, "ytick.labelsize": 9, "axes.xmargin": 0.02,
    "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 0.8, "axes.grid": False,
    "xtick.major.size": 0, "ytick.major.size": 0, "xtick.minor.size": 0, "ytick.minor.size": 0,
    "legend.frameon": False, "lines.solid_capstyle": "butt", "lines.markersize": 5,
    # Letters as paths look the same everywhere; a fixed salt gives the same ids in every build.
    "svg.fonttype": "path", "svg.hashsalt": "rnnbook",
}  # fmt: skip

#: What a page looks like where its host is dark: Jupyter Book, JupyterLab and Notebook, Colab, VS Code.
DARK_HOSTS: tuple[str, ...] = (
    'html[data-theme="dark"]',
    'body[data-jp-theme-light="false"]',
    'html[theme="dark"]',
    "body.vscode-dark",
    "body.vscode-high-contrast:not(.vscode-high-contrast-light)",
)

#: Width of the column in inches at 100 px an inch: of a page, and of a phone of 390 px.
_WIDE, _PHONE = 7.0, 3.9

_theme: ContextVar[str] = ContextVar("rnnbook_theme", default="light")


def color(name: str) -> str:
    """The colour of one quantity in the theme being drawn.

    Parameters
    ----------
    name : str
        ``f i g o c h`` (LSTM), ``r z n`` (GRU, see `SAME_ROLE`), ``grad``, or a neutral: ``ink`` (text),
        ``mute`` (second text), ``faint`` (outlines), ``line`` (hairlines), ``wash`` (a lit patch), ``paper``.

    Returns
    -------
    str
        A hex colour such as ``"#742500"``.

    Examples
    --------
    >>> color("f"), color("z")
    ('#742500', '#742500')
    """
    palette = PALETTE[_theme.get()]
    key = SAME_ROLE.get(name, name) if isinstance(name, str) else name
    if not isinstance(key, str) or key not in palette:
        raise ValueError(f"name: expected one of {', '.join([*palette, *SAME_ROLE])}; got {name!r}")
    return palette[key]


def line(name: str) -> dict[str, Any]:
    """Keyword arguments for ``ax.plot``: colour, pattern, marker and thickness of one quantity.

    Parameters
    ----------
    name : str
        As in `color`, without the neutrals.

    Examples
    --------
    ``ax.plot(t, c, **line("c"))``

    >>> line("c")["linewidth"]
    3.0
    """
    key = SAME_ROLE.get(name, name) if isinstance(name, str) else name
    if not isinstance(key, str) or key not in LINES:
        raise ValueError(f"name: expected one of {', '.join([*LINES, *SAME_ROLE])}; got {name!r}")
    style = dict(LINES[key], color=color(key))
    if style.get("markerfacecolor") == "paper":
        style["markerfacecolor"] = color("paper")
    return style


def rc(name: str = "light", *, phone: bool = False) -> dict[str, Any]:
    """The figure style as matplotlib's rc settings: ``with matplotlib.rc_context(rc("dark")): …``.

    Parameters
    ----------
    name : {"light", "dark"}
    phone : bool
        Figures are 3.9 in wide by default, not 7: the same letters on a phone's column.

    Returns
    -------
    dict

    Examples
    --------
    >>> rc("dark")["figure.facecolor"]
    '#121212'
    """
    if name not in PALETTE:
        raise ValueError(f"name: expected 'light' or 'dark'; got {name!r}")
    p = PALETTE[name]
    narrow = {"figure.figsize": (_PHONE, 2.8), "axes.titlesize": 10} if phone else {}
    return _RC | narrow | {
        "figure.facecolor": p["paper"], "axes.facecolor": p["paper"], "savefig.facecolor": p["paper"],
        "text.color": p["ink"], "axes.titlecolor": p["ink"], "axes.labelcolor": p["mute"],
        "axes.edgecolor": p["line"], "xtick.labelcolor": p["mute"], "ytick.labelcolor": p["mute"],
    }  # fmt: skip


@contextmanager
def theme(name: str = "light", *, phone: bool = False) -> Iterator[None]:
    """Draw in one theme: sets matplotlib's style and what :func:`color` and :func:`line` answer.

    :func:`show` does this for you; use it to write a figure to a file.

    Parameters
    ----------
    name : {"light", "dark"}
    phone : bool
        As in `rc`.

    Examples
    --------
    ``with theme("dark"): gates(run.trace).figure.savefig("gates.png")``

    >>> with theme("dark"):
    ...     color("f")
    '#d88d3e'
    """
    settings = rc(name, phone=phone)
    matplotlib = _pyplot().matplotlib
    token = _theme.set(name)
    try:
        with matplotlib.rc_context(settings):
            yield
    finally:
        _theme.reset(token)


def colormap(signed: bool = False) -> Colormap:
    """Colours of a matrix in the current theme: paper to ink, or cobalt - paper - crimson if `signed`.

    Parameters
    ----------
    signed : bool

    Returns
    -------
    matplotlib.colors.Colormap

    Examples
    --------
    >>> [round(float(part), 2) for part in colormap()(0.0)]
    [1.0, 1.0, 1.0, 1.0]
    """
    _pyplot()
    from matplotlib.colors import LinearSegmentedColormap

    names = ("c", "paper", "grad") if signed else ("paper", "ink")
    return LinearSegmentedColormap.from_list(f"rnnbook-{'-'.join(names)}", [color(n) for n in names])


# --- one figure, two themes -----------------------------------------------------------------------------------

# An SVG is crisp at every size; one with very many marks would be slow to load, and becomes a picture at 200 dpi.
_LARGEST_SVG = 150_000


class _Picture:
    """One figure in both themes, as Jupyter shows it."""

    def __init__(self, images: Mapping[str, list], png: bytes, alt: str, caption: str | None):
        #: For each theme the wide picture and the phone's, as (data URI, width, height).
        self.images, self.png, self.alt, self.caption = images, png, alt, caption

    def __repr__(self) -> str:
        return self.alt

    def _repr_html_(self) -> str:
        alt, images = html.escape(self.alt, quote=True), ""
        for name, ((wide, width, height), (phone, narrow, tall)) in self.images.items():
            phone = phone.replace(" ", "%20")  # in a srcset, a space would end the address
            # Jupyter Book's theme dims a picture and puts it on white in the dark unless it is `dark-light`.
            images += (
                f'<picture class="rb-{name}">'
                f'<source media="(max-width:480px)" srcset="{phone}" width="{narrow}" height="{tall}">'
                f'<img class="dark-light" src="{wide}" alt="{alt}" width="{width}" height="{height}"></picture>'
            )
        caption = f"<figcaption>{html.escape(self.caption)}</figcaption>" if self.caption else ""
        return f'<figure class="rb-figure"><style>{figure_css()}</style>{images}{caption}</figure>'

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict, dict]:
        data = {
            "text/html": self._repr_html_(),
            "image/png": base64.b64encode(self.png).decode(),
            "text/plain": self.alt,
        }
        _, width, height = self.images["light"][0]
        return data, {"image/png": {"width": width, "height": height}}


def figure_css() -> str:
    """Style of every figure, drawn or diagram: its place in the column, and which theme's picture is seen.

    Returns
    -------
    str

    Examples
    --------
    >>> figure_css().startswith(".rb-figure{")
    True
    """

    def dark(selector: str) -> str:
        return ",".join(f"{host} {selector}" for host in DARK_HOSTS)

    # Jupyter Book's theme puts HTML outputs on a light patch in the dark: not under a figure that has a dark form.
    patch = "html[data-theme=dark] .bd-content div.cell_output .text_html:has(.rb-figure)"
    return (
        ".rb-figure{margin:.5em 0;padding:0;max-width:700px}"
        ".rb-figure img{max-width:100%;height:auto;margin:0;display:block}"
        f".rb-figure figcaption{{margin:.4em 0 0;font-size:.9em;text-align:left;color:{PALETTE['light']['mute']}}}"
        f"{dark('.rb-figure figcaption')}{{color:{PALETTE['dark']['mute']}}}"
        ".rb-figure .rb-light{display:block}.rb-figure .rb-dark{display:none}"
        "@media not print{"
        f"{dark('.rb-figure .rb-light')}{{display:none}}{dark('.rb-figure .rb-dark')}{{display:block}}"
        "}"
        f"{patch}{{background:transparent!important;padding:0!important}}"
        # Colab's dark grey is too light for our colours: there the figure brings its own paper.
        f'html[theme="dark"] .rb-figure .rb-dark{{background:{PALETTE["dark"]["paper"]}}}'
    )


def show(draw: Callable[[], Any], *, alt: str, caption: str | None = None) -> None:
    """Draw a figure on light and on dark paper, for a page and for a phone, and show the one that suits.

    `draw` is called four times, in each theme at each width.  So let it draw and nothing else: compute before, and
    take no random numbers in it, or the pictures would differ.  For a phone, a figure is made 3.9 inches wide
    and long titles are wrapped, so that letters keep their size.

    Parameters
    ----------
    draw : callable without arguments
        Makes a new figure, draws, and returns the Figure or one of its Axes.
    alt : str
        What the figure shows, in a sentence or two, for those who do not see it.  Say what it *says*
        ("the loss falls from 2.3 to 0.1"), not what it is ("a line chart").
    caption : str, optional
        Plain text under the figure.

    Raises
    ------
    ValueError
        If `alt` is empty, or `draw` returns a figure that was made outside of it.
    TypeError
        If `draw` cannot be called or returns neither a Figure nor an Axes.

    Examples
    --------
    ::

        def draw():
            fig, ax = plt.subplots()
            ax.plot(t, trace.c[:, 0, 0], **plots.line("c"))
            return fig

        plots.show(draw, alt="The memory rises to 0.9 at step 3 and stays there.")

    In a notebook that shows two pictures, of which the page's theme chooses one.  Elsewhere it says what they show:

    >>> from matplotlib.figure import Figure
    >>> def draw():
    ...     fig = Figure()
    ...     fig.subplots().plot([0.1, 0.9], **line("c"))
    ...     return fig
    >>> show(draw, alt="The memory rises to 0.9.")
    The memory rises to 0.9.
    """
    picture = _picture(draw, alt, caption)
    try:
        from IPython.display import display
    except ImportError as error:  # pragma: no cover - matplotlib without IPython is rare
        raise _missing("IPython") from error
    display(picture)


def _picture(draw: Callable[[], Any], alt: str, caption: str | None) -> _Picture:
    if not callable(draw):
        raise TypeError(
            f"draw: expected a function that draws, without calling it (draw, not draw()); got {type(draw).__name__}"
        )
    _check_text("alt", alt)
    if caption is not None:
        _check_text("caption", caption)
    plt = _pyplot()
    images: dict[str, list] = {name: [] for name in PALETTE}
    png = b""
    for name in PALETTE:
        for phone in (False, True):
            before = set(plt.get_fignums())
            try:
                with theme(name, phone=phone):
                    figure = _figure_of(draw(), before)
                    if phone:
                        _fit_phone(figure)
                    elif name == "light":
                        png = _png(figure)
                    images[name].append((_data_uri(figure, transparent=name == "dark"), *_pixels(figure)))
            finally:  # also what `draw` left behind when it raised
                for leftover in set(plt.get_fignums()) - before:
                    plt.close(leftover)
    return _Picture(images, png, alt, caption)


def _fit_phone(figure: Figure) -> None:
    """Make a figure as wide as a phone's column, also where `draw` gave it a size, and wrap its titles."""
    width, height = figure.get_size_inches()
    figure.set_size_inches(min(width, _PHONE), height)
    for ax in figure.axes:
        for where in ("left", "center", "right"):
            if title := ax.get_title(loc=where):
                ax.set_title(_wrapped(title), loc=where)
    if title := figure.get_suptitle():
        figure.suptitle(_wrapped(title))


def _wrapped(title: str) -> str:
    return textwrap.fill(title, 38, break_long_words=False)


def _figure_of(drawn: Any, before: set[int]) -> Figure:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    figure = drawn.get_figure(root=True) if isinstance(drawn, Axes) else drawn
    if not isinstance(figure, Figure):
        raise TypeError(f"draw: expected it to return a Figure or an Axes; got {type(drawn).__name__}")
    if getattr(figure, "number", None) in before:
        raise ValueError(
            "draw: expected a function that makes a new figure at each call, because it is drawn once in each "
            "theme; got one that was made before"
        )
    return figure


def _pixels(figure: Figure) -> tuple[int, int]:
    """Width and height in the page: 100 px an inch, and never wider than the column."""
    width, height = figure.get_size_inches() * 100
    shrink = min(1.0, 100 * _WIDE / width)
    return round(width * shrink), round(height * shrink)


def _png(figure: Figure, **options: Any) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None}, **options)
    return file.getvalue()


def _data_uri(figure: Figure, transparent: bool) -> str:
    # Dark paper differs from page to page (#121212, #14181e, #1e1e1e ...): a dark figure has none of its own.
    file = io.StringIO()
    figure.savefig(
        file, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Type", "Format")), transparent=transparent
    )
    svg = file.getvalue()
    if len(svg) > _LARGEST_SVG:
        return "data:image/png;base64," + base64.b64encode(_png(figure, transparent=transparent)).decode()
    svg = " ".join(svg[svg.index("<svg") :].split())
    # A hundredth of a point is enough (numbers below 1 may be scales): a third less to load.
    svg = re.sub(r"\b([1-9]\d*\.\d\d)\d+", r"\1", svg)
    # Percent-encoded, an SVG is a third smaller than in base64, and can be read in the page's source.
    return "data:image/svg+xml," + urllib.parse.quote(svg, safe=" /:;=,.()-_@!*+?")


# --- helpers that keep the style cheap ------------------------------------------------------------------------


def zero_line(ax: Axes, y: float = 0.0) -> None:
    """A hairline across `ax` at `y`, below everything: where a sign changes, or a level to compare with.

    Parameters
    ----------
    ax : Axes
    y : float

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> zero_line(ax)
    >>> len(ax.lines)
    1
    """
    ax.axhline(y, color=color("line"), linewidth=0.8, zorder=0)


def number(value: float) -> str:
    """A number as the book writes it in drawings: two decimals, three below 0.1, a true minus sign.

    Parameters
    ----------
    value : float

    Returns
    -------
    str

    Examples
    --------
    >>> number(0.9312), number(-0.0534), number(0.0001), number(0)
    ('0.93', '−0.053', '≈0', '0')
    """
    value = float(value)
    if value == 0:
        return "0"
    if abs(value) < 0.0005:
        return "≈0"
    text = f"{value:.3f}" if abs(value) < 0.0995 else f"{value:.2f}"
    return text.replace("-", "\N{MINUS SIGN}")


def label_lines(ax: Axes, ends: Mapping[str, float] | None = None, *, side: str = "right") -> list:
    """Write each line's name at its end, in its own colour, so that no two names touch.

    In place of a legend: ``ax.plot(x, y, label="validation")``, then ``label_lines(ax)``.

    Names are spread when the figure is drawn, so limits and scales may still change afterwards.  A name that
    had to move away from its line is tied to it by a hairline, if its line is known.

    Parameters
    ----------
    ax : Axes
    ends : mapping of str to float, optional
        Height of the end of each line by name.  Without it: all lines of `ax` that have a label.
        A name of the palette (``"f"``, ``"grad"``) gets its colour; any other is written in ink.
    side : {"right", "left"}
        Which end of the lines.

    Returns
    -------
    list of matplotlib.text.Annotation

    Examples
    --------
    ``label_lines(ax, {"c": 0.72, "h": 0.61})``

    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> [label.get_text() for label in label_lines(ax, {"c": 0.72, "h": 0.61})]
    ['$c$', '$h$']
    """
    _check_axes(ax)
    if side not in ("right", "left"):
        raise ValueError(f"side: expected 'right' or 'left'; got {side!r}")
    from matplotlib.colors import to_hex

    last = -1 if side == "right" else 0
    points: list[tuple[str, float, float, str]] = []
    if ends is None:
        for drawn in ax.get_lines():
            name = str(drawn.get_label())
            x, y = np.asarray(drawn.get_xdata(orig=False), float), np.asarray(drawn.get_ydata(orig=False), float)
            seen = np.isfinite(y)
            if not name.startswith("_") and seen.any():
                tint = drawn.get_color() if drawn.get_transform().contains_branch(ax.transData) else color("mute")
                points.append((name, x[seen][last], y[seen][last], to_hex(tint)))
        if not points:
            raise ValueError("ends: expected lines drawn with label=…, or a mapping of name to height; got neither")
    else:
        x_end = ax.get_xlim()[last]
        names = {*PALETTE["light"], *SAME_ROLE}
        points = [(n, x_end, float(y), color(n) if n in names else color("ink")) for n, y in ends.items()]
    # One column of names, at the farthest end.
    across = [x for _, x, _, _ in points]
    column = max(across) if side == "right" else min(across)
    tied = ends is None and len(points) > 1  # room for hairlines between lines and names
    offset = (14 if tied else 8) * (1 if side == "right" else -1)
    texts = [
        ax.annotate(
            _pretty(name), (column, y), xytext=(offset, 0), textcoords="offset points", color=tint, va="center",
            ha="left" if side == "right" else "right", fontsize=13 if name in LINES or name in SAME_ROLE else 10,
            annotation_clip=False, zorder=6,
        )
        for name, _, y, tint in points
    ]  # fmt: skip
    ties = [ax.add_artist(_tie(tint)) for *_, tint in points] if tied else []
    ends_at = [(x, y) for _, x, y, _ in points]
    _before_draw(ax, lambda renderer: _spread(texts, ties, ends_at, renderer))
    return texts


def _pretty(name: str) -> str:
    """A quantity's letter is set as in the equations; other names are plain text, dollars included."""
    if name == "grad":
        return "gradient"
    if name in LINES or name in SAME_ROLE:
        return f"${name}$"
    return name.replace("$", r"\$")


_BEFORE_DRAW: list[type] = []


def _before_draw(ax: Axes, call: Callable[[Any], None]) -> None:
    """Have `call(renderer)` run each time before `ax` is drawn, when its limits, scale and size are final."""
    if not _BEFORE_DRAW:  # a class made at first use, since its base comes from matplotlib
        from matplotlib.artist import Artist

        class BeforeDraw(Artist):
            """Invisible, and drawn first of all in its Axes."""

            def __init__(self, call: Callable[[Any], None]):
                super().__init__()
                self.call = call
                self.set_zorder(-100)
                self.set_in_layout(False)

            def draw(self, renderer: Any) -> None:
                self.call(renderer)

        _BEFORE_DRAW.append(BeforeDraw)
    ax.add_artist(_BEFORE_DRAW[0](call))


def _tie(tint: str) -> Any:
    """A hairline from a line's end to its name, in pixels: :func:`_spread` places it."""
    from matplotlib.lines import Line2D
    from matplotlib.transforms import IdentityTransform

    tie = Line2D([], [], color=tint, linewidth=0.7, transform=IdentityTransform(), clip_on=False)
    tie.set_in_layout(False)
    return tie


def _spread(texts: list, ties: list, ends: list, renderer: Any) -> None:
    ax, point = texts[0].axes, renderer.points_to_pixels(1)
    start = ax.transData.transform(ends)
    heights = np.array([text.get_window_extent(renderer).height for text in texts]) + 1.5 * point
    at = _apart(start[:, 1], heights, ax.bbox.y0 - 4 * point, ax.bbox.y1 + 4 * point)
    for text, y, (_, wanted) in zip(texts, at, start, strict=True):
        text.set_position((text.get_position()[0], (y - wanted) / point))  # points hold at every resolution
    for tie, text, y, (x_end, y_end) in zip(ties, texts, at, start, strict=bool(ties)):
        column = ax.transData.transform(text.xy)[0]
        offset = text.get_position()[0] * point
        far = abs(y - y_end) > 4 * point or abs(column - x_end) > 12 * point
        tie.set_data([x_end + 0.2 * offset, column + 0.85 * offset] if far else [], [y_end, y] if far else [])


def _apart(wanted: np.ndarray, heights: np.ndarray, low: float, high: float) -> np.ndarray:
    """Places nearest to `wanted` at which boxes of these heights do not overlap, between `low` and `high`.

    Neighbours that would touch form a block that sits at the mean of what its members want; blocks that then
    touch join (isotonic regression on the gaps).
    """
    order = np.argsort(wanted, kind="stable")
    size = heights[order]
    start = np.concatenate([[0.0], np.cumsum((size[1:] + size[:-1]) / 2)])  # centres when stacked from zero
    blocks: list[list[float]] = []  # mean of wanted - start, members
    for target in wanted[order] - start:
        blocks.append([float(target), 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (b, n), (a, m) = blocks.pop(), blocks.pop()
            blocks.append([(a * m + b * n) / (m + n), m + n])
    base = np.concatenate([[mean] * int(n) for mean, n in blocks])
    # Clipping the nondecreasing base keeps the order and the gaps.
    lowest, highest = low + size[0] / 2, high - size[-1] / 2 - start[-1]
    base = np.clip(base, min(lowest, highest), max(lowest, highest))
    at = np.empty_like(base)
    at[order] = base + start
    return at


# --- plots ----------------------------------------------------------------------------------------------------


def history(
    record: Mapping[str, Any],
    ax: Axes | None = None,
    *,
    baseline: Mapping[str, float] | None = None,
    log: bool = False,
) -> Axes:
    """Loss against updates: training, validation if there is one, and where the best weights were.

    More than 60 training losses are drawn faint, with their running mean over a fortieth of the run on top.

    Parameters
    ----------
    record : mapping
        What `Trainer` keeps: ``{"update": [...], "loss": [...]}`` and optionally
        ``"validation": {"update": [...], "loss": [...]}`` and ``"best_update"``.  Other keys are not drawn.
    ax : Axes, optional
        Where to draw; a new figure by default.
    baseline : mapping of str to float, optional
        Levels to compare with, such as ``{"chance": 1.386}``.
    log : bool
        A logarithmic scale of losses, on which equal factors are equal steps.  All losses must be above 0.

    Returns
    -------
    Axes

    Examples
    --------
    ``history(trainer.history, baseline={"chance": np.log(4)})``

    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> history({"update": [1, 2, 3], "loss": [0.7, 0.4, 0.2]}, ax).get_xlabel()
    'update'
    """
    update, loss = _curve("record", record, "loss")
    valid = record.get("validation")
    ax = _axes(ax)
    x_max = update[-1]
    if len(loss) > 60:
        ax.plot(update, loss, color=color("line"), linewidth=1.0, zorder=1)
        ax.plot(update, _running_mean(loss, len(loss) // 40), color=color("mute"), linewidth=1.5, label="training")
    else:
        ax.plot(update, loss, color=color("mute"), linewidth=1.5, label="training")
    if update[0] == x_max:  # one update has no width
        ax.set_xlim(x_max - 0.5, x_max + 0.5)
    tops = [np.nanmax(loss)]
    if valid is not None and len(valid.get("loss", ())):
        v_update, v_loss = _curve('record["validation"]', valid, "loss")
        few = len(v_loss) <= 40
        ax.plot(v_update, v_loss, color=color("ink"), linewidth=2.0, marker="." if few else "", markersize=7,
                linestyle=(0, (4, 1.2)), label="validation", zorder=3)  # fmt: skip
        x_max = max(x_max, v_update[-1])
        tops.append(np.nanmax(v_loss))
    best = record.get("best_update")
    if best is not None:
        ax.axvline(best, color=color("faint"), linewidth=1.0, zorder=0, ymax=0.9)
        along = (best - update[0]) / max(x_max - update[0], 1e-9)
        at = "center" if 0.2 < along < 0.8 else "left" if along < 0.5 else "right"
        ax.annotate(f"best weights: update {best}", (best, 0.9), xycoords=("data", "axes fraction"),
                    xytext=(0, 4), textcoords="offset points", va="bottom",
                    ha=at, fontsize=9, color=color("mute"))  # fmt: skip
    tops += _levels(ax, baseline, update[0], x_max)
    top = max(t for t in tops if np.isfinite(t))
    room = 1.2 if best is not None else 1.06  # above the curves, for the mark of the best weights
    ax.set_xlabel("update")
    ax.set_ylabel("loss")
    _few_ticks(ax)
    if log:
        low = min([np.nanmin(loss), *([np.nanmin(v_loss)] if valid is not None and len(valid.get("loss", ())) else [])])
        if low <= 0:
            raise ValueError(f"log: expected losses above 0; got {low:g}")
        ax.set_yscale("log")
        ax.set_ylim(low / 1.1, low * (top / low) ** room)
        ax.yaxis.set_major_formatter("{x:g}")
        ax.minorticks_off()
    else:
        low = min(np.nanmin(loss), 0.0)
        ax.set_ylim(low, low + (top - low) * room or 1.0)
    label_lines(ax)
    return ax


def histories(
    runs: Sequence[Mapping[str, Any]] | Mapping[str, Sequence[Mapping[str, Any]]],
    ax: Axes | None = None,
    *,
    key: str = "loss",
    baseline: Mapping[str, float] | None = None,
) -> Axes:
    """Many runs: each seed thin, their median thick, so that the spread is seen and not only a lucky run.

    The median is taken at the updates that all runs of a group have.

    Parameters
    ----------
    runs : sequence of records, or mapping of label to sequence of records
        See :func:`history`.  Up to four groups, told apart by the pattern of the line.
    ax : Axes, optional
    key : str
        ``"loss"``, ``"grad_norm"`` …, or ``"validation"`` for the validation loss.
    baseline : mapping of str to float, optional

    Returns
    -------
    Axes

    Examples
    --------
    ``histories({"LSTM": lstm_runs, "GRU": gru_runs}, key="validation")``

    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> runs = [{"update": [1, 2], "loss": [0.7, 0.4]}, {"update": [1, 2], "loss": [0.6, 0.5]}]
    >>> histories({"LSTM": runs}, ax).get_xlabel()
    'update'
    """
    groups = dict(runs) if isinstance(runs, Mapping) else {"median of seeds": runs}
    styles = [("ink", "-"), ("mute", (0, (5, 1.5))), ("ink", (0, (1, 1.2))), ("mute", (0, (6, 1.5, 1.5, 1.5)))]
    if not groups or not all(len(group) for group in groups.values()):
        raise ValueError("runs: expected at least one record in each group; got none")
    if len(groups) > len(styles):
        raise ValueError(f"runs: expected at most {len(styles)} groups in one plot; got {len(groups)}")
    ax = _axes(ax)
    curves = {
        label: [
            _curve(f'runs["{label}"][{k}]', run["validation"] if key == "validation" else run,
                   "loss" if key == "validation" else key)
            for k, run in enumerate(group)
        ]
        for label, group in groups.items()
    }  # fmt: skip
    tops, x_min, x_max = [], np.inf, -np.inf
    for (label, group), (tint, pattern) in zip(curves.items(), styles, strict=False):
        for update, loss in group:
            ax.plot(update, loss, color=color(tint), linewidth=0.7, linestyle=pattern, alpha=0.45)
            tops.append(np.nanmax(loss))
            x_min, x_max = min(x_min, update[0]), max(x_max, update[-1])
        common = group[0][0]
        for update, _ in group[1:]:
            common = np.intersect1d(common, update)
        if not len(common):
            raise ValueError(f'runs["{label}"]: expected runs recorded at the same updates; they share none')
        # Losses that broke off as NaN stay out of the median only if all did: a median over survivors flatters.
        median = np.median([loss[np.searchsorted(update, common)] for update, loss in group], axis=0)
        ax.plot(common, median, color=color(tint), linewidth=2.5, linestyle=pattern, label=label, zorder=3)
    tops += _levels(ax, baseline, x_min, x_max)
    low = min(0.0, *(float(np.nanmin(loss)) for group in curves.values() for _, loss in group))
    ax.set_ylim(low, low + (max(t for t in tops if np.isfinite(t)) - low) * 1.06 or 1.0)
    ax.set_xlabel("update")
    ax.set_ylabel({"validation": "validation loss", "grad_norm": "gradient norm"}.get(key, key.replace("_", " ")))
    _few_ticks(ax)
    label_lines(ax)
    return ax


# Above this many steps an opening would be narrower than its stroke.
_MOST_OPENINGS = 40
_GATES, _CANDIDATES, _STATES = "firzo", "gn", "ch"
_ROW_ORDER = "figorzn"  # the order in which the book's steppers go through a cell: keep, write, read


def gates(
    trace: Any,
    unit: int = 0,
    sequence: int = 0,
    *,
    names: Sequence[str] | None = None,
    steps: Sequence[Any] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """One unit's gates over time, drawn as openings, and its memory below.

    A gate of 1 is a circle, of 0 a line.  The candidate is a bar: solid above its line if positive, an outline
    below if negative.  Beyond 40 steps an opening becomes a channel as wide as the gate is open.

    Parameters
    ----------
    trace : named tuple of arrays (T, B, H)
        A run's trace: ``i f g o c h`` of an LSTM, ``r z n h`` of a GRU, ``h`` of Elman's net.  What is there is
        drawn.
    unit, sequence : int
        Which of the H units, in which of the B sequences.
    names : sequence of str, optional
        Draw only these, such as ``"fc"`` or ``["f", "c"]``.
    steps : sequence of T labels, optional
        What was read at each step, written below it.
    ax : Axes, optional

    Returns
    -------
    Axes
        States have their own scale on the left (`c` may leave -1 … 1); the rows of gates lie above it.

    Examples
    --------
    ``gates(run.trace, unit=3, steps="abracadabra")``

    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> from rnnbook.cells import LSTMCell
    >>> from rnnbook.recurrent import Recurrent
    >>> y, state, run = Recurrent(LSTMCell(2, 3, rng=np.random.default_rng(0))).forward(np.ones((5, 1, 2)))
    >>> gates(run.trace, names="fc", ax=ax) is ax
    True
    """
    series = _series(trace, unit, sequence, names)
    T = len(next(iter(series.values())))
    if steps is not None and len(steps) != T:
        raise ValueError(f"steps: expected {T} labels, one for each step; got {len(steps)}")
    rows = [name for name in _ROW_ORDER if name in series]
    states = [name for name in _STATES if name in series]
    new = ax is None
    ax = _axes(ax, height=0.62 + 0.36 * len(rows) + (1.5 if states else 0.0))
    t = np.arange(1, T + 1)

    # States keep their own scale: -1 to 1, or farther where a memory counts.
    lowest = min([-1.0, *(float(np.min(series[name])) for name in states)])
    highest = max([1.0, *(float(np.max(series[name])) for name in states)])
    pad = 0.07 * (highest - lowest)
    width, height = (_root(ax).get_size_inches() * 72) * ax.get_position().size
    if new:  # the layout has yet to make room for title and labels
        width, height = width * 1.08, height * 1.0
    pitch = min(26.0, height / (len(rows) + (3 if states else 0))) if rows else 0.0
    # Points of height for the states, and what one point is on their scale.
    share = height - pitch * (len(rows) + 0.25)
    per_point = (highest - lowest + 2 * pad) / share if states else 1.0
    floor = lowest - pad if states else 0.0
    top = (highest + pad if states else 0.0) + pitch * per_point * (len(rows) + (0.25 if rows else 0))
    ax.set_ylim(floor, top)
    ax.set_xlim(0.3, T + 0.7)

    step = width / (T + 0.4)  # points between two steps
    size = min(13.5, 0.62 * pitch)
    for k, name in enumerate(rows):
        y = top - (k + 0.5) * pitch * per_point
        if name in _CANDIDATES:
            _candidate_row(ax, t, series[name], y, 0.40 * pitch * per_point, name, many=T > _MOST_OPENINGS)
        elif T <= _MOST_OPENINGS:
            _openings(ax, t, series[name], y, size, name)
        else:
            half = 0.5 * 0.62 * pitch * per_point * series[name]
            ax.fill_between(t, y - half, y + half, step="mid", facecolor=color(name), alpha=0.16, linewidth=0)
            for edge in (y - half, y + half):
                ax.plot(t, edge, drawstyle="steps-mid", color=color(name), linewidth=1.2)
        _row_name(ax, name, y)
    if states:
        zero_line(ax)
        for name in states:
            style = line(name)
            if name == "c":
                ax.plot(t, series[name], drawstyle="steps-mid", **style)
            else:
                ax.plot(t, series[name], **(style | ({"marker": ""} if T > _MOST_OPENINGS else {})))
        ticks = [k for k in (int(lowest), 0, int(highest)) if k == 0 or abs(k) > 0.15 * (highest - lowest)]
        ax.set_yticks(ticks, [str(k).replace("-", "\N{MINUS SIGN}") for k in ticks])
        ends = {name: float(series[name][-1]) for name in states}
        label_lines(ax, ends)
    else:
        ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    if steps is None:
        shown = _step_ticks(T)
        ax.set_xticks(shown, [str(s) for s in shown])
    else:
        texts = [str(s).replace("$", r"\$") for s in steps]
        longest = max(len(s) for s in texts) * 9 * 0.64  # points: DejaVu's digits are .64 em
        upright = longest < 0.92 * step
        every = 1 if upright else max(1, int(np.ceil(11 / step)))
        ax.set_xticks(t[::every], texts[::every], rotation=0 if upright else 90)
    ax.set_xlabel("time step" if steps is None else "")
    return ax


def _row_name(ax: Axes, name: str, y: float) -> None:
    right = ax.get_xlim()[1]
    ax.annotate(_pretty(name), (right, y), xytext=(8, 0), textcoords="offset points", color=color(name),
                fontsize=13, va="center", ha="left", annotation_clip=False)  # fmt: skip


def _openings(ax: Axes, t: np.ndarray, value: np.ndarray, y: float, size: float, name: str) -> None:
    from matplotlib.collections import EllipseCollection

    openings = EllipseCollection(
        np.full(len(t), size), np.full(len(t), size), np.zeros(len(t)), units="points",
        offsets=np.column_stack([t, np.full(len(t), y)]), offset_transform=ax.transData,
        facecolors=color("paper"), edgecolors=color(name), linewidths=min(1.6, 0.16 * size),
    )  # fmt: skip

    def fit(renderer: Any) -> None:
        # Neighbours never touch, however narrow the figure became since.
        step = (ax.transData.transform((1, 0)) - ax.transData.transform((0, 0)))[0] / renderer.points_to_pixels(1)
        wide = min(size, 0.74 * step)
        openings.set_widths(np.full(len(t), wide))
        # A shut gate still shows a slit, so that "shut" differs from "nothing drawn".
        openings.set_heights(np.maximum(np.clip(value, 0.0, 1.0) * wide, 0.3))
        openings.set_linewidth(min(1.6, 0.16 * wide))

    ax.add_collection(openings, autolim=False)
    _before_draw(ax, fit)


def _candidate_row(ax: Axes, t: np.ndarray, value: np.ndarray, y: float, half: float, name: str, many: bool) -> None:
    tint = color(name)
    ax.hlines(y, 0.5, len(t) + 0.5, color=color("line"), linewidth=0.8, zorder=0)
    if many:
        ax.plot(t, y + half * value, **(line(name) | {"marker": ""}))
        return
    from matplotlib.colors import to_rgba

    up = value >= 0
    for which, face in ((up, tint), (~up, to_rgba(tint, 0.18))):
        ax.bar(t[which], half * value[which], bottom=y, width=0.42, facecolor=face, edgecolor=tint, linewidth=1.0)


def gradient_norms(
    norms: Mapping[str, Any], ax: Axes | None = None, *, floor: float = 1e-16, ylabel: str = "norm of the gradient"
) -> Axes:
    """Norms of gradients over time, on a log scale: follow the arrows from the loss back in time.

    Parameters
    ----------
    norms : mapping of str to array (T,)
        The norm at each step, step 1 first; at most four curves, told apart by their pattern.
    ax : Axes, optional
    floor : float
        Values below are drawn on the line of the floor, as a triangle that points down.  Values of exactly zero
        have no place on a log scale: they get a row of crosses at the bottom, marked 0.
    ylabel : str

    Returns
    -------
    Axes

    Examples
    --------
    ``gradient_norms({"tanh RNN": np.linalg.norm(dh, axis=-1).mean(axis=-1), "LSTM": …})``

    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> gradient_norms({"Elman": np.array([1e-3, 1e-2, 1e-1])}, ax).get_yscale()
    'log'
    """
    if not isinstance(norms, Mapping) or not norms:
        raise TypeError(f"norms: expected a mapping of label to an array (T,); got {type(norms).__name__}")
    patterns = [LINES["grad"]["linestyle"], "-", (0, (1, 1.2)), (0, (6, 2))]
    if len(norms) > len(patterns):
        raise ValueError(f"norms: expected at most {len(patterns)} curves in one plot; got {len(norms)}")
    arrays: dict[str, np.ndarray] = {}
    for label, norm in norms.items():
        array = np.asarray(norm, float)
        if array.ndim != 1 or not array.size:
            raise ValueError(f'norms["{label}"]: expected an array (T,) with T >= 1; got shape {array.shape}')
        if not np.all(np.isfinite(array)) or np.any(array < 0):
            raise ValueError(f'norms["{label}"]: expected finite norms >= 0; got {array.min()} to {array.max()}')
        arrays[label] = array
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    ax = _axes(ax)
    ax.set_yscale("log")
    every = np.concatenate(list(arrays.values()))
    positive = every[every > 0]
    low_10 = np.floor(np.log10(max(positive.min(), floor))) if positive.size else -1.0
    high_10 = np.ceil(np.log10(positive.max())) if positive.size else 0.0
    high_10 = max(high_10, low_10 + 1)
    gap = 0.12 * (high_10 - low_10)
    zero_10 = low_10 - gap  # where the row of zeros lies
    has_zero, tint = bool(np.any(every == 0)), color("grad")
    for (label, array), pattern in zip(arrays.items(), patterns, strict=False):
        T = len(array)
        t = np.arange(1, T + 1)
        below, zero = (array > 0) & (array < floor), array == 0
        seen = np.where(below | zero, np.nan, array)
        ax.plot(t, seen, color=tint, linewidth=2.0, linestyle=pattern, marker="<", markersize=5,
                markevery=(0, max(1, T // 12)))  # fmt: skip
        size = min(5.0, 300 / T)
        for where, level, marker in ((below, floor, "v"), (zero, 10**zero_10, "x")):
            ax.plot(t[where], np.full(where.sum(), level), color=tint, linestyle="none", marker=marker, markersize=size,
                    markeredgewidth=1.2)  # fmt: skip
        # An empty line that carries the name: the curve's earliest step, wherever it is drawn.
        first = 10**zero_10 if zero[0] else max(array[0], floor)
        ax.plot(t[:1], [first], color=tint, linestyle="none", marker="", label=label)
    ax.set_ylim(10 ** (zero_10 - gap / 2 if has_zero else low_10 - gap / 3), 10 ** (high_10 + gap / 3))
    span = int(high_10 - low_10)
    stride = max(1, int(np.ceil(span / 4)))
    decades = np.arange(np.ceil(low_10 / stride), high_10 // stride + 1) * stride  # 1 is among them if in range
    ticks = [*(10**decades), *([10**zero_10] if has_zero else [])]
    clipped = bool(np.any((every > 0) & (every < floor)))

    def name(value: float, _: Any) -> str:
        power = round(float(np.log10(value)), 6)
        if has_zero and abs(power - zero_10) < 1e-6:
            return "0"
        whole = power == round(power)
        raised = f"{power:.0f}".translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        text = f"10{raised}" if whole and not -2 <= power <= 3 else f"{value:g}"
        return f"< {text}" if clipped and abs(value / floor - 1) < 1e-6 else text

    if clipped:  # its own tick, without a neighbour that would touch
        ticks = [*(10 ** decades[decades > np.log10(floor) + 0.1 * span]), floor, *ticks[len(decades) :]]
    ax.yaxis.set_major_locator(FixedLocator(ticks))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(name))
    # The gradient starts at the last step: so does the axis.  Names stand where the curves have come apart.
    ax.yaxis.tick_right()
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("time step")
    ax.set_ylabel(ylabel)
    ax.yaxis.set_label_position("right")
    shown = _step_ticks(max(map(len, arrays.values())))
    ax.set_xticks(shown, [str(s) for s in shown])
    label_lines(ax, side="left")
    return ax


def matrix(
    array: Any,
    ax: Axes | None = None,
    *,
    signed: bool | None = None,
    limit: float | None = None,
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    numbers: bool | None = None,
) -> Axes:
    """A matrix as cells: from paper to ink, or cobalt - paper - crimson where signs matter.

    Parameters
    ----------
    array : array (R, C)
    ax : Axes, optional
    signed : bool, optional
        By default: whether any value is negative.
    limit : float, optional
        The value of the full colour; the largest absolute value by default.  Give it to compare matrices.
    rows, columns : sequence of str, optional
        Names of the rows (R) and columns (C).
    numbers : bool, optional
        Write the numbers into the cells; by default if there are at most 12 x 12.  Without numbers, a scale
        stands at the right.

    Returns
    -------
    Axes

    Examples
    --------
    ``matrix(model.params["lstm.U"], limit=1)``

    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> [text.get_text() for text in matrix(np.array([[0.0, 1.0]]), ax).texts]
    ['0', '1.00']
    """
    values = np.asarray(array, float)
    if values.ndim != 2 or not values.size:
        raise ValueError(f"array: expected shape (R, C), not empty; got {values.shape}")
    if not np.all(np.isfinite(values)):
        raise ValueError("array: expected finite numbers; got NaN or infinity")
    R, C = values.shape
    for name, labels, n in (("rows", rows, R), ("columns", columns, C)):
        if labels is not None and len(labels) != n:
            raise ValueError(f"{name}: expected {n} names; got {len(labels)}")
    signed = bool(values.min() < 0) if signed is None else signed
    if not signed and values.min() < 0:
        raise ValueError(f"signed: expected True for an array with negative values; got {signed}, min {values.min()}")
    limit = float(np.max(np.abs(values)) or 1.0) if limit is None else float(limit)
    if not limit > 0:
        raise ValueError(f"limit: expected a number > 0; got {limit}")
    numbers = R <= 12 and C <= 12 if numbers is None else numbers
    ax = _axes(
        ax,
        height=min(7.0, 0.7 + 0.36 * R if numbers else max(2.2, 0.5 + 5.5 * R / max(C, R))),
        width=min(_WIDE, max(_PHONE, 0.7 + 0.72 * C)) if numbers else _WIDE,
    )
    shades = colormap(signed)
    image = ax.imshow(values, cmap=shades, vmin=-limit if signed else 0.0, vmax=limit, interpolation="nearest",
                      aspect="auto" if numbers else "equal")  # fmt: skip
    ax.xaxis.tick_top()
    for side in ax.spines.values():
        side.set_visible(False)
    for axis, labels, n in ((ax.yaxis, rows, R), (ax.xaxis, columns, C)):
        shown = [s - 1 for s in _step_ticks(n)] if labels is None and n > 12 else list(range(n))
        axis.set_ticks(shown, [labels[k] if labels is not None else str(k + 1) for k in shown])
    if numbers:
        for (r, c), value in np.ndenumerate(values):
            red, green, blue, _ = shades(image.norm(value))
            shade = "#%02x%02x%02x" % tuple(round(255 * part) for part in (red, green, blue))  # noqa: UP031
            ink = max((color("ink"), color("paper")), key=lambda tint: contrast(tint, shade))
            ax.text(c, r, number(value), ha="center", va="center", color=ink, fontsize=9)
        # Hairlines of paper between cells keep equal neighbours apart.
        ax.set_xticks(np.arange(0.5, C - 1), minor=True)
        ax.set_yticks(np.arange(0.5, R - 1), minor=True)
        ax.grid(which="minor", color=color("paper"), linewidth=2)
    else:
        bar = _root(ax).colorbar(image, ax=ax, fraction=0.03, pad=0.03, aspect=30)
        bar.outline.set_visible(False)
        bar.set_ticks([-limit, 0, limit] if signed else [0, limit])
        bar.ax.set_yticklabels([number(v) for v in ([-limit, 0, limit] if signed else [0, limit])])
    return ax


def contrast(one: str, other: str) -> float:
    """Contrast of two hex colours as WCAG 2 defines it: 1 (same) to 21 (black on white).

    Parameters
    ----------
    one, other : str
        Such as ``"#742500"``.

    Returns
    -------
    float

    Examples
    --------
    >>> contrast("#000000", "#ffffff")
    21.0
    """

    def luminance(tint: str) -> float:
        part = np.array([int(tint[k : k + 2], 16) for k in (1, 3, 5)]) / 255
        part = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
        return float(part @ [0.2126, 0.7152, 0.0722])

    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


# --- shared by the plots --------------------------------------------------------------------------------------


def _missing(what: str) -> ImportError:
    return ImportError(f'drawing needs {what}, which is not installed: pip install "rnnbook[notebook]"')


def _pyplot() -> Any:
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise _missing("matplotlib") from error
    return plt


def _axes(ax: Axes | None, height: float = 2.8, width: float = 7.0) -> Axes:
    """`ax`, or a new one in the book's style, also where no theme was entered."""
    plt = _pyplot()
    if ax is not None:
        _check_axes(ax)
        return ax
    phone = plt.rcParams["figure.figsize"][0] == _PHONE
    with plt.matplotlib.rc_context(rc(_theme.get(), phone=phone)):
        return plt.subplots(figsize=(min(width, plt.rcParams["figure.figsize"][0]), height))[1]


def _root(ax: Axes) -> Any:
    """The figure that `ax` is drawn on, subfigures passed by."""
    return ax.get_figure(root=True)


def _check_axes(ax: Any) -> None:
    _pyplot()
    from matplotlib.axes import Axes

    if not isinstance(ax, Axes):
        raise TypeError(f"ax: expected a matplotlib Axes; got {type(ax).__name__}")


def _check_text(name: str, text: Any) -> None:
    if not isinstance(text, str):
        raise TypeError(f"{name}: expected a text; got {type(text).__name__}")
    if not text.strip():
        raise ValueError(f"{name}: expected a text that says what the figure shows; got an empty one")


def _curve(where: str, record: Any, key: str) -> tuple[np.ndarray, np.ndarray]:
    """`record["update"]` and `record[key]` as arrays of one length, at least one of them a number."""
    if not isinstance(record, Mapping):
        raise TypeError(f"{where}: expected a mapping with 'update' and {key!r}; got {type(record).__name__}")
    for wanted in ("update", key):
        if wanted not in record:
            raise ValueError(f"{where}: expected the keys 'update' and {key!r}; got {', '.join(map(str, record))}")
    update, value = np.asarray(record["update"], float), np.asarray(record[key], float)
    if update.ndim != 1 or update.shape != value.shape or not update.size:
        raise ValueError(
            f"{where}: expected 'update' and {key!r} as lists of one length >= 1; got shapes "
            f"{update.shape} and {value.shape}"
        )
    if not np.any(np.isfinite(value)):
        raise ValueError(f"{where}: expected at least one finite {key}; got none")
    return update, value


def _series(trace: Any, unit: int, sequence: int, names: Sequence[str] | None) -> dict[str, np.ndarray]:
    """The chosen unit's values (T,) of each quantity that the trace has."""
    known = [*_ROW_ORDER, *_STATES]
    there = [name for name in known if hasattr(trace, name)]
    wanted = there if names is None else list(names)
    for name in wanted:
        if name not in there:
            raise ValueError(f"names: expected some of {', '.join(there) or 'none'}, which trace has; got {name!r}")
    if not wanted:
        raise TypeError(
            f"trace: expected a named tuple with some of {', '.join(known)}; got {type(trace).__name__} with none"
        )
    series, shape = {}, None
    for name in wanted:
        array = np.asarray(getattr(trace, name))
        if array.ndim != 3 or not len(array):
            raise ValueError(f"trace.{name}: expected shape (T, B, H) with T >= 1; got {array.shape}")
        if shape is not None and array.shape != shape:
            raise ValueError(f"trace.{name}: expected the shape of the others, {shape}; got {array.shape}")
        shape = array.shape
        for label, index, n in (("sequence", sequence, shape[1]), ("unit", unit, shape[2])):
            if isinstance(index, bool) or not isinstance(index, int | np.integer):
                raise TypeError(f"{label}: expected an integer; got {type(index).__name__}")
            if not -n <= index < n:
                raise ValueError(f"{label}: expected 0 to {n - 1}; got {index}")
        series[name] = array[:, sequence, unit].astype(float)
        if not np.all(np.isfinite(series[name])):
            raise ValueError(f"trace.{name}: expected finite values; got NaN or infinity")
    return series


def _running_mean(values: np.ndarray, width: int) -> np.ndarray:
    """Mean over a window centred on each value, shorter at the ends; a NaN spoils only its own windows."""
    half = max(1, width // 2)
    return np.array([values[max(0, k - half) : k + half + 1].mean() for k in range(len(values))])


def _levels(ax: Axes, baseline: Mapping[str, float] | None, x_min: float, x_max: float) -> list[float]:
    if baseline is None:
        return []
    for name, level in baseline.items():
        text = f"{name} {number(level)}"
        ax.plot([x_min, x_max], [level, level], color=color("mute"), linewidth=1.0, linestyle=(0, (1, 3)), label=text)
    return [float(level) for level in baseline.values()]


def _step_ticks(T: int) -> list[int]:
    """Steps to number on an axis that counts from 1: the first, and round ones."""
    every = next(e for p in range(12) for e in (10**p, 2 * 10**p, 5 * 10**p) if T / e <= 8)
    if every == 2:
        return list(range(1, T + 1, 2))
    return [1, *(s for s in range(every, T + 1, every) if s > 1)]


def _few_ticks(ax: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.yaxis.set_major_locator(MaxNLocator(4))
