"""Learning: one update, and the loop around it.

A trainer takes *data*: a callable from `rng` to a `Batch`, or to the batches of one epoch.  It owns one random
generator and hands it to data and dropout; its checkpoints hold it, so a run that is resumed goes on as if it had
never stopped.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from rnnbook import files
from rnnbook import validation as check
from rnnbook.data.batch import Batch
from rnnbook.losses import Loss
from rnnbook.model import Sequential, describe
from rnnbook.optim import Optimizer, clip_by_norm, clip_by_value, global_norm
from rnnbook.recurrent import leaves, with_leaves

__all__ = ["Diverged", "Trainer", "Update", "evaluate", "train_step"]

Array = np.ndarray
Data = Callable[["np.random.Generator"], Batch | Iterable[Batch]]


class Diverged(ArithmeticError):
    """The loss, a gradient or a weight stopped being a number.

    Parameters
    ----------
    loss : float
        What the loss was.
    parameters : list of str
    update : int, optional
    last_loss : float, optional
    spoiled : bool

    Attributes
    ----------
    update : int or None
        The number of the update that failed; None outside a `Trainer`.
    last_loss : float or None
        The last finite loss.
    parameters : list of str
        The parameters whose gradients broke.
    spoiled : bool
        Whether the update itself overflowed, and the weights are gone.  Else they are those before the update.

    Examples
    --------
    >>> from rnnbook.layers import Dense
    >>> from rnnbook.losses import mean_squared_error
    >>> from rnnbook.optim import SGD
    >>> model = Sequential(out=Dense(1, 1, params={"W": np.full((1, 1), 1e30), "b": np.zeros(1)}))
    >>> try:
    ...     train_step(model, Batch(np.full((1, 1), 1e9), np.zeros((1, 1))), mean_squared_error, SGD(0.1))
    ... except Diverged as error:
    ...     print(error.loss, error.spoiled)
    inf False
    """

    def __init__(
        self,
        loss: float,
        parameters: list[str],
        update: int | None = None,
        last_loss: float | None = None,
        spoiled: bool = False,
    ):
        self.loss, self.parameters, self.update, self.last_loss = loss, parameters, update, last_loss
        self.spoiled = spoiled
        at = "" if update is None else f" at update {update}"
        last = "" if last_loss is None else f" (last finite loss: {last_loss:.6g})"
        what = "weights that the update itself broke" if spoiled else "gradients that broke"
        broke = f"; {what}: {', '.join(parameters)}" if parameters else ""
        weights = (
            "The weights are spoiled: go back to a checkpoint."
            if spoiled
            else ("The weights are those before this update.")
        )
        super().__init__(
            f"loss is {loss:g}{at}{last}{broke}. {weights} A smaller learning rate or clip_norm=1 often helps."
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle with all that it was made of, and not with the message alone."""
        return type(self), (self.loss, self.parameters, self.update, self.last_loss, self.spoiled)


class Update(NamedTuple):
    """What one update returns.

    Attributes
    ----------
    loss : float
        Before the update, without penalties.
    grad_norm : float
        Of all gradients together, before clipping.
    state : dict
        The model's state after the last step.

    Examples
    --------
    >>> from rnnbook.layers import Dense
    >>> from rnnbook.losses import mean_squared_error
    >>> from rnnbook.optim import SGD
    >>> model = Sequential(out=Dense(1, 1, params={"W": np.ones((1, 1)), "b": np.zeros(1)}))
    >>> update = train_step(model, Batch(np.ones((1, 1)), np.zeros((1, 1))), mean_squared_error, SGD(0.1))
    >>> update.loss
    1.0
    """

    loss: float
    grad_norm: float
    state: Any


class Window(NamedTuple):
    """A stretch of a batch along time; None where it holds no padding or masks nothing."""

    inputs: Array
    targets: Array
    mask: Array | None
    padding: Array | None


