"""Widgets in JupyterLab with a kernel: what the reader moves can be read in Python, and what Python sets is shown.

The kernel imports the package from its wheel, as after ``pip install "rnnbook[notebook]"``, and not from this checkout.
"""

import json
import os
import re
import subprocess
import sys
import threading
import urllib.request
import zipfile
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("anywidget")
pytest.importorskip("jupyterlab")
pytest.importorskip("build")
from packages import build

from rnnbook.plots import PALETTE
from rnnbook.widgets import WIDGETS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SECONDS = 120
TOKEN = "a-token-of-the-tests"

# What a reader types, one cell after the other. Tests run a cell by its name.
CELLS = {
    "make": "import json\nfrom rnnbook.widgets import WIDGETS, GateStepper\nstepper = GateStepper()\nstepper",
    "again": "stepper",
    "read": "print(json.dumps(stepper.state()))",
    "time": "stepper.t = 5",
    "station": "stepper.station = 3",
    "hold": "stepper.hold = {'f': 0.25}",
    "inputs": "stepper.inputs = [[0.75, *row[1:]] for row in stepper.inputs]",
    "close": "stepper.close()",
    "from": "import rnnbook\nprint(rnnbook.__file__)",
    "all": "from IPython.display import display\nfor widget in WIDGETS.values():\n    display(next(iter(widget.gallery().values())))",
}


