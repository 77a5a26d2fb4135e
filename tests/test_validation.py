"""The checks at the door: what passes comes back right, what does not names the argument, the wish and the finding."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rnnbook import validation as check

sizes = st.integers(1, 4)
shapes = st.lists(sizes, min_size=0, max_size=4).map(tuple)


def says(*words):
    """A pattern that wants all words, in their order."""
    return "(?s)" + ".*".join(re.escape(str(w)) for w in words)


class TestCount:
    @given(st.integers(-50, 50), st.integers(-5, 5))
    def test_passes_exactly_from_the_minimum_on(self, value, minimum):
        if value >= minimum:
            assert check.count("size", value, minimum) == value
        else:
            with pytest.raises(ValueError, match=says("size", "at least", minimum, value)):
                check.count("size", value, minimum)

    @pytest.mark.parametrize("value", [True, 1.0, "3", None, np.float64(2), np.bool_(True), [1]])
    def test_refuses_what_is_no_integer(self, value):
        with pytest.raises(TypeError, match=says("size", "integer", repr(value))):
            check.count("size", value)

    @pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint16])
    def test_numpy_integers_become_plain_ones(self, kind):
        assert type(check.count("size", kind(3))) is int


class TestNumber:
    @given(st.floats(allow_nan=True, allow_infinity=True), st.booleans())
    def test_passes_exactly_the_interval(self, value, above):
        inside = 0 < value <= 1 or (value == 0 and not above)
        if inside:
            assert check.number("rate", value, 0, 1, above=above) == value
        else:
            with pytest.raises(ValueError, match=says("rate", "finite", "above" if above else "at least", "1")):
                check.number("rate", value, 0, 1, above=above)

    def test_the_lower_bound_itself(self):
        assert check.number("rate", 0, 0) == 0
        with pytest.raises(ValueError) as error:
            check.number("rate", 0, 0, above=True)
        assert str(error.value) == "rate must be a finite number, above 0, got 0"

    def test_message_without_bounds_has_none(self):
        with pytest.raises(ValueError) as error:
            check.number("gain", np.nan)
        assert str(error.value) == "gain must be a finite number, got nan"

    def test_message_with_an_upper_bound_alone(self):
        with pytest.raises(ValueError) as error:
            check.number("gain", 3, high=2)
        assert str(error.value) == "gain must be a finite number, at most 2, got 3"

    @pytest.mark.parametrize("value", [True, "1", None, 1j, [1.0]])
    def test_refuses_what_is_no_number(self, value):
        with pytest.raises(TypeError, match=says("gain", "number", repr(value))):
            check.number("gain", value)

    def test_an_integer_beyond_every_float_is_a_value_error(self):
        with pytest.raises(ValueError, match="gain"):
            check.number("gain", 10**400)


def test_one_of_names_what_is_known():
    assert check.one_of("mode", "a", ["a", "b"]) == "a"
    with pytest.raises(ValueError, match=says("mode", "a, b", "'c'")):
        check.one_of("mode", "c", ["a", "b"])
    with pytest.raises(TypeError, match=says("mode", "a, b", "3")):
        check.one_of("mode", 3, ["a", "b"])
    # "ab" holds "a": a string of names must be taken letter by letter and not searched.
    with pytest.raises(ValueError, match="gate"):
        check.one_of("gate", "if", "ifgo")


@pytest.mark.parametrize("rng", [None, 0, np.random, np.random.RandomState(0)])
def test_only_a_generator_is_a_source_of_chance(rng):
    with pytest.raises(TypeError, match=says("rng", "numpy.random.Generator", "default_rng")):
        check.generator("rng", rng)


@pytest.mark.parametrize("dtype", [np.float16, int, "complex128", bool, object])
def test_only_two_precisions(dtype):
    with pytest.raises(ValueError, match=says("dtype", "float32 or float64", np.dtype(dtype))):
        check.float_dtype("dtype", dtype)


def test_no_dtype_at_all():
    with pytest.raises(TypeError, match=says("dtype", "float32 or float64", "'flaot'")):
        check.float_dtype("dtype", "flaot")
    assert check.float_dtype("dtype", "float32") == np.float32


class TestShape:
    @given(shapes, shapes)
    def test_equal_shapes_and_no_others(self, have, want):
        if have == want:
            check.shape("x", np.zeros(have), want)
        else:
            with pytest.raises(ValueError, match=says("x", "shape", "got")):
                check.shape("x", np.zeros(have), want)

    @given(shapes, shapes)
    def test_dots_stand_for_any_axes_in_front(self, lead, tail):
        check.shape("x", np.zeros(lead + tail), ("...", *tail))

    @given(st.integers(1, 3), st.integers(1, 3))
    def test_the_last_axis_counts_behind_dots(self, have, want):
        if have != want:
            with pytest.raises(ValueError, match=says("x must have shape (..., ", want, "got", have)):
                check.shape("x", np.zeros((2, have)), ("...", want))

    def test_a_word_is_any_size_but_nought(self):
        check.shape("x", np.zeros((5, 2)), ("T", 2))
        with pytest.raises(ValueError, match=says("x must not be empty, got shape (0, 2)")):
            check.shape("x", np.zeros((0, 2)), ("T", 2))

    def test_the_message_shows_both_shapes_as_a_reader_writes_them(self):
        with pytest.raises(ValueError) as error:
            check.shape("x", np.zeros((5,)), ("T", "B", 3))
        assert str(error.value) == "x must have shape (T, B, 3), got (5,)"


@given(
    hnp.arrays(
        st.sampled_from([np.int32, np.float32, np.float64, np.bool_]), (2, 3), elements={"min_value": 0, "max_value": 1}
    )
)
def test_floats_keeps_values_and_gives_the_dtype(a):
    got = check.floats("x", a, (2, 3), np.dtype(np.float64))
    assert got.dtype == np.float64 and (got == a).all()


def test_floats_makes_no_copy_of_what_is_right_already():
    a = np.zeros((2, 3))
    assert check.floats("x", a, (2, 3), a.dtype) is a


@pytest.mark.parametrize("a", [np.zeros(2, complex), np.array(["a"]), np.array([None]), np.zeros(2, "M8[s]")])
def test_floats_refuses_what_is_not_real(a):
    with pytest.raises(TypeError, match=says("x", "real numbers", a.dtype)):
        check.floats("x", a, ("N",), np.dtype(np.float32))


@given(hnp.arrays(np.int64, (3,), elements=st.integers(-4, 9)), st.integers(1, 6))
def test_ids_pass_exactly_below_the_size(a, size):
    if a.min() >= 0 and a.max() < size:
        assert check.ids("x", a, ("N",), size) is a
    else:
        culprit = a.min() if a.min() < 0 else a.max()
        with pytest.raises(ValueError, match=says("x", "0 to", size - 1, "got", culprit)):
            check.ids("x", a, ("N",), size)


@pytest.mark.parametrize("a", [np.zeros(2), np.zeros(2, bool), np.array(["a"])])
def test_ids_are_integers(a):
    with pytest.raises(TypeError, match=says("x", "integer ids", a.dtype)):
        check.ids("x", a, ("N",), 3)


def test_masks():
    m = np.array([[True, False]])
    assert check.mask("mask", m, (1, 2)) is m
    with pytest.raises(TypeError, match=says("mask", "bool", "int64")):
        check.mask("mask", m.astype(np.int64), (1, 2))
    with pytest.raises(ValueError, match=says("mask", "(2, 1)", "(1, 2)")):
        check.mask("mask", m, (2, 1))
    with pytest.raises(ValueError, match=says("mask", "masks everything")):
        check.mask("mask", ~np.ones((1, 2), bool), (1, 2))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_finite_says_where(bad):
    a = np.zeros((3, 4))
    check.finite("x", a)
    check.finite("x", np.zeros(3, int))
    a[2, 1] = bad
    with pytest.raises(ValueError, match=says("x must be finite", bad, "(2, 1)")):
        check.finite("x", a)


class TestParameters:
    shapes = {"W": (2, 3), "b": (2,)}

    def give(self, **params):
        return check.parameters("params", params, self.shapes, np.dtype(np.float32))

    def test_copies_and_converts(self):
        W, b = np.ones((2, 3)), np.zeros(2)
        got = self.give(W=W, b=b)
        W[...] = 7
        assert (got["W"] == 1).all() and got["W"].dtype == np.float32

    def test_is_read_only_but_its_arrays_are_not(self):
        got = self.give(W=np.ones((2, 3)), b=np.zeros(2))
        with pytest.raises(TypeError):
            got["W"] = np.zeros((2, 3))
        got["W"][...] = 2

    def test_missing_extra_and_misshapen(self):
        with pytest.raises(ValueError, match=says("params", "W, b", "got W")):
            self.give(W=np.ones((2, 3)))
        with pytest.raises(ValueError, match=says("params", "W, b", "got", "V")):
            self.give(W=np.ones((2, 3)), b=np.zeros(2), V=np.zeros(2))
        with pytest.raises(ValueError, match=says("params['b']", "(2,)", "(1,)")):
            self.give(W=np.ones((2, 3)), b=np.zeros(1))
        with pytest.raises(ValueError, match="nothing"):
            self.give()
        with pytest.raises(TypeError, match=says("params", "mapping", "list")):
            check.parameters("params", [1], self.shapes, np.dtype(np.float32))
