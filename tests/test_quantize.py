"""Weights rounded to a byte: how much is lost, and what is refused."""

import numpy as np
import pytest

from rnnbook.quantize import restored, rounded


@pytest.mark.parametrize("shape", [(7,), (3, 5), (4, 2, 3), (1, 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_lost_is_half_a_factor(shape, dtype):
    a = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    whole, scale = rounded(a)
    assert whole.dtype == np.int8 and whole.shape == shape
    assert scale.dtype == np.float32 and scale.shape == (shape[0] if len(shape) > 1 else 1,)
    back = restored(whole, scale)
    assert back.dtype == np.float32 and back.shape == shape
    each = scale.reshape(-1, *[1] * (len(shape) - 1))
    assert (np.abs(back - a) <= 0.5001 * each).all()


def test_each_row_has_its_own_factor_and_reaches_its_end():
    a = np.array([[1000.0, -2.0], [0.001, -0.0005], [0.0, 0.0]])
    whole, scale = rounded(a)
    assert whole.tolist() == [[127, 0], [127, -64], [0, 0]]
    np.testing.assert_allclose(scale * 127, [1000, 0.001, 1e-12], rtol=1e-6)
    np.testing.assert_allclose(restored(whole, scale)[:, 0], [1000, 0.001, 0], rtol=1e-6)
    assert rounded(-a)[0].min() == -127  # and never -128


def test_the_factors_of_a_vector_are_one():
    whole, scale = rounded(np.array([1.0, -4.0]))
    assert whole.tolist() == [32, -127] and scale.shape == (1,)


@pytest.mark.parametrize(
    ("a", "error", "message"),
    [
        ([1.0, np.nan], ValueError, "a must be finite"),
        ([], ValueError, "a must not be empty"),
        (3.0, ValueError, "a must have an axis"),
        ([1e300], ValueError, "a must fit into float32"),
        (["x"], TypeError, "a must hold real numbers"),
    ],
)
def test_what_cannot_be_rounded_is_refused(a, error, message):
    with pytest.raises(error, match=message):
        rounded(a)


def test_what_was_not_rounded_is_refused():
    whole, scale = rounded(np.ones((2, 3)))
    with pytest.raises(TypeError, match="whole must be int8"):
        restored(whole.astype(int), scale)
    with pytest.raises(TypeError, match="scale float32"):
        restored(whole, scale.astype(float))
    for wrong in (scale[:1], scale[None]):
        with pytest.raises(ValueError, match=r"scale must have shape \(2,\)"):
            restored(whole, wrong)
