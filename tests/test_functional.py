"""Activations and their slopes, softmax, and sums by id."""

import warnings

import numpy as np
import pytest
from checking import assert_close, numeric_gradient
from hypothesis import given
from hypothesis import strategies as st
from reference import ACTIVATIONS as BY_HAND

from rnnbook import functional
from rnnbook.functional import ACTIVATIONS, activation, log_softmax, overflow_is_fine, sigmoid, softmax, sum_by_id

NAMES = list(ACTIVATIONS)
A = np.random.default_rng(0).normal(0, 2, (5, 4))  # no entry lies within 1e-3 of relu's kink


def test_the_reference_knows_every_activation():
    assert set(BY_HAND) == set(ACTIVATIONS)


@pytest.mark.parametrize("name", NAMES)
class TestActivation:
    def test_value_is_the_one_by_hand(self, name):
        assert_close(activation(name).f(A), BY_HAND[name][0](A))

    def test_slope_of_the_output_is_the_derivative_by_hand(self, name):
        phi = activation(name)
        assert_close(phi.slope(phi.f(A)), BY_HAND[name][1](A))

    def test_slope_is_the_numerical_derivative(self, name):
        phi, a = activation(name), A.copy()
        numeric = numeric_gradient(lambda: phi.f(a).sum(), a)
        assert_close(phi.slope(phi.f(A)), numeric, 1e-8)

    def test_writes_into_out_and_returns_it(self, name):
        out = np.full_like(A, np.nan)
        assert activation(name).f(A, out=out) is out
        assert_close(out, BY_HAND[name][0](A))

    def test_works_in_place(self, name):
        a = A.copy()
        assert activation(name).f(a, out=a) is a
        assert_close(a, BY_HAND[name][0](A))

    def test_leaves_its_input_alone(self, name):
        a = A.copy()
        activation(name).f(a)
        np.testing.assert_array_equal(a, A)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_keeps_the_dtype(self, name, dtype):
        phi = activation(name)
        y = phi.f(A.astype(dtype))
        assert y.dtype == dtype and phi.slope(y).dtype == dtype

    def test_never_decreases(self, name):
        y = activation(name).f(np.linspace(-50, 50, 1001))
        assert (np.diff(y) >= 0).all()


def test_relu_has_slope_zero_at_zero():
    assert activation("relu").slope(np.zeros(1)) == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_of_huge_numbers_is_exact_and_silent(dtype):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = sigmoid(np.array([-1e30, -1000, 0, 1000, 1e30], dtype))
    np.testing.assert_array_equal(y, np.array([0, 0, 0.5, 1, 1], dtype))


def test_sigmoid_takes_integers():
    y = sigmoid(np.array([0, 1]))
    assert y.dtype.kind == "f"
    assert_close(y, [0.5, 1 / (1 + np.exp(-1))])


def test_overflow_is_silent_inside_its_context_alone():
    before = np.geterr()
    with overflow_is_fine(), warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isinf(np.exp(np.array([1000.0])))[0]
        assert np.geterr() == before | {"over": "ignore"}  # division by zero and nan still speak
    assert np.geterr() == before


@given(st.integers(1, 5), st.integers(1, 6), st.sampled_from([np.float32, np.float64]), st.integers(0, 99))
def test_softmax_gives_probabilities_that_a_shift_does_not_change(n, V, dtype, seed):
    logits = np.random.default_rng(seed).normal(0, 30, (n, V)).astype(dtype)
    p, tol = softmax(logits), 20 * np.finfo(dtype).eps
    assert p.dtype == dtype and p.shape == logits.shape and (p >= 0).all()
    assert_close(p.sum(axis=-1), np.ones(n), tol)
    assert_close(softmax(logits + dtype(64)), p, 100 * tol)
    assert_close(np.exp(log_softmax(logits)), p, 100 * tol)
    assert log_softmax(logits).dtype == dtype


def test_softmax_by_hand():
    assert_close(softmax(np.log([[1.0, 2.0, 5.0]])), [[1 / 8, 2 / 8, 5 / 8]])


def test_softmax_works_along_the_last_axis():
    logits = np.random.default_rng(0).normal(size=(2, 3, 4))
    assert_close(softmax(logits)[1, 2], softmax(logits[1, 2]))
    assert_close(log_softmax(logits)[1, 2], log_softmax(logits[1, 2]))


@pytest.mark.parametrize("f", [softmax, log_softmax])
def test_softmax_of_huge_logits_is_finite_and_leaves_them_alone(f):
    logits = np.array([1e4, -1e4, 0.0])
    assert np.isfinite(f(logits)).all()
    np.testing.assert_array_equal(logits, [1e4, -1e4, 0.0])


@given(st.integers(0, 80), st.integers(1, 30), st.integers(1, 3), st.integers(0, 99))
def test_sum_by_id_equals_the_naive_loop(n, size, width, seed):
    rng = np.random.default_rng(seed)
    ids, rows = rng.integers(0, size, n), rng.standard_normal((n, width))
    expected = np.zeros((size, width))
    for i, row in zip(ids, rows, strict=True):
        expected[i] += row
    assert_close(sum_by_id(ids, rows, size), expected)


def test_sum_by_id_keeps_dtype_and_inputs():
    ids, rows = np.array([1, 0, 1]), np.ones((3, 2), np.float32)
    total = sum_by_id(ids, rows, 2)
    assert total.dtype == np.float32
    np.testing.assert_array_equal(ids, [1, 0, 1])
    np.testing.assert_array_equal(rows, 1)


def test_an_unknown_activation_is_refused_with_the_known_names():
    with pytest.raises(
        ValueError, match="activation must be one of tanh, sigmoid, relu, softsign, identity, got 'gelu'"
    ):
        functional.activation("gelu")


def test_an_activation_that_is_no_name_is_refused():
    with pytest.raises(TypeError, match="activation must be one of tanh"):
        functional.activation(np.tanh)
