"""Optimisers against formulas written out once more, and against PyTorch; clipping; schedules."""

import math

import numpy as np
import pytest
from checking import assert_close

import rnnbook as rb
from rnnbook import optim

STEPS = 7


def problem(dtype=np.float64):
    """Parameters and a gradient that depends on them, so that an error of one step goes on into the next."""
    rng = np.random.default_rng(0)
    params = {"W": rng.standard_normal((3, 2)).astype(dtype), "b": rng.standard_normal(3).astype(dtype)}
    scales = {"W": rng.standard_normal((STEPS, 3, 2)), "b": rng.standard_normal((STEPS, 3))}

    def gradient(k, p, name):
        return (scales[name][k] + 0.5 * p).astype(p.dtype)

    return params, gradient


# Each is the paper's formula for one number: (p, g, rate, k, memory) → p, with k counted from 1.
def sgd(p, g, rate, k, m):
    return p - rate * g


def momentum(p, g, rate, k, m, mu=0.9):
    m["v"] = mu * m.get("v", 0) + g
    return p - rate * m["v"]


def nesterov(p, g, rate, k, m, mu=0.9):
    m["v"] = mu * m.get("v", 0) + g
    return p - rate * g - rate * mu * m["v"]


def adagrad(p, g, rate, k, m):
    m["s"] = m.get("s", 0) + g**2
    return p - rate * g / (math.sqrt(m["s"]) + 1e-10)


def rmsprop(p, g, rate, k, m):
    m["s"] = 0.9 * m.get("s", 0) + 0.1 * g**2
    return p - rate * g / (math.sqrt(m["s"]) + 1e-8)


def adam(p, g, rate, k, m):
    m["m"] = 0.9 * m.get("m", 0) + 0.1 * g
    m["s"] = 0.999 * m.get("s", 0) + 0.001 * g**2
    return p - rate * (m["m"] / (1 - 0.9**k)) / (math.sqrt(m["s"] / (1 - 0.999**k)) + 1e-8)


OPTIMISERS = {
    "SGD": (rb.SGD, sgd, 0.1),
    "Momentum": (rb.Momentum, momentum, 0.1),
    "Nesterov": (rb.Nesterov, nesterov, 0.1),
    "AdaGrad": (rb.AdaGrad, adagrad, 0.1),
    "RMSProp": (rb.RMSProp, rmsprop, 0.01),
    "Adam": (rb.Adam, adam, 0.01),
}


@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("l1, l2", [(0, 0), (0.3, 0), (0, 0.2), (0.3, 0.2)])
def test_equals_the_formula_for_each_number(name, l1, l2):
    cls, formula, rate = OPTIMISERS[name]
    params, gradient = problem()
    want = {n: [float(v) for v in p.ravel()] for n, p in params.items()}
    memory = {n: [{} for _ in p.ravel()] for n, p in params.items()}
    optimiser = cls(rate, l1=l1, l2=l2)
    for k in range(STEPS):
        optimiser.step(params, {n: gradient(k, p, n) for n, p in params.items()})
        for n, p in params.items():
            g = gradient(k, np.array(want[n]).reshape(p.shape), n).ravel()
            for j, value in enumerate(want[n]):
                # Penalties pull at matrices; a bias is left alone.
                pull = l1 * np.sign(value) + l2 * value if n == "W" else 0
                want[n][j] = formula(value, float(g[j] + pull), rate, k + 1, memory[n][j])
    for n, p in params.items():
        assert_close(p.ravel(), np.array(want[n]), 1e-13, n)
    assert optimiser.num_updates == STEPS


@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_large_parameter_is_updated_like_its_parts(name, order):
    cls, _, rate = OPTIMISERS[name]
    rng = np.random.default_rng(0)
    n = 2**15 // 100 + 7  # n rows of 100: more than one block, and a block ends within a row
    large = {"W": np.array(rng.standard_normal((n, 100)), order=order)}
    parts = {str(k): row.copy() for k, row in enumerate(large["W"])}
    one, many = cls(rate), cls(rate)
    for _ in range(3):
        g = rng.standard_normal((n, 100))
        one.step(large, {"W": g})
        many.step(parts, {str(k): row for k, row in enumerate(g)})
    np.testing.assert_array_equal(large["W"], np.array(list(parts.values())))


