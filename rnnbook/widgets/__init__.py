"""Figures to step through: they compute on the published page, and in a live notebook stay in sync with the kernel.

A widget is one Python class here, one ES module in ``static/``, its words in ``static/words.json``, and one line in
the list below.  They need anywidget: ``pip install "rnnbook[notebook]"``.
"""

try:
    import anywidget  # noqa: F401
except ModuleNotFoundError as error:
    raise ModuleNotFoundError('rnnbook.widgets needs anywidget: pip install "rnnbook[notebook]"') from error

from rnnbook.widgets.activation_picker import ActivationPicker
from rnnbook.widgets.base import Widget
from rnnbook.widgets.clocks import Clocks
from rnnbook.widgets.compound_interest import CompoundInterest
from rnnbook.widgets.gate_stepper import GateStepper, held
from rnnbook.widgets.gradient_flow import GradientFlow
from rnnbook.widgets.half_life import HalfLife
from rnnbook.widgets.ink import Ink
from rnnbook.widgets.input_path import InputPath
from rnnbook.widgets.listener import Listener
from rnnbook.widgets.rate_panel import RatePanel
from rnnbook.widgets.reber_walker import ReberWalker
from rnnbook.widgets.shape_picker import ShapePicker
from rnnbook.widgets.stopping_panel import StoppingPanel
from rnnbook.widgets.tape_viewer import TapeViewer
from rnnbook.widgets.unroller import Unroller
from rnnbook.widgets.weight_mapper import WeightMapper
from rnnbook.widgets.word_swapper import WordSwapper
from rnnbook.widgets.writer import Writer

#: All widgets by name, in the order of the book.
WIDGETS: dict[str, type[Widget]] = {
    widget.name: widget
    for widget in (
        InputPath,
        WordSwapper,
        ReberWalker,
        Unroller,
        TapeViewer,
        CompoundInterest,
        GradientFlow,
        Ink,
        GateStepper,
        HalfLife,
        ShapePicker,
        Clocks,
        Writer,
        Listener,
        ActivationPicker,
        RatePanel,
        StoppingPanel,
        WeightMapper,
    )
}

__all__ = ["WIDGETS", "Widget", "held", *(widget.__name__ for widget in WIDGETS.values())]
