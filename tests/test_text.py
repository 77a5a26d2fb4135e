"""Vocabularies and streams of text, and the corpus that comes with Python."""

import sys

import numpy as np
import pytest

import rnnbook as rb
from rnnbook.data import Vocabulary, python_documentation, streams, words


class TestVocabulary:
    def test_what_was_encoded_comes_back(self):
        text = "To be, or not to be: 사느냐 죽느냐\n"
        letters = Vocabulary.of(text)
        assert "".join(letters.decode(letters.encode(text))) == text
        assert len(letters) == len(set(text)) and list(letters.tokens) == sorted(set(text))
        tokens = words(text)
        vocabulary = Vocabulary.of(tokens)
        assert vocabulary.decode(vocabulary.encode(tokens)) == tokens

    def test_ids_are_places(self):
        vocabulary = Vocabulary(["b", "a"])
        assert vocabulary.encode("ab").tolist() == [1, 0] and vocabulary.encode("ab").dtype.kind == "i"
        assert vocabulary.encode("").shape == (0,)
        assert repr(vocabulary) == "<Vocabulary of 2: 'b', 'a'>"
        assert repr(Vocabulary("abcdef")).endswith("'e', …>")

    def test_rare_words_share_one_id(self):
        vocabulary = Vocabulary.of(words("a a b b b c d"), min_count=2)
        assert vocabulary.tokens == ("<unknown>", "a", "b")
        assert vocabulary.encode(["b", "c", "zzz"]).tolist() == [2, 0, 0]
        assert Vocabulary.of(["<unknown>"] * 3 + ["a"] * 2, min_count=2).tokens == ("<unknown>", "a")

    def test_errors_by_name(self):
        with pytest.raises(ValueError, match=r"tokens must be in the vocabulary, got '!' at 2"):
            Vocabulary("ab").encode("ab!")
        with pytest.raises(ValueError, match=r"got '!' at 1"):
            Vocabulary("ab").encode(iter(["a", "!"]))
        with pytest.raises(ValueError, match="tokens must all be different, got 'a' twice"):
            Vocabulary("aba")
        with pytest.raises(TypeError, match="tokens must be one string or more, got none"):
            Vocabulary([])
        with pytest.raises(TypeError, match="tokens must be one string or more, got 3"):
            Vocabulary(["a", 3])
        with pytest.raises(ValueError, match=r"unknown must be one of the tokens, got '\?'"):
            Vocabulary("ab", unknown="?")
        with pytest.raises(ValueError, match="min_count must be at least 1"):
            Vocabulary.of("ab", min_count=0)
        with pytest.raises(ValueError, match="ids must hold ids from 0 to 1, got 2"):
            Vocabulary("ab").decode([2])
        with pytest.raises(TypeError, match="text must be a string"):
            words(["a"])


class TestWords:
    def test_words_and_marks(self):
        assert words("Say hello -- don't\n\tsay 'goodbye'!") == [
            *["Say", "hello", "-", "-", "don't", "say", "'", "goodbye", "'", "!"]
        ]
        assert words("나는 학교에 간다.") == ["나는", "학교에", "간다", "."]
        assert words(" \n") == []


class TestStreams:
    def test_each_stream_goes_on_where_it_was_and_targets_are_one_ahead(self):
        ids = np.random.default_rng(0).integers(9, size=103)
        for B in (1, 2, 7, 102):
            batch, T = streams(ids, batch_size=B), 102 // B
            assert batch.inputs.shape == batch.targets.shape == (T, B)
            assert (batch.inputs.T.ravel() == ids[: T * B]).all()
            assert (batch.targets.T.ravel() == ids[1 : T * B + 1]).all()
            assert 103 - T * B <= B + (102 % B == 0)

    def test_windows_with_carried_state_read_it_as_one_text(self):
        rng = np.random.default_rng(0)
        batch = streams(rng.integers(5, size=61), batch_size=3)
        layer = rb.Recurrent(rb.ElmanCell(5, 4, rng=rng, dtype=np.float64))
        whole, _ = layer(batch.inputs)
        state, parts = None, []
        for start in range(0, 20, 6):
            y, state = layer(batch.inputs[start : start + 6], state)
            parts.append(y)
        np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-12)

    def test_errors_by_name(self):
        with pytest.raises(ValueError, match="ids must hold more than batch_size = 4, got 4"):
            streams(np.arange(4), batch_size=4)
        with pytest.raises(TypeError, match="ids must be integers"):
            streams(np.arange(4.0), batch_size=1)
        with pytest.raises(ValueError, match="ids must have shape"):
            streams(np.zeros((2, 3), int), batch_size=1)
        with pytest.raises(ValueError, match="batch_size must be at least 1"):
            streams(np.arange(4), batch_size=0)


class TestDocumentation:
    def test_it_is_python_s(self):
        text = python_documentation()
        assert len(text) > 200_000 and 'The "assert" statement' in text
        assert text == python_documentation()

    def test_without_it_docstrings_take_its_place(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)  # as if it were not there
        text = python_documentation()
        assert 20_000 < len(text) < 200_000 and (len.__doc__ in text) and (str.join.__doc__ in text)
        assert text == python_documentation()
