"""Losses: values known in closed form, naive formulas, sizes at which a naive formula breaks, masks, gradients."""

import math

import numpy as np
import pytest
from checking import assert_close

import rnnbook as rb
from rnnbook.gradcheck import check_loss

LOSSES = ("softmax_cross_entropy", "binary_cross_entropy", "mean_squared_error")
DTYPES = (np.float32, np.float64)


def case(name, shape=(4, 3, 5), dtype=np.float64, seed=0):
    """Predictions, targets and a mask (one for each target, without features)."""
    rng = np.random.default_rng(seed)
    a = (3 * rng.standard_normal(shape)).astype(dtype)
    targets = {
        "softmax_cross_entropy": rng.integers(shape[-1], size=shape[:-1]),
        "binary_cross_entropy": rng.random(shape),
        "mean_squared_error": rng.standard_normal(shape),
    }[name]
    mask = rng.random(shape[:-1]) < 0.6
    mask.flat[0], mask.flat[-1] = True, False
    return a, targets, mask


def naive(name, a, targets, mask=None):
    """Value by loops in plain Python."""
    total, n = 0.0, 0
    for at in np.ndindex(a.shape[:-1]):
        if mask is not None and not (mask[at].any() if mask.ndim == a.ndim else mask[at]):
            continue
        row = [float(v) for v in a[at]]
        if name == "softmax_cross_entropy":
            total -= math.log(math.exp(row[targets[at]]) / sum(map(math.exp, row)))
            n += 1
            continue
        for k, v in enumerate(row):
            if mask is not None and mask.ndim == a.ndim and not mask[at][k]:
                continue
            y, n = float(targets[at][k]), n + 1
            if name == "binary_cross_entropy":
                p = 1 / (1 + math.exp(-v))
                total -= y * math.log(p) + (1 - y) * math.log(1 - p)
            else:
                total += (v - y) ** 2
    return total / n


@pytest.mark.parametrize("V", [2, 7, 100])
@pytest.mark.parametrize("dtype", DTYPES)
def test_guessing_all_alike_costs_ln_v(V, dtype):
    loss, d = rb.softmax_cross_entropy(np.full((3, 2, V), 1.5, dtype), np.ones((3, 2), int))
    assert loss == pytest.approx(math.log(V), rel=1e-6 if dtype == np.float32 else 1e-14)
    assert d.dtype == dtype and isinstance(loss, float)


def test_a_guess_of_one_half_costs_ln_2():
    for y in (0, 1, 0.3):
        assert rb.binary_cross_entropy(np.zeros(5), np.full(5, y))[0] == pytest.approx(math.log(2), rel=1e-15)


def test_guessing_the_mean_costs_the_variance():
    y = np.random.default_rng(0).standard_normal((50, 3))
    assert rb.mean_squared_error(np.full_like(y, y.mean()), y)[0] == pytest.approx(y.var(), rel=1e-13)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("masked", ["no mask", "mask", "mask of each feature"])
def test_equals_the_naive_formula(name, dtype, masked):
    a, targets, mask = case(name, dtype=dtype)
    if masked == "no mask":
        mask = None
    elif masked == "mask of each feature":
        if name == "softmax_cross_entropy":
            return  # a class alone cannot be masked
        mask = np.random.default_rng(1).random(a.shape) < 0.5
    loss, d = getattr(rb, name)(a, targets, mask)
    assert loss == pytest.approx(naive(name, a, targets, mask), rel=1e-5 if dtype == np.float32 else 1e-12)
    assert d.dtype == dtype and d.shape == a.shape


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("masked", [False, True])
def test_gradients(name, masked):
    a, targets, mask = case(name)
    report = check_loss(getattr(rb, name), a, targets, mask if masked else None)
    assert report.ok, report


@pytest.mark.parametrize("name", LOSSES[1:])
def test_gradients_with_a_mask_of_each_feature(name):
    a, targets, _ = case(name)
    mask = np.random.default_rng(1).random(a.shape) < 0.5
    assert check_loss(getattr(rb, name), a, targets, mask).ok
    assert (getattr(rb, name)(a, targets, mask)[1][~mask] == 0).all()