def windows(batch: Batch, num_steps: int | None) -> Iterator[Window]:
    """A batch cut along time into windows of `num_steps`, the last one shorter; whole with None.

    Examples
    --------
    >>> batch = Batch(np.zeros((5, 1, 1)), np.zeros((5, 1, 1)))
    >>> [len(w.inputs) for w in windows(batch, 2)]
    [2, 2, 1]
    """
    if num_steps is None:
        yield Window(batch.inputs, batch.targets, batch.mask, batch.padding)
        return
    T, padding = len(batch.inputs), batch.padding
    if batch.targets.shape[:2] != batch.inputs.shape[:2]:
        raise ValueError(
            f"truncated BPTT needs targets at every step, (T, B, ...) = {batch.inputs.shape[:2]}, "
            f"got shape {batch.targets.shape}"
        )
    for start in range(0, T, num_steps):
        cut = slice(start, start + num_steps)
        here = None if padding is None or padding[cut].all() else padding[cut]
        if here is not None and not here.any():
            return  # every sequence has ended
        yield Window(batch.inputs[cut], batch.targets[cut], None if batch.mask is None else batch.mask[cut], here)


def _quietly() -> np.errstate:
    """What goes wrong is reported once, with names, as `Diverged`, and not as a warning from deep inside."""
    return np.errstate(over="ignore", invalid="ignore", divide="ignore")


def _check_parts(model: Any, loss: Any, optimizer: Any) -> None:
    if not isinstance(model, Sequential):
        raise TypeError(f"model must be a Sequential, got {type(model).__name__}")
    if not callable(loss):
        raise TypeError(f"loss must be callable, such as losses.softmax_cross_entropy, got {loss!r}")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"optimizer must be an Optimizer, such as Adam(1e-3), got {optimizer!r}")


def train_step(
    model: Sequential,
    batch: Batch | Window,
    loss: Loss,
    optimizer: Optimizer,
    *,
    state: Any = None,
    rng: np.random.Generator | None = None,
    clip_norm: float | None = None,
    clip_value: float | None = None,
) -> Update:
    """One update: forward, loss, backward, clip, step.

    Parameters
    ----------
    model : Sequential
    batch : Batch
    loss : callable
        One of `rnnbook.losses`: ``(output, targets, mask)`` → value, gradient.
    optimizer : Optimizer
    state : dict, optional
        The model's state before the first step; no gradient flows into it.
    rng : numpy.random.Generator, optional
        For dropout.
    clip_norm, clip_value : float, optional
        See `rnnbook.optim.clip_by_norm` and `clip_by_value`.

    Returns
    -------
    Update

    Raises
    ------
    Diverged
        If the loss or a gradient is nan or inf; no weight changes.

    Examples
    --------
    >>> from rnnbook.layers import Dense
    >>> from rnnbook.losses import mean_squared_error
    >>> from rnnbook.optim import SGD
    >>> model = Sequential(out=Dense(1, 1, rng=np.random.default_rng(0)))
    >>> batch = Batch(np.ones((4, 1)), np.ones((4, 1)))
    >>> first, second = (train_step(model, batch, mean_squared_error, SGD(0.1)).loss for _ in range(2))
    >>> second < first
    True
    """
    _check_parts(model, loss, optimizer)
    if not isinstance(batch, Batch | Window):
        raise TypeError(f"batch must be a Batch, got {type(batch).__name__}")
    with _quietly():
        y, state, run = model.forward(batch.inputs, state=state, mask=batch.padding, rng=rng)
        value, dy = loss(y, batch.targets, batch.mask)
        _, _, grads = model.backward(dy, run)
        norm = global_norm(grads)
    if not (np.isfinite(value) and np.isfinite(norm)):
        raise Diverged(value, [name for name, g in grads.items() if not np.isfinite(g).all()])
    with _quietly():
        if clip_value is not None:
            clip_by_value(grads, clip_value)
        if clip_norm is not None:
            clip_by_norm(grads, clip_norm)
        optimizer.step(model.params, grads)
    spoiled = [name for name, p in model.params.items() if not np.isfinite(p).all()]
    if spoiled:
        raise Diverged(value, spoiled, spoiled=True)
    return Update(value, norm, state)