@pytest.mark.torch
@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("l2", [0, 0.2])
def test_agrees_with_pytorch(name, l2):
    torch = pytest.importorskip("torch")
    params, gradient = problem()
    theirs = {n: torch.tensor(p.copy(), requires_grad=True) for n, p in params.items()}
    # PyTorch decays biases too unless they stand in a group of their own.
    groups = [{"params": [theirs["W"]], "weight_decay": l2}, {"params": [theirs["b"]]}]
    cls, _, rate = OPTIMISERS[name]
    other = {
        "SGD": lambda: torch.optim.SGD(groups, lr=rate),
        "Momentum": lambda: torch.optim.SGD(groups, lr=rate, momentum=0.9),
        "Nesterov": lambda: torch.optim.SGD(groups, lr=rate, momentum=0.9, nesterov=True),
        "AdaGrad": lambda: torch.optim.Adagrad(groups, lr=rate, eps=1e-10),
        "RMSProp": lambda: torch.optim.RMSprop(groups, lr=rate, alpha=0.9, eps=1e-8),
        "Adam": lambda: torch.optim.Adam(groups, lr=rate),
    }[name]()
    ours = cls(rate, l2=l2)
    for k in range(STEPS):
        for n, p in theirs.items():
            p.grad = torch.tensor(gradient(k, p.detach().numpy(), n))
        other.step()
        ours.step(params, {n: gradient(k, p, n) for n, p in params.items()})
    for n, p in params.items():
        assert_close(p, theirs[n].detach().numpy(), 1e-12, n)


@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_writes_in_place_and_keeps_the_dtype(name, dtype):
    cls, _, rate = OPTIMISERS[name]
    params, gradient = problem(dtype)
    arrays = dict(params)
    before = {n: p.copy() for n, p in params.items()}
    optimiser, grads = cls(rate, l1=0.1, l2=0.1), {n: gradient(0, p, n) for n, p in params.items()}
    kept = {n: g.copy() for n, g in grads.items()}
    optimiser.step(params, grads)
    for n, p in params.items():
        assert p is arrays[n] and p.dtype == dtype and (p != before[n]).all()
        assert (grads[n] == kept[n]).all()  # the caller's gradients are not the optimiser's scratch paper
    assert {m.dtype for m in optimiser.memory.values()} <= {np.dtype(dtype)}


def test_memory_is_named_after_parameter_and_kind():
    params, gradient = problem()
    optimiser = rb.Adam(0.1)
    optimiser.step(params, {n: gradient(0, p, n) for n, p in params.items()})
    assert sorted(optimiser.memory) == ["W/mean", "W/squares", "b/mean", "b/squares"]


@pytest.mark.parametrize("name", OPTIMISERS)
def test_gradients_that_do_not_fit_change_nothing(name):
    cls, _, rate = OPTIMISERS[name]
    params, gradient = problem()
    good = {n: gradient(0, p, n) for n, p in params.items()}
    optimiser, before = cls(rate), {n: p.copy() for n, p in params.items()}
    for bad, message in (
        ({"W": good["W"]}, "grads must hold W, b, got W"),
        ({**good, "V": good["W"]}, "grads must hold W, b, got W, b, V"),
        ({}, "got nothing"),
        ({"W": good["W"], "b": good["b"][:1]}, r"grads\['b'\] must have shape \(3,\), got \(1,\)"),
        ({"W": good["W"].T, "b": good["b"]}, r"grads\['W'\] must have shape \(3, 2\), got \(2, 3\)"),
    ):
        with pytest.raises(ValueError, match=message):
            optimiser.step(params, bad)
        assert all((p == before[n]).all() for n, p in params.items())
        assert optimiser.num_updates == 0 and not optimiser.memory


def test_l1_and_l2_are_the_gradients_of_what_they_say():
    W = np.random.default_rng(0).standard_normal((3, 2))
    params, nothing = {"W": W.copy(), "b": np.ones(3)}, {"W": np.zeros((3, 2)), "b": np.zeros(3)}
    rb.SGD(0.1, l1=0.3, l2=0.2).step(params, nothing)

    def penalty(w):
        return 0.3 * abs(w).sum() + 0.1 * (w * w).sum()

    slope = np.array([[(penalty(W + e) - penalty(W - e)) / 2e-6 for e in 1e-6 * np.eye(6).reshape(6, 3, 2)]])
    assert_close(W - params["W"], 0.1 * slope.reshape(3, 2), 1e-9)
    assert (params["b"] == 1).all()