@pytest.mark.parametrize("name", LOSSES)
def test_arguments_stay_as_they_are(name):
    a, targets, mask = case(name)
    kept = a.copy(), targets.copy(), mask.copy()
    getattr(rb, name)(a, targets, mask)
    assert all((x == y).all() for x, y in zip((a, targets, mask), kept, strict=True))


@pytest.mark.parametrize("name", LOSSES)
def test_a_mask_is_the_same_as_leaving_out(name):
    a, targets, mask = case(name)
    loss, d = getattr(rb, name)(a, targets, mask)
    less, d_less = getattr(rb, name)(a[mask], targets[mask])
    assert loss == pytest.approx(less, rel=1e-14)
    assert_close(d[mask], d_less, 1e-15)
    assert (d[~mask] == 0).all()


@pytest.mark.parametrize("filler", [-1, 99, 5])
def test_masked_ids_may_be_any_filler(filler):
    a, targets, mask = case("softmax_cross_entropy")
    want = rb.softmax_cross_entropy(a, targets, mask)
    got = rb.softmax_cross_entropy(a, np.where(mask, targets, filler), mask)
    assert got[0] == want[0] and (got[1] == want[1]).all()


@pytest.mark.parametrize("name", LOSSES[1:])
@pytest.mark.parametrize("filler", [np.nan, np.inf, -1e30])
def test_masked_targets_may_be_any_filler(name, filler):
    a, targets, mask = case(name)
    want = getattr(rb, name)(a, targets, mask)
    got = getattr(rb, name)(a, np.where(mask[..., None], targets, filler), mask)
    assert got[0] == want[0] and (got[1] == want[1]).all()


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("filler", [np.nan, np.inf])
def test_masked_predictions_may_be_broken_without_a_word(name, filler):
    a, targets, mask = case(name)
    want = getattr(rb, name)(a, targets, mask)
    broken = np.where(mask[..., None], a, filler)
    broken[..., 0] = np.where(mask, a[..., 0], 0)  # inf beside finite, where softmax takes inf - inf
    got = getattr(rb, name)(broken, targets, mask)
    assert got[0] == want[0] and (got[1] == want[1]).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_huge_logits_stay_exact(dtype):
    a = np.array([[1e4, -1e4], [-1e4, 1e4]], dtype)
    loss, d = rb.softmax_cross_entropy(a, np.array([0, 0]))
    assert loss == pytest.approx(1e4) and np.isfinite(d).all()
    np.testing.assert_allclose(d, [[0, 0], [-0.5, 0.5]])
    loss, d = rb.binary_cross_entropy(a, np.array([[1, 0], [1, 1]]))
    assert loss == pytest.approx(1e4 / 4)
    np.testing.assert_allclose(d, [[0, 0], [-0.25, 0]])
    loss, d = rb.mean_squared_error(a, np.zeros((2, 2)))
    assert loss == pytest.approx(1e8) and np.isfinite(d).all()


def test_a_square_too_large_for_float32_is_still_a_number():
    loss, d = rb.mean_squared_error(np.full(2, 1e30, np.float32), np.zeros(2))
    assert loss == pytest.approx(1e60, rel=1e-6) and np.isfinite(d).all()


def test_small_probabilities_keep_their_digits():
    # log(1 + exp(-50)) is exp(-50) to sixteen digits; 1 + exp(-50) has none of them.
    assert rb.binary_cross_entropy(np.array([50.0]), np.array([1]))[0] == pytest.approx(math.exp(-50), rel=1e-14, abs=0)


def test_the_gradient_of_softmax_adds_up_to_nought():
    a, targets, mask = case("softmax_cross_entropy")
    _, d = rb.softmax_cross_entropy(a, targets, mask)
    assert abs(d.sum(axis=-1)).max() < 1e-15
    # and is p - one-hot, over the number that count
    p = np.exp(a) / np.exp(a).sum(axis=-1, keepdims=True)
    want = (p - np.eye(5)[targets]) * mask[..., None] / mask.sum()
    assert_close(d, want, 1e-15)