def evaluate(model: Sequential, batches: Batch | Iterable[Batch], loss: Loss) -> float:
    """Mean loss over batches, each weighted by how many of its targets count.  Nothing is learned or dropped.

    Parameters
    ----------
    model : Sequential
    batches : Batch, or several
    loss : callable

    Returns
    -------
    float
        In the loss's unit.

    Examples
    --------
    >>> from rnnbook.layers import Dense
    >>> from rnnbook.losses import mean_squared_error
    >>> model = Sequential(out=Dense(1, 1, params={"W": np.ones((1, 1)), "b": np.zeros(1)}))
    >>> evaluate(model, Batch(np.ones((4, 1)), np.zeros((4, 1))), mean_squared_error)
    1.0
    """
    total, counted = 0.0, 0.0
    for batch in [batches] if isinstance(batches, Batch) else batches:
        if not isinstance(batch, Batch):
            raise TypeError(f"batches must hold Batch, got {type(batch).__name__}")
        n = batch.targets.size
        if batch.mask is not None:
            n *= batch.mask.mean()
        with _quietly():
            y, _ = model(batch.inputs, mask=batch.padding)
            total += loss(y, batch.targets, batch.mask)[0] * n
        counted += n
    if not counted:
        raise ValueError("batches must hold at least one Batch, got none")
    return float(total / counted)


def new_history() -> dict[str, Any]:
    """Lists to fill: update, loss, grad_norm and learning_rate of each update, and the validation's update and loss."""
    return {
        "update": [],
        "loss": [],
        "grad_norm": [],
        "learning_rate": [],
        "validation": {"update": [], "loss": []},
        "best_update": None,
    }