class TestSchedules:
    def test_step_decay(self):
        rate = optim.step_decay(0.8, every=3, factor=0.1)
        assert [rate(k) for k in range(7)] == pytest.approx([0.8] * 3 + [0.08] * 3 + [0.008])

    def test_exponential_decay(self):
        rate = optim.exponential_decay(0.8, half_life=5)
        assert [rate(0), rate(5), rate(15)] == pytest.approx([0.8, 0.4, 0.1])
        assert rate(3) / rate(2) == pytest.approx(rate(9) / rate(8)) == pytest.approx(0.5**0.2)

    def test_cosine_decay(self):
        rate = optim.cosine_decay(0.9, num_updates=4, minimum=0.1)
        assert [rate(0), rate(2), rate(4), rate(9)] == pytest.approx([0.9, 0.5, 0.1, 0.1])
        assert rate(1) == pytest.approx(0.1 + 0.8 * (1 + math.cos(math.pi / 4)) / 2)

    def test_warmup(self):
        rate = optim.warmup(optim.step_decay(1.0, every=4), num_updates=4)
        assert [rate(k) for k in range(6)] == pytest.approx([0.25, 0.5, 0.75, 1, 0.5, 0.5])

    def test_an_optimiser_asks_with_the_number_of_updates_made(self):
        asked = []

        def schedule(update):
            asked.append(update)
            return 0.1 * (update + 1)

        optimiser, p = rb.SGD(schedule), {"w": np.zeros(1)}
        assert optimiser.rate == pytest.approx(0.1)
        for _ in range(3):
            optimiser.step(p, {"w": np.ones(1)})
        assert asked[1:] == [0, 1, 2]
        assert p["w"][0] == pytest.approx(-0.6)

    @pytest.mark.parametrize(
        "make, name",
        [
            (lambda: optim.step_decay(-1, every=1), "rate"),
            (lambda: optim.step_decay(1, every=0), "every"),
            (lambda: optim.step_decay(1, every=1, factor=-1), "factor"),
            (lambda: optim.exponential_decay(1, half_life=0), "half_life"),
            (lambda: optim.cosine_decay(1, num_updates=0), "num_updates"),
            (lambda: optim.cosine_decay(1, num_updates=1, minimum=-1), "minimum"),
            (lambda: optim.warmup(-1, num_updates=1), "schedule"),
            (lambda: optim.warmup(1, num_updates=0), "num_updates"),
            (lambda: rb.SGD(-0.1), "learning_rate"),
            (lambda: rb.SGD(np.nan), "learning_rate"),
            (lambda: rb.SGD(0.1, l1=-1), "l1"),
            (lambda: rb.SGD(0.1, l2=-1), "l2"),
            (lambda: rb.Momentum(0.1, momentum=1.1), "momentum"),
            (lambda: rb.RMSProp(0.1, decay=-0.1), "decay"),
            (lambda: rb.RMSProp(0.1, epsilon=0), "epsilon"),
            (lambda: rb.Adam(0.1, beta1=-0.1), "beta1"),
            (lambda: rb.Adam(0.1, beta2=1.1), "beta2"),
            (lambda: rb.AdaGrad(0.1, epsilon=0), "epsilon"),
        ],
    )
    def test_errors_by_name(self, make, name):
        with pytest.raises(ValueError, match=f"^{name} must be"):
            make()

    @pytest.mark.parametrize("option", ["beta1", "beta2"])
    def test_a_mean_that_never_moves_is_refused(self, option):
        # 1 - beta is what the correction divides by.
        with pytest.raises(ValueError, match=option):
            rb.Adam(0.1, **{option: 1})

    @pytest.mark.parametrize("rate", [np.nan, np.inf, -1])
    def test_a_schedule_that_gives_no_rate_is_refused_before_anything_changes(self, rate):
        p = {"w": np.ones(2)}
        optimiser = rb.SGD(lambda update: rate)
        with pytest.raises(ValueError, match="learning_rate"):
            optimiser.step(p, {"w": np.ones(2)})
        assert (p["w"] == 1).all() and optimiser.num_updates == 0