def test_a_shift_of_all_logits_changes_nothing():
    a, targets, _ = case("softmax_cross_entropy")
    one, two = rb.softmax_cross_entropy(a, targets), rb.softmax_cross_entropy(a + 100, targets)
    assert one[0] == pytest.approx(two[0], rel=1e-13)
    assert_close(one[1], two[1], 1e-13)


def test_accuracy():
    a = np.array([[[2.0, 1, 0], [0, 3, 1]], [[0, 0, 5], [9, 1, 1]]])
    targets = np.array([[0, 0], [2, 0]])
    assert rb.accuracy(a, targets) == 0.75
    assert rb.accuracy(a, targets, np.array([[True, True], [False, False]])) == 0.5
    assert (
        rb.accuracy(a, np.where([[True, False], [True, False]], targets, -1), np.array([[True, False], [True, False]]))
        == 1
    )


@pytest.mark.parametrize("name", LOSSES)
def test_errors_by_name(name):
    f = getattr(rb, name)
    a, targets, mask = case(name)
    first = "predictions" if name == "mean_squared_error" else "logits"
    with pytest.raises(TypeError, match=f"{first} must hold floats, got dtype int64"):
        f(np.zeros((4, 3, 5), np.int64), targets)
    with pytest.raises(ValueError, match="targets must have shape"):
        f(a, targets[:1])  # it would broadcast
    with pytest.raises(ValueError, match="mask must have shape"):
        f(a, targets, mask[:, :1])
    with pytest.raises(ValueError, match="mask.*masks everything"):
        f(a, targets, np.zeros_like(mask))
    with pytest.raises(TypeError, match="mask must be a bool array"):
        f(a, targets, mask.astype(float))
    with pytest.raises(ValueError, match=f"{first} must not be empty"):
        f(a[:0], targets[:0])


def test_errors_of_targets():
    a, targets, mask = case("softmax_cross_entropy")
    for bad in (-1, 5):
        with pytest.raises(ValueError, match=f"targets must hold ids from 0 to 4, got {bad}"):
            rb.softmax_cross_entropy(a, np.full_like(targets, bad))
        counted = targets.copy()
        counted[mask] = bad
        with pytest.raises(ValueError, match="targets"):
            rb.softmax_cross_entropy(a, counted, mask)
    with pytest.raises(TypeError, match="targets must hold integer ids"):
        rb.softmax_cross_entropy(a, targets.astype(float))
    with pytest.raises(ValueError, match="at least two axes"):
        rb.softmax_cross_entropy(np.zeros(3), 1)
    for bad in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match=r"targets must lie in \[0, 1\]"):
            rb.binary_cross_entropy(np.zeros(2), np.array([0.5, bad]))


@pytest.mark.torch
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("masked", [False, True])
def test_agrees_with_pytorch(name, masked):
    torch = pytest.importorskip("torch")
    a, targets, mask = case(name)
    mask = mask if masked else np.ones_like(mask)
    t = torch.tensor(a, requires_grad=True)
    rows, want, F = torch.tensor(mask), torch.tensor(targets), torch.nn.functional
    f = {
        "softmax_cross_entropy": F.cross_entropy,
        "binary_cross_entropy": F.binary_cross_entropy_with_logits,
        "mean_squared_error": F.mse_loss,
    }[name]
    value = f(t[rows], want[rows])
    value.backward()
    loss, d = getattr(rb, name)(a, targets, mask if masked else None)
    assert loss == pytest.approx(value.item(), rel=1e-13)
    assert_close(d, t.grad.numpy(), 1e-14)


def test_accuracy_refuses_what_is_no_class():
    for targets in (np.array([0.5, 7]), np.array([9, 0])):
        with pytest.raises((TypeError, ValueError), match="targets must hold"):
            rb.accuracy(np.zeros((2, 3)), targets)