class Trainer:
    """Updates a model until it has made so many, or until a validation loss stops falling.

    Parameters
    ----------
    model : Sequential
    loss : callable
        One of `rnnbook.losses`.
    optimizer : Optimizer
    rng : numpy.random.Generator
        The one source of chance: for data and dropout.
    clip_norm, clip_value : float, optional
        See `rnnbook.optim.clip_by_norm` and `clip_by_value`.
    truncate : int, optional
        Truncated backpropagation through time: cut each batch into windows of so many steps, one update for each.
        The state is carried from window to window, forward only; no gradient passes a cut :cite:p:`Williams1990`.

    Attributes
    ----------
    history : dict
        Of lists; see `new_history`.
    num_updates : int

    Examples
    --------
    >>> from rnnbook.cells import GRUCell
    >>> from rnnbook.data import recall
    >>> from rnnbook.layers import Dense
    >>> from rnnbook.losses import softmax_cross_entropy
    >>> from rnnbook.optim import Adam
    >>> from rnnbook.recurrent import Recurrent
    >>> rng = np.random.default_rng(0)
    >>> model = Sequential(gru=Recurrent(GRUCell(6, 8, rng=rng)), out=Dense(8, 2, rng=rng))
    >>> trainer = Trainer(model, softmax_cross_entropy, Adam(0.02), rng=rng, clip_norm=1)
    >>> history = trainer.fit(lambda rng: recall(rng, lag=3), num_updates=60)
    >>> history["loss"][-1] < 0.1 < history["loss"][0]
    True
    """

    def __init__(
        self,
        model: Sequential,
        loss: Loss,
        optimizer: Optimizer,
        *,
        rng: np.random.Generator,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        truncate: int | None = None,
    ):
        _check_parts(model, loss, optimizer)
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.rng = check.generator("rng", rng)
        self.clip_norm = None if clip_norm is None else check.number("clip_norm", clip_norm, 0, above=True)
        self.clip_value = None if clip_value is None else check.number("clip_value", clip_value, 0, above=True)
        self.truncate = None if truncate is None else check.count("truncate", truncate)
        if truncate is not None and not model.causal:
            raise ValueError(
                "truncate must be None for a model with a Bidirectional layer, whose state has no next window"
            )
        self.history = new_history()
        self.num_updates = 0
        self._epoch_seed: int | None = None  # what the epoch's data is drawn from, while it lasts
        self._position = 0  # windows of this epoch that are done
        self._state: Any = None  # carried from the last window
        self._best: dict[str, Array] = {}
        self._best_loss = np.inf
        self._stale = 0  # validations since the best one
        self._stopped = False

    # -- data ------------------------------------------------------------------------------------------------------
    def _epoch(self, data: Data) -> Iterator[tuple[int, bool, Window]]:
        """Windows of one epoch that are not done: the window's number, whether it begins a batch, and itself."""
        if self._epoch_seed is None:
            self._epoch_seed, self._position = int(self.rng.integers(2**63)), 0
        # The epoch draws from a generator of its own, which its seed brings back: however data mixes its draws with
        # dropout's, a resumed run finds both where they were.
        batches = data(np.random.default_rng(self._epoch_seed))
        if not isinstance(batches, Iterable | Batch):
            raise TypeError(f"data must give Batch, or an iterable of Batch, got {type(batches).__name__}")
        k = 0
        for batch in [batches] if isinstance(batches, Batch) else batches:
            if not isinstance(batch, Batch):
                raise TypeError(f"data must give Batch, or an iterable of Batch, got {type(batch).__name__}")
            for n, window in enumerate(windows(batch, self.truncate)):
                k += 1
                if k > self._position:
                    yield k, n == 0, window
        if k == 0:
            raise ValueError("data must give at least one Batch in each epoch, got none")
        self._epoch_seed, self._state = None, None

    # -- the loop --------------------------------------------------------------------------------------------------
    def fit(
        self,
        data: Data,
        *,
        num_updates: int,
        validation: Batch | Sequence[Batch] | None = None,
        validate_every: int = 100,
        patience: int | None = None,
        checkpoint: str | os.PathLike | None = None,
        checkpoint_every: int = 100,
        progress: bool = False,
    ) -> dict[str, Any]:
        """Train until `num_updates` updates have been made in all, those before this call counted.

        Parameters
        ----------
        data : callable
            ``data(rng)`` gives a fresh `Batch`, or the batches of one epoch; it is called again when they are used up.
        num_updates : int
        validation : Batch, or several, optional
            Evaluated every `validate_every` updates.
        validate_every : int
        patience : int, optional
            Early stopping: end after so many validations without a new best, and put the best weights back.  A
            trainer that has stopped stays so; a call without patience goes on.
        checkpoint : path, optional
            Written every `checkpoint_every` updates and at the end; `load` goes on from it.
        checkpoint_every : int
        progress : bool
            Show a progress bar (needs tqdm).

        Returns
        -------
        dict
            The history.

        Raises
        ------
        Diverged
            If the loss turns nan or inf.
        ValueError, TypeError
            For data that is not a Batch or holds nan, for patience without validation.
        """
        total = check.count("num_updates", num_updates)
        validate_every = check.count("validate_every", validate_every)
        checkpoint_every = check.count("checkpoint_every", checkpoint_every)
        if not callable(data):
            raise TypeError(f"data must be callable, rng → Batch or batches, got {type(data).__name__}")
        if patience is not None:
            patience = check.count("patience", patience)
            if validation is None:
                raise ValueError("patience needs validation, whose loss it watches, got None")
        if validation is not None and not isinstance(validation, Batch):
            if not isinstance(validation, Iterable):
                raise TypeError(f"validation must be a Batch or several, got {type(validation).__name__}")
            validation = list(validation)  # it is read many times
            if not validation or not all(isinstance(batch, Batch) for batch in validation):
                kinds = ", ".join(sorted({type(batch).__name__ for batch in validation})) or "nothing"
                raise TypeError(f"validation must hold Batch, one or more, got {kinds}")
        if patience is None:
            self._stopped = False
        bar = _progress_bar(total, self.num_updates) if progress else None
        try:
            while self.num_updates < total and not self._stopped:
                for k, begins, window in self._epoch(data):
                    learned = self._update(begins, window)
                    self._position = k
                    if not learned:
                        continue
                    if bar is not None:
                        bar.update()
                        bar.set_postfix(loss=f"{self.history['loss'][-1]:.4g}", refresh=False)
                    n = self.num_updates
                    if validation is not None and n % validate_every == 0:
                        self._validate(validation, patience)
                    if n >= total or self._stopped:
                        break
                    if checkpoint is not None and n % checkpoint_every == 0:
                        self.save(checkpoint)
        finally:
            if bar is not None:
                bar.close()
        if checkpoint is not None:
            self.save(checkpoint)  # of the last update, whose memory the optimiser has; the best weights are in it too
        if patience is not None and self._best:
            for name, p in self.model.params.items():
                p[...] = self._best[name]
        return self.history

    def _update(self, begins: bool, window: Window) -> bool:
        """One update, or, where no target of the window counts, a step of the state alone."""
        if begins or self.truncate is None:
            self._state = None
        if window.mask is not None and not window.mask.any():
            _, self._state = self.model(window.inputs, state=self._state, mask=window.padding)
            return False
        rate = self.optimizer.rate
        try:
            loss, norm, state = train_step(
                self.model,
                window,
                self.loss,
                self.optimizer,
                state=self._state,
                rng=self.rng,
                clip_norm=self.clip_norm,
                clip_value=self.clip_value,
            )
        except Diverged as error:
            last = self.history["loss"][-1] if self.history["loss"] else None
            last = error.loss if error.spoiled else last
            raise Diverged(error.loss, error.parameters, self.num_updates + 1, last, error.spoiled) from None
        self._state = state if self.truncate is not None else None
        self.num_updates += 1
        for name, value in zip(
            ("update", "loss", "grad_norm", "learning_rate"),
            (self.num_updates, loss, norm, rate),
            strict=True,
        ):
            self.history[name].append(value)
        return True

    def _validate(self, batches: Batch | Sequence[Batch], patience: int | None) -> None:
        loss = evaluate(self.model, batches, self.loss)
        self.history["validation"]["update"].append(self.num_updates)
        self.history["validation"]["loss"].append(loss)
        if loss < self._best_loss:
            self._best_loss, self._stale = loss, 0
            self.history["best_update"] = self.num_updates
            self._best = {name: p.copy() for name, p in self.model.params.items()}
        else:
            self._stale += 1
            self._stopped = patience is not None and self._stale >= patience

    # -- checkpoints -----------------------------------------------------------------------------------------------
    def _setting(self) -> dict[str, Any]:
        return {
            "architecture": describe(self.model),
            "optimizer": self.optimizer.config(),
            "clip_norm": self.clip_norm,
            "clip_value": self.clip_value,
            "truncate": self.truncate,
            "loss": getattr(self.loss, "__name__", type(self.loss).__name__),
        }

    def save(self, path: str | os.PathLike) -> None:
        """Write all that `load` needs to go on: weights, optimiser, generator, place in the data, history."""
        arrays = {f"params/{k}": p for k, p in self.model.params.items()}
        arrays |= {f"optimizer/{k}": m for k, m in self.optimizer.memory.items()}
        arrays |= {f"best/{k}": p for k, p in self._best.items()}
        carried = [] if self._state is None else leaves(self._state)
        arrays |= {f"state/{k}": a for k, a in enumerate(carried)}
        header = {
            "setting": self._setting(),
            "rng": _plain(self.rng.bit_generator.state),
            "history": self.history,
            "num_updates": self.num_updates,
            "optimizer_updates": self.optimizer.num_updates,
            "epoch_seed": self._epoch_seed,
            "position": self._position,
            "best_loss": None if np.isinf(self._best_loss) else self._best_loss,
            "stale": self._stale,
            "stopped": self._stopped,
        }
        files.write(path, "checkpoint", header, arrays)

    def load(self, path: str | os.PathLike) -> None:
        """Go back to where `save` was: the next updates give the same weights, bit for bit.

        The weights are those of the last update.  If the run had stopped early, `fit` with patience puts the best
        ones back at once.

        Raises
        ------
        ValueError
            If the file is damaged, or of another architecture, optimiser or setting; then nothing changes.
        """
        header, arrays = files.read(path, "checkpoint")
        got, want = header.get("setting"), self._setting()
        if got != want:
            differ = [k for k in want if not isinstance(got, dict) or got.get(k) != want[k]]
            raise ValueError(f"{os.fspath(path)} was made with another {', '.join(differ)}: got {got}, expected {want}")
        groups: dict[str, dict[str, Array]] = {"params": {}, "optimizer": {}, "best": {}, "state": {}}
        for name, a in arrays.items():
            group, _, key = name.partition("/")
            groups.setdefault(group, {})[key] = a
        params = self.model.params
        if groups.keys() - {"params", "optimizer", "best", "state"}:
            raise ValueError(f"{os.fspath(path)} holds arrays that are no part of a checkpoint")
        for group in ("params", "best"):
            if group == "best" and not groups["best"]:
                continue
            shapes = {k: (a.shape, a.dtype) for k, a in groups[group].items()}
            if shapes != {k: (p.shape, p.dtype) for k, p in params.items()}:
                raise ValueError(f"{os.fspath(path)} must hold {', '.join(params)} under {group}, and does not")
        memory = {f"{k}/{what}": p for k, p in params.items() for what in self.optimizer.KEEPS}
        if groups["optimizer"] and {k: (a.shape, a.dtype) for k, a in groups["optimizer"].items()} != {
            k: (p.shape, p.dtype) for k, p in memory.items()
        }:
            raise ValueError(f"{os.fspath(path)} must hold the optimiser's {', '.join(memory)}, and does not")
        try:
            generator = copy.deepcopy(self.rng.bit_generator)
            generator.state = header["rng"]
            state = None
            if groups["state"]:
                ordered = [groups["state"][str(k)] for k in range(len(groups["state"]))]
                like = self.model.initial_state(ordered[0].shape[0])
                if [(a.shape, a.dtype) for a in ordered] != [(a.shape, a.dtype) for a in leaves(like)]:
                    raise ValueError("its state is not one of this model's")
                state = with_leaves(like, iter(ordered))
            counts = {
                k: check.count(k, header[k], 0) for k in ("num_updates", "optimizer_updates", "position", "stale")
            }
            seed = None if header["epoch_seed"] is None else check.count("epoch_seed", header["epoch_seed"], 0)
            best_loss = np.inf if header["best_loss"] is None else check.number("best_loss", header["best_loss"])
            history = _checked_history(header["history"])
            if not isinstance(header["stopped"], bool):
                raise TypeError("stopped must be true or false")
        except (KeyError, TypeError, ValueError, IndexError, OverflowError, AttributeError) as error:
            raise ValueError(f"{os.fspath(path)} is not a whole checkpoint: {error!r}") from error
        for k, p in params.items():
            p[...] = groups["params"][k]
        self.optimizer.memory, self.optimizer.num_updates = groups["optimizer"], counts["optimizer_updates"]
        self.rng.bit_generator.state = generator.state
        self.history, self.num_updates = history, counts["num_updates"]
        self._epoch_seed, self._position, self._state = seed, counts["position"], state
        self._best, self._best_loss = groups["best"], best_loss
        self._stale, self._stopped = counts["stale"], header["stopped"]