def notebook():
    cells = [
        {"cell_type": "code", "id": name, "source": text, "metadata": {}, "outputs": [], "execution_count": None}
        for name, text in CELLS.items()
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps({"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})


class Log:
    """What a process writes, read as it comes; `wait` waits for a line and gives its match."""

    def __init__(self, process):
        self.process, self.lines, self.news = process, [], threading.Condition()
        self.ended = False
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            with self.news:
                self.lines.append(line)
                self.news.notify_all()
        with self.news:
            self.ended = True
            self.news.notify_all()

    def wait(self, pattern):
        def found():
            return next(filter(None, (re.search(pattern, line) for line in self.lines)), None)

        with self.news:
            self.news.wait_for(lambda: self.ended or found(), SECONDS)
            assert found(), "".join(self.lines)
            return found()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab of its own: its folders are empty, its kernel is this Python."""
    home = tmp_path_factory.mktemp("lab")
    folders = {
        "HOME": "home", "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces", "IPYTHONDIR": "ipython",
    }  # fmt: skip
    for folder in (*folders.values(), "work"):
        (home / folder).mkdir()
    (home / "work" / "live.ipynb").write_text(notebook(), "utf-8")
    (wheel,) = [path for path in build(home, "--wheel") if path.suffix == ".whl"]
    zipfile.ZipFile(wheel).extractall(home / "installed")  # Python alone: there is nothing else to do to install it
    kept = {
        k: v
        for k, v in os.environ.items()
        if not k.upper().startswith(("JUPYTER", "IPYTHON")) and k.lower() != "no_proxy"
    }
    environment = {
        **kept, **{k: str(home / v) for k, v in folders.items()},
        "PYTHONPATH": str(home / "installed"), "JUPYTER_PLATFORM_DIRS": "1",
        # Whatever the server wants from elsewhere, it does not get.
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9"),
    }  # fmt: skip
    command = [
        sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0",
        f"--ServerApp.root_dir={home / 'work'}", f"--IdentityProvider.token={TOKEN}",
        "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly", "--LabApp.expose_app_in_browser=True",
    ]  # fmt: skip
    process = subprocess.Popen(
        command,
        env=environment,
        cwd=home,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    log = Log(process)
    try:
        yield log.wait(r"(http://127\.0\.0\.1:\d+/)lab\?token=")[1]
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.thread.join(30)
        process.stdout.close()


class Notebook:
    """The notebook on a page of JupyterLab."""

    def __init__(self, tab, problems):
        self.tab, self.problems = tab, problems

    def cell(self, name):
        return self.tab.locator(".jp-Notebook .jp-CodeCell").nth(list(CELLS).index(name))

    def widget(self, name="make"):
        """What a cell shows of the stepper."""
        return self.cell(name).locator("section.gate-stepper")

    def run(self, name):
        """Run one cell to its end, and give the text that it printed."""
        outputs = self.tab.evaluate(
            """async n => {
              const panel = jupyterapp.shell.currentWidget;
              panel.content.activeCellIndex = n;
              await jupyterapp.commands.execute("notebook:run-cell");
              return panel.content.widgets[n].model.outputs.toJSON();
            }""",
            list(CELLS).index(name),
        )
        errors = [output for output in outputs if output["output_type"] == "error"]
        assert errors == [], errors
        return "".join("".join(output["text"]) for output in outputs if output["output_type"] == "stream")

    def read(self):
        """The state in the kernel."""
        return json.loads(self.run("read"))

    def wait_for_kernel(self, **wanted):
        """What the page says reaches the kernel after a while: read until it is there."""

        def missing():
            state = self.read()
            return {k: state[k] for k, v in wanted.items() if state[k] != v}

        # Each reading is a round trip to the kernel, so this waits without sleeping.
        for _ in range(50):
            if not missing():
                return
        raise AssertionError(f"the kernel has {missing()}, and should have {wanted}")

    def where(self, name="make"):
        return self.widget(name).locator(".where")


@contextmanager
def opened(browser, lab, theme="light"):
    """The notebook in a fresh page, which notes scripts that fail and what is asked of another host."""
    context = browser.new_context(viewport={"width": 1280, "height": 2400}, reduced_motion="reduce", color_scheme=theme)
    context.set_default_timeout(SECONDS * 1000)
    tab = context.new_page()
    problems = []

    def asked(address):
        here = lab.removeprefix("http://")
        if not address.startswith(("blob:", "data:", "about:", f"http://{here}", f"ws://{here}")):
            problems.append(f"asks another host: {address}")

    tab.on("pageerror", lambda error: problems.append(f"error of a script: {error}"))
    tab.on("request", lambda request: asked(request.url))
    tab.on("websocket", lambda socket: asked(socket.url))
    try:
        tab.goto(f"{lab}lab/tree/live.ipynb?reset&token={TOKEN}")
        tab.wait_for_function("() => globalThis.jupyterapp?.shell.currentWidget?.context?.path === 'live.ipynb'")
        tab.evaluate(
            """async () => {
              const panel = jupyterapp.shell.currentWidget;
              await jupyterapp.restored;
              await panel.context.ready;
              await panel.sessionContext.ready;
              await panel.sessionContext.session.kernel.info;
            }"""
        )
        yield Notebook(tab, problems)
    finally:
        context.close()


@pytest.fixture(scope="module")
def lab_page(chromium, lab):
    with opened(chromium, lab) as page:
        yield page


@pytest.fixture
def page(lab_page):
    """The notebook, its stepper made anew."""
    lab_page.run("make")
    lab_page.where().wait_for()
    yield lab_page
    assert lab_page.problems == []


def expect_text(locator, text):
    """Wait until an element says just this."""
    locator.page.wait_for_function(
        "([e, text]) => e.innerText.replaceAll(/\\s+/g, ' ').trim() === text", arg=[locator.element_handle(), text]
    )


def test_the_live_widget_is_shown_and_not_the_static_one(page):
    assert page.widget().count() == 1
    assert page.cell("make").locator("rb-gate-stepper").count() == 0
    assert page.widget().get_by_role("alert").count() == 0
    expect_text(page.where(), "t = 1 of 8")


def test_the_package_is_that_of_the_wheel(page):
    assert Path(page.run("from").strip()).parts[-3:] == ("installed", "rnnbook", "__init__.py")


def test_a_step_on_the_page_reaches_the_kernel(page):
    assert (page.read()["t"], page.read()["station"]) == (1, 1)
    step = page.widget().get_by_role("button", name="Step", exact=True)
    step.click()
    page.wait_for_kernel(t=1, station=2)
    for _ in range(3):
        step.click()
    page.wait_for_kernel(t=2, station=1)
    page.widget().get_by_role("button", name="Backward").click()
    page.wait_for_kernel(direction="backward", t=8, station=4)


def test_a_slider_on_the_page_reaches_the_kernel(page):
    before = page.read()["inputs"]
    page.widget().get_by_text("Inputs and weights").click()
    page.widget().get_by_role("slider", name="Input bit at step 1").fill("0.5")
    after = [[0.5, *before[0][1:]], *before[1:]]
    assert after != before
    page.wait_for_kernel(inputs=after)


def test_a_gate_held_on_the_page_is_held_in_the_kernel(page):
    page.widget().get_by_role("button", name="forget gate").click()
    page.widget().get_by_role("button", name="shut").click()
    page.wait_for_kernel(hold={"f": 0})
    page.widget().get_by_role("button", name="free").click()
    page.wait_for_kernel(hold={})


def test_what_the_kernel_sets_is_shown(page):
    page.run("time")
    expect_text(page.where(), "t = 5 of 8")
    page.run("station")
    page.widget().get_by_role("button", name="Update", exact=True).and_(
        page.tab.locator("[aria-current=step]")
    ).wait_for()
    page.run("hold")
    page.widget().get_by_role("button", name="forget gate held at 0.25").wait_for()
    page.widget().get_by_text("Inputs and weights").click()
    page.run("inputs")
    slider = page.widget().get_by_role("slider", name="Input bit at step 5")
    page.tab.wait_for_function("e => e.value === '0.75'", arg=slider.element_handle())
    # None of it comes back changed.
    page.wait_for_kernel(t=5, station=3, hold={"f": 0.25})


def test_both_ways_in_turn(page):
    """The page goes on from where the kernel went, and the other way round."""
    page.run("time")
    expect_text(page.where(), "t = 5 of 8")
    page.widget().get_by_role("button", name="Next time step").click()
    page.wait_for_kernel(t=6)
    page.run("time")
    expect_text(page.where(), "t = 5 of 8")
    page.wait_for_kernel(t=5)


def test_a_slider_that_moves_fast_ends_where_it_was_let_go(page):
    """The kernel's answers to the first moves arrive after the last one: they must not pull the page back."""
    page.widget().get_by_role("slider", name="Time step").evaluate(
        """e => { for (const t of [2, 8, 3, 7, 4, 6, 2, 8, 5, 7]) { e.value = t; e.dispatchEvent(new Event("input", { bubbles: true })); } }"""
    )
    page.wait_for_kernel(t=7)
    expect_text(page.where(), "t = 7 of 8")
    page.wait_for_kernel(t=7)
    expect_text(page.where(), "t = 7 of 8")


def test_two_views_of_one_widget_agree(page):
    page.run("again")
    page.where("again").wait_for()
    page.widget("make").get_by_role("button", name="Step", exact=True).click()
    page.widget("make").get_by_role("button", name="Next time step").click()
    expect_text(page.where("again"), "t = 2 of 8")
    page.widget("again").get_by_role("button", name="Next time step").click()
    expect_text(page.where("make"), "t = 3 of 8")
    page.wait_for_kernel(t=3, station=2)


def test_a_view_that_is_gone_draws_no_more(page):
    """Its output is cleared; the model lives on, and the view that is left follows it."""
    page.run("again")
    page.where("again").wait_for()
    gone = page.where("again").element_handle()
    page.tab.evaluate(
        """async n => {
          jupyterapp.shell.currentWidget.content.activeCellIndex = n;
          await jupyterapp.commands.execute("notebook:clear-cell-output");
        }""",
        list(CELLS).index("again"),
    )
    page.where("again").wait_for(state="detached")
    page.run("time")
    expect_text(page.where("make"), "t = 5 of 8")
    assert gone.evaluate("e => e.textContent") == "t = 1 of 8"
    page.run("close")


def test_every_widget_is_shown(page):
    page.run("all")
    sections = page.cell("all").locator("section.rb")
    for name in WIDGETS:
        section = page.cell("all").locator(f"section.rb.{name}")
        section.wait_for()
        assert section.get_by_role("button").count() + section.get_by_role("slider").count() >= 2
    assert sections.count() == len(WIDGETS)
    assert page.cell("all").get_by_role("alert").count() == 0


@pytest.mark.parametrize(("theme", "name"), [("dark", "JupyterLab Dark"), ("light", "JupyterLab Light")])
def test_the_colours_follow_the_theme(page, theme, name):
    page.tab.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', { theme })", name)
    page.tab.wait_for_function(
        "([e, ink]) => getComputedStyle(e).getPropertyValue('--gs-ink') === ink",
        arg=[page.widget().element_handle(), PALETTE[theme]["ink"]],
    )


def test_nothing_is_kept_open(lab, page):
    """One kernel serves all of these tests: none was restarted on the way, none died."""
    request = urllib.request.Request(f"{lab}api/kernels", headers={"Authorization": f"token {TOKEN}"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=SECONDS) as answer:
        assert len(json.load(answer)) == 1
