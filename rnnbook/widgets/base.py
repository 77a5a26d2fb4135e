"""What all widgets are: state that a page and a kernel share, and two ways to show it."""

from __future__ import annotations

import html
import json
from typing import Any, ClassVar

import anywidget
from traitlets import TraitType

from rnnbook.widgets.modules import live_module


class Widget(anywidget.AnyWidget):
    """A drawing that a reader steps through.

    A subclass names its ES module, declares its state as synced traits of plain JSON, and draws one picture of it,
    `still`.  In a running notebook anywidget shows the module, in sync with the kernel.  A page of the book takes the
    HTML form: an element of the same module that needs no kernel, with the picture in it for print and for readers
    without scripts.

    Attributes
    ----------
    name : str
        The module ``static/<name>.js``, the section of ``static/words.json``, and, as ``rb-<name>``, the element.

    Examples
    --------
    >>> from rnnbook.widgets import HalfLife
    >>> HalfLife().to_html().startswith("<rb-half-life data-state=")
    True
    """

    name: ClassVar[str]

    def __init_subclass__(cls, **options: Any):
        # traitlets makes a nameless subclass for each object that gets a trait of its own: not our business.
        if "name" in vars(cls):
            cls._esm = live_module(cls.name, cls.keys_of_state())
        super().__init_subclass__(**options)

    @classmethod
    def keys_of_state(cls) -> list[str]:
        """Names of what the page and the kernel share."""
        # Those of a widget's own classes: what anywidget adds to them begins with an underscore.
        owners = [c for c in reversed(cls.__mro__) if issubclass(c, Widget)]
        traits = {k: v for owner in owners for k, v in vars(owner).items() if isinstance(v, TraitType)}
        return [k for k, v in traits.items() if v.metadata.get("sync") and not k.startswith("_")]

    @classmethod
    def gallery(cls) -> dict[str, Widget]:
        """Give the states that show what it can do, by name: for `scripts/widget_gallery.py`."""
        raise TypeError(f"{cls.__name__} names no states for the gallery")

    def state(self) -> dict[str, Any]:
        """What the page and the kernel share, as plain JSON."""
        return {key: getattr(self, key) for key in self.keys_of_state()}

    def still(self) -> str:
        """Draw the widget's content as HTML that needs no script."""
        raise TypeError(f"{type(self).__name__} does not say how it looks without scripts")

    def to_html(self) -> str:
        """Give the element of the static page."""
        state = html.escape(json.dumps(self.state(), ensure_ascii=False, allow_nan=False, separators=(",", ":")))
        return f'<rb-{self.name} data-state="{state}">{self.still()}</rb-{self.name}>'

    def _repr_mimebundle_(self, **options: Any) -> Any:
        shown = super()._repr_mimebundle_(**options)
        data, metadata = shown if isinstance(shown, tuple) else (shown, {})
        return {**(data or {}), "text/html": self.to_html()}, metadata