def test_an_optimiser_of_ones_own_says_what_it_lacks():
    class Mine(optim.Optimizer):
        pass

    with pytest.raises(TypeError, match="Mine does not say what an update is"):
        Mine(0.1).step({"w": np.ones(1)}, {"w": np.ones(1)})


class TestClipping:
    def grads(self, dtype=np.float64):
        rng = np.random.default_rng(0)
        return {"W": rng.standard_normal((3, 2)).astype(dtype), "b": rng.standard_normal(3).astype(dtype)}

    def long(self, grads):
        return np.concatenate([g.ravel() for g in grads.values()]).astype(np.float64)

    def test_global_norm_is_that_of_one_long_vector(self):
        g = self.grads()
        assert optim.global_norm(g) == pytest.approx(np.linalg.norm(self.long(g)), rel=1e-15)

    @pytest.mark.parametrize("max_norm", [0.1, 1.0])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_by_norm_keeps_the_direction(self, max_norm, dtype):
        g = self.grads(dtype)
        before, arrays = self.long(g), dict(g)
        assert optim.clip_by_norm(g, max_norm) == pytest.approx(np.linalg.norm(before), rel=1e-6)
        after = self.long(g)
        eps = 1e-6 if dtype == np.float32 else 1e-14
        assert np.linalg.norm(after) == pytest.approx(max_norm, rel=eps)
        assert_close(after / max_norm, before / np.linalg.norm(before), eps)
        assert all(g[n] is arrays[n] and g[n].dtype == dtype for n in g)

    def test_by_norm_leaves_what_is_short_enough(self):
        g = self.grads()
        before = self.long(g)
        optim.clip_by_norm(g, np.linalg.norm(before) * 1.01)
        assert (self.long(g) == before).all()

    def test_by_value(self):
        g = self.grads()
        before = self.long(g)
        optim.clip_by_value(g, 0.5)
        assert (self.long(g) == [max(-0.5, min(0.5, v)) for v in before]).all()

    def test_the_norm_of_large_float32_gradients_does_not_overflow(self):
        g = {"w": np.full(4, 3e30, np.float32)}
        assert optim.global_norm(g) == pytest.approx(6e30, rel=1e-6)
        optim.clip_by_norm(g, 1.0)
        np.testing.assert_allclose(g["w"], 0.5, rtol=1e-6)

    def test_the_norm_of_vanishing_float32_gradients_is_not_nought(self):
        # The square of 1e-25 is below float32's least number; a plot of vanishing gradients would end in a cliff.
        assert optim.global_norm({"w": np.full(4, 1e-25, np.float32)}) == pytest.approx(2e-25, rel=1e-6, abs=0)

    def test_the_norm_of_broken_gradients_is_broken(self):
        assert math.isnan(optim.global_norm({"w": np.array([np.nan, 1.0])}))
        assert optim.global_norm({"w": np.array([np.inf, 1.0])}) == np.inf

    @pytest.mark.parametrize("bad", [0, -1, np.nan, np.inf])
    def test_errors_by_name(self, bad):
        with pytest.raises(ValueError, match="max_norm"):
            optim.clip_by_norm(self.grads(), bad)
        with pytest.raises(ValueError, match="limit"):
            optim.clip_by_value(self.grads(), bad)


def test_a_memory_of_another_shape_is_refused_before_anything_changes():
    optimizer = rb.Adam(0.1)
    optimizer.step({"w": np.ones(3)}, {"w": np.ones(3)})
    other = {"w": np.ones(4)}
    with pytest.raises(ValueError, match=r"params\['w'\] must have shape \(3,\), as before, got \(4,\)"):
        optimizer.step(other, {"w": np.ones(4)})
    assert optimizer.num_updates == 1 and (other["w"] == 1).all()


def test_gradients_that_are_not_finite_are_not_clipped_into_nan():
    grads = {"w": np.array([np.inf, 1.0])}
    with pytest.raises(ValueError, match="grads must be finite"):
        optim.clip_by_norm(grads, 1.0)
    assert grads["w"][1] == 1