def _checked_history(history: Any) -> dict[str, Any]:
    """A history read from a file: lists of numbers under the names of `new_history`."""
    wanted = new_history()
    if not isinstance(history, dict) or history.keys() != wanted.keys():
        raise ValueError(f"its history must hold {', '.join(wanted)}")
    if not isinstance(history["validation"], dict) or history["validation"].keys() != wanted["validation"].keys():
        raise ValueError(f"its history's validation must hold {', '.join(wanted['validation'])}")
    curves = [history[k] for k in ("update", "loss", "grad_norm", "learning_rate")]
    for group in (curves, list(history["validation"].values())):
        if not all(isinstance(curve, list) for curve in group) or len({len(curve) for curve in group}) != 1:
            raise ValueError("its history must hold lists of one length")
        for curve in group:
            for value in curve:
                check.number("a number in its history", value)
    if history["best_update"] is not None:
        check.count("best_update", history["best_update"])
    return history


def _plain(state: Any) -> Any:
    """A generator's state as JSON can say it."""
    if isinstance(state, dict):
        return {k: _plain(v) for k, v in state.items()}
    return state.tolist() if isinstance(state, np.ndarray | np.generic) else state


def _progress_bar(total: int, done: int) -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        raise ImportError('progress=True needs tqdm: pip install "rnnbook[notebook]"') from None
    return tqdm(total=total, initial=done, unit="update")
