"""First values of weights: their law, their reproducibility, and what is refused."""

from functools import partial

import numpy as np
import pytest
from checking import assert_close

from rnnbook import init
from rnnbook.cells import LSTMCell

DRAWN = {"uniform": init.uniform, "normal": init.normal, "xavier": init.xavier, "orthogonal": init.orthogonal}
FIXED = {"zeros": init.zeros, "identity": init.identity}
BIG = (300, 200)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", DRAWN | FIXED)
def test_gives_the_shape_that_was_asked_for(name):
    assert (DRAWN | FIXED)[name]((3, 5), rng()).shape == (3, 5)


@pytest.mark.parametrize("name", DRAWN)
class TestDrawn:
    def test_the_same_seed_gives_the_same_weights(self, name):
        np.testing.assert_array_equal(DRAWN[name]((4, 3), rng(7)), DRAWN[name]((4, 3), rng(7)))

    def test_the_generator_moves_on(self, name):
        one = rng()
        assert not np.array_equal(DRAWN[name]((4, 3), one), DRAWN[name]((4, 3), one))

    def test_the_mean_is_zero(self, name):
        w = DRAWN[name](BIG, rng())
        assert abs(w.mean()) < 5 * w.std() / np.sqrt(w.size)

    def test_both_signs_occur(self, name):
        w = DRAWN[name](BIG, rng())
        assert 0.45 < (w > 0).mean() < 0.55

    @pytest.mark.parametrize("bad", [0, None, np.random])
    def test_refuses_what_is_no_generator(self, name, bad):
        with pytest.raises(TypeError, match=r"rng must be a numpy.random.Generator, such as .*default_rng\(0\)"):
            DRAWN[name]((4, 3), bad)


def test_uniform_fills_one_over_the_root_of_the_inputs():
    w = init.uniform(BIG, rng())
    limit = 200**-0.5  # the last size is the number of inputs
    assert 0.999 * limit < abs(w).max() <= limit
    assert_close(w.var() / (limit**2 / 3), 1.0, 0.02)


def test_uniform_fills_the_limit_it_is_given():
    w = init.uniform(BIG, rng(), limit=3)
    assert 2.99 < abs(w).max() <= 3


def test_normal_has_its_scale():
    assert_close(init.normal(BIG, rng()).std() / 0.01, 1.0, 0.02)
    assert_close(init.normal(BIG, rng(), scale=2).std() / 2, 1.0, 0.02)


@pytest.mark.parametrize("gain", [1.0, 2.0])
def test_xavier_has_the_variance_of_its_paper(gain):
    w = init.xavier(BIG, rng(), gain=gain)
    assert_close(w.var() / (2 * gain**2 / (300 + 200)), 1.0, 0.02)
    assert abs(w).max() <= gain * np.sqrt(6 / 500)


@pytest.mark.parametrize("shape", [(4, 4), (6, 4), (4, 6), (1, 3), (3, 1)], ids=str)
@pytest.mark.parametrize("gain", [1.0, 1.5])
def test_orthogonal_has_orthonormal_rows_or_columns(shape, gain):
    w = init.orthogonal(shape, rng(), gain=gain)
    gram = w @ w.T if shape[0] <= shape[1] else w.T @ w
    assert_close(gram, gain**2 * np.eye(min(shape)), 1e-12)


def test_orthogonal_is_uniform_over_the_rotations():
    # QR alone prefers one sign in its corner: without the correction the mean of these is far from 0.
    one = rng()
    corners = [init.orthogonal((2, 2), one)[0, 0] for _ in range(400)]
    assert abs(np.mean(corners)) < 0.15
    assert 0.4 < np.mean([np.linalg.det(init.orthogonal((2, 2), one)) > 0 for _ in range(400)]) < 0.6


def test_zeros_and_identity_are_what_they_say():
    np.testing.assert_array_equal(init.zeros((2, 3)), np.zeros((2, 3)))
    np.testing.assert_array_equal(init.identity((2, 3)), [[1, 0, 0], [0, 1, 0]])
    np.testing.assert_array_equal(init.identity((2, 2), gain=0.5), [[0.5, 0], [0, 0.5]])


@pytest.mark.parametrize("f", [init.orthogonal, init.identity])
def test_what_needs_a_matrix_refuses_other_shapes(f):
    with pytest.raises(ValueError, match=r"shape must be that of a matrix \(outputs, inputs\), got \(3,\)"):
        f((3,), rng())


@pytest.mark.parametrize(
    ("f", "name", "low"),
    [
        (init.uniform, "limit", -1),
        (init.normal, "scale", -0.1),
        (init.xavier, "gain", -1),
        (init.orthogonal, "gain", -1),
    ],
)
def test_options_are_checked_by_name(f, name, low):
    with pytest.raises(ValueError, match=f"{name} must be a finite number, at least 0, got {low}"):
        f((2, 2), rng(), **{name: low})
    with pytest.raises(ValueError, match=f"{name} must be a finite number"):
        f((2, 2), rng(), **{name: np.nan})
    with pytest.raises(TypeError, match=f"{name} must be a number, got 'big'"):
        f((2, 2), rng(), **{name: "big"})


def test_identity_checks_its_gain():
    with pytest.raises(TypeError, match="gain must be a number"):
        init.identity((2, 2), gain=True)


def test_a_cell_draws_each_gate_on_its_own():
    cell = LSTMCell(3, 4, rng=rng(), U_init=partial(init.orthogonal, gain=1.5), dtype=np.float64)
    blocks = cell.params["U"].reshape(4, 4, 4)
    for U in blocks:
        assert_close(U @ U.T, 1.5**2 * np.eye(4))
    assert not np.array_equal(blocks[0], blocks[1])
    limit = np.sqrt(6 / (4 + 3))  # outputs are the H rows of one gate, not all 4 H
    assert 0.8 * limit < abs(cell.params["W"]).max() <= limit
