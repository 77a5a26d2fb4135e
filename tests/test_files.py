"""Files that are cut, bent, or made to harm: each is a ValueError, soon, small, and nothing changes."""

import io
import json
import os
import pickle
import signal
import stat
import struct
import subprocess
import sys
import textwrap
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest

import rnnbook as rb
from rnnbook import files


def model(seed=0):
    rng = np.random.default_rng(seed)
    return rb.Sequential(
        rnn=rb.Recurrent(rb.LSTMCell(2, 3, rng=rng)), drop=rb.Dropout(0.5), out=rb.Dense(3, 2, rng=rng)
    )


@pytest.fixture
def whole(tmp_path):
    """The bytes of a good file."""
    model().save(tmp_path / "whole.npz")
    return (tmp_path / "whole.npz").read_bytes()


def npy(a=None, *, header=None, version=b"\x01\x00", data=b""):
    """The bytes of an array, or of anything that calls itself one."""
    if header is None:
        file = io.BytesIO()
        np.lib.format.write_array(file, a, allow_pickle=True)
        return file.getvalue()
    text = header.encode("latin1")
    size = struct.pack("<H" if version == b"\x01\x00" else "<I", len(text))
    return b"\x93NUMPY" + version + size + text + data


def parts_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts, compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in parts.items() if isinstance(parts, dict) else parts:
            archive.writestr(name, data)
    return file.getvalue()


def refuse(data, path, match=None, limit=2_000_000):
    """Both doors must refuse `data`, without much memory and without touching a weight."""
    path.write_bytes(data)
    mine = model(1)
    before = {k: p.copy() for k, p in mine.params.items()}
    tracemalloc.start()
    try:
        for door in (mine.load, rb.load):
            with pytest.raises(ValueError, match=match) as error:
                door(path)
            assert str(path) in str(error.value)  # which file, of many
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < limit + 4 * len(data), f"{peak:,} bytes for a file of {len(data):,}"
    assert all((mine.params[k] == p).all() for k, p in before.items())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "hostile.npz"


def test_the_good_file_is_good(whole, path):
    path.write_bytes(packed(parts_of(whole)))
    assert (rb.load(path).params["rnn.W"] == model().params["rnn.W"]).all()


def test_cut_anywhere(whole, path):
    for n in [*range(0, len(whole), 97), *range(len(whole) - 25, len(whole))]:
        refuse(whole[:n], path)


def test_a_flipped_byte_is_seen_or_does_no_harm(whole, path):
    # A byte of a date or a permission is nobody's; every other one must be missed.
    good, seen = model().params, 0
    for at in range(0, len(whole), 5):
        for flip in (0x01, 0xFF):
            bent = bytearray(whole)
            bent[at] ^= flip
            path.write_bytes(bent)
            try:
                got = rb.load(path).params
            except ValueError:
                seen += 1
                continue
            assert all((got[k] == p).all() for k, p in good.items()), f"byte {at} changed a weight"
    assert seen > len(whole) / 5


def test_every_flip_in_the_data_is_seen(whole, path):
    start = whole.index(model().params["rnn.U"].tobytes())
    for at in range(start, start + 48, 5):
        bent = bytearray(whole)
        bent[at] ^= 0x10
        refuse(bytes(bent), path)


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\x05\x06" + bytes(18), b"hello" * 100, bytes(5000)])
def test_no_archive_at_all(data, path):
    refuse(data, path)


class Harm:
    """Runs when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, (os.environ["RNNBOOK_TEST_HARM"],)


def test_nothing_is_unpickled(whole, path, tmp_path, monkeypatch):
    monkeypatch.setenv("RNNBOOK_TEST_HARM", str(tmp_path / "harm"))
    parts = parts_of(whole)
    for bad in (npy(np.array([Harm()], object)), pickle.dumps(Harm())):
        refuse(packed(parts | {"rnn.W.npy": bad}), path)
    refuse(pickle.dumps(Harm()), path)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("a", [np.array(["text"]), np.zeros(3, "f4,i4"), np.zeros(3, "M8[s]"), np.zeros(3, complex)])
def test_only_arrays_of_numbers(a, whole, path):
    refuse(packed(parts_of(whole) | {"rnn.b.npy": npy(a)}), path)


def test_a_compressed_part_could_be_a_bomb(whole, path):
    parts = parts_of(whole) | {"rnn.W.npy": npy(np.zeros(10_000_000, np.float32))}
    data = packed(parts, zipfile.ZIP_DEFLATED)
    assert len(data) < 100_000
    refuse(data, path)


def test_a_small_compressed_part_is_refused_as_well(path):
    rng = np.random.default_rng(0)
    wide = rb.Sequential(a=rb.Dense(50, 50, rng=rng), b=rb.Dense(50, 50, rng=rng))
    wide.save(path)
    data = packed(parts_of(path.read_bytes()), zipfile.ZIP_DEFLATED)
    path.write_bytes(data)
    with zipfile.ZipFile(path) as archive:
        assert all(info.file_size < len(data) for info in archive.infolist())
    with pytest.raises(ValueError, match="compressed"):
        rb.load(path)


def test_an_array_in_the_order_of_fortran_is_the_same_array(whole, path):
    W = model().params["rnn.W"]
    path.write_bytes(packed(parts_of(whole) | {"rnn.W.npy": npy(np.asfortranarray(W))}))
    assert (rb.load(path).params["rnn.W"] == W).all()


def test_parts_that_overlap_do_not_add_up_to_a_bomb(path):
    # Each part's data begins with an array's header and then holds the whole of the next part: n parts of one file
    # add up to n / 2 times its size. CRCs are right, and none is larger than the file.
    inner, n = bytes(400_000), 60
    top = json.dumps({"format": "rnnbook", "version": 1, "kind": "model", "architecture": {}}).encode()
    local = "<4sHHHHHIIIHH"
    members = []
    for k in reversed(range(n)):
        name = f"p{k}.npy".encode()
        text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({len(inner)},), }}"
        data = npy(header=text, data=inner)
        members.append((name, data))
        inner = (
            struct.pack(local, b"PK\3\4", 20, 0, 0, 0, 33, zlib.crc32(data), len(data), len(data), len(name), 0)
            + name
            + data
        )
    header = (
        struct.pack(local, b"PK\3\4", 20, 0, 0, 0, 33, zlib.crc32(top), len(top), len(top), 11, 0)
        + b"header.json"
        + top
    )
    body = header + inner
    directory = b""
    for name, data in [(b"header.json", top), *reversed(members)]:
        at = body.index(struct.pack("<II", len(data), len(data)) + struct.pack("<HH", len(name), 0) + name) - 18
        directory += struct.pack(
            "<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 0, 0, 33, zlib.crc32(data), len(data), len(data),
            len(name), 0, 0, 0, 0, 0, at,
        ) + name  # fmt: skip
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, n + 1, n + 1, len(directory), len(body), 0)
    refuse(body + directory + end, path, limit=2_000_000)


@pytest.mark.parametrize(
    "shape", ["(1000000000, 1000000000)", "(4611686018427387904, 4)", "(10, -1)", "(-1, -1)", "(0, 3)"]
)
@pytest.mark.parametrize("descr", ["<f4", "<f8"])
def test_a_header_that_claims_what_is_not_there(shape, descr, whole, path):
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    refuse(packed(parts_of(whole) | {"rnn.W.npy": npy(header=text, data=bytes(96))}), path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0\0",
        "{'descr': '<f4', 'shape': (1",
        "'''never closed",
        "-" * 9000 + "1",
        "[" * 9000,
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1L,), }",
        "  1\n 2",
        "a.b",
        "{'descr': ['x'], 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (" + "9" * 5000 + ",), }",
        "{" + " " * 20_000 + "}",
        "__import__('os').getcwd()",
    ],
    ids=lambda text: text[:12],
)
@pytest.mark.parametrize("version", [b"\x01\x00", b"\x02\x00", b"\x03\x00"])
def test_a_header_of_an_array_that_is_none(text, version, whole, path):
    refuse(packed(parts_of(whole) | {"rnn.b.npy": npy(header=text, version=version, data=bytes(4))}), path)


def test_an_unknown_version_of_an_array(whole, path):
    text = "{'descr': '<f4', 'fortran_order': False, 'shape': (12,), }"
    data = npy(header=text, version=b"\x09\x00", data=bytes(48))
    refuse(packed(parts_of(whole) | {"rnn.b.npy": data}), path)


def test_two_parts_of_one_name(whole, path):
    parts = list(parts_of(whole).items())
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = packed([*parts, parts[1]])
    refuse(data, path, match="one name")


def test_two_names_of_one_array(whole, path):
    # The ending is dropped, so these two are one array.
    parts = list(parts_of(whole).items())
    refuse(packed([*parts, ("rnn.W", dict(parts)["rnn.W.npy"])]), path)


def test_parts_missing_or_too_many(whole, path):
    parts = parts_of(whole)
    for name in parts:
        refuse(packed({k: v for k, v in parts.items() if k != name}), path)
    refuse(packed(parts | {"extra.npy": parts["rnn.b.npy"]}), path)
    refuse(packed(parts | {"rnn.b.npy": npy(np.zeros(11, np.float32))}), path)
    refuse(packed(parts | {"rnn.b.npy": npy(np.zeros(12, np.float64))}), path)


HEADER = json.loads('{"format": "rnnbook", "version": 1, "kind": "model"}')


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"not json",
        b"\xff\xfe\x00",
        b"[1, 2]",
        b"3",
        b"null",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"9" * 10_000,
        json.dumps(HEADER | {"format": "other"}).encode(),
        json.dumps(HEADER | {"version": 2}).encode(),
        json.dumps(HEADER | {"version": "1"}).encode(),
        json.dumps(HEADER | {"version": None}).encode(),
        json.dumps(HEADER | {"kind": "checkpoint"}).encode(),
        json.dumps(HEADER).encode(),
        json.dumps(HEADER | {"architecture": None}).encode(),
        json.dumps(HEADER | {"architecture": []}).encode(),
        json.dumps(HEADER | {"architecture": "Sequential"}).encode(),
        b'{"format": "rnnbook", "version": 1, "kind": "model", "architecture": ' + b"[" * 900 + b"]" * 900 + b"}",
    ],
    ids=lambda header: header[:40].decode("latin1"),
)
def test_headers(header, whole, path):
    refuse(packed(parts_of(whole) | {"header.json": header}), path)


def test_the_version_is_said(whole, path):
    header = json.loads(parts_of(whole)["header.json"])
    data = packed(parts_of(whole) | {"header.json": json.dumps(header | {"version": 7})})
    refuse(data, path, match="format version is 7, expected 1")


def changed(architecture, *route, value):
    for key in route[:-1]:
        architecture = architecture[key]
    if value is KeyError:
        del architecture[route[-1]]
    else:
        architecture[route[-1]] = value


@pytest.mark.parametrize("size", [10**9, 10**18, 10**30, -1, 3.5, "3", None, True, [3], 1e308, float("inf")])
@pytest.mark.parametrize(
    "route",
    [
        ("layers", "rnn", "cell", "hidden_size"),
        ("layers", "rnn", "cell", "input_size"),
        ("layers", "out", "output_size"),
        ("layers", "out", "input_size"),
        ("layers", "drop", "rate"),
    ],
    ids=lambda route: ".".join(route[1:]),
)
def test_an_architecture_of_any_size_makes_nothing(route, size, whole, path):
    header = json.loads(parts_of(whole)["header.json"])
    changed(header["architecture"], *route, value=size)
    refuse(packed(parts_of(whole) | {"header.json": json.dumps(header)}), path)


@pytest.mark.parametrize(
    "route, value",
    [
        (("type",), "Dense"),
        (("type",), "Trainer"),
        (("type",), ["Sequential"]),
        (("type",), KeyError),
        (("layers",), []),
        (("layers",), {}),
        (("layers",), "rnn"),
        (("layers", "rnn"), 3),
        (("layers", "rnn", "type"), "eval"),
        (("layers", "rnn", "type"), "Stack"),
        (("layers", "rnn", "cell"), KeyError),
        (("layers", "rnn", "cell", "type"), "Cell"),
        (("layers", "rnn", "cell", "type"), "GRUCell"),
        (("layers", "rnn", "cell", "dtype"), "object"),
        (("layers", "rnn", "cell", "dtype"), "float64"),
        (("layers", "rnn", "cell", "params"), {}),
        (("layers", "rnn", "cell", "rng"), 0),
        (("layers", "rnn", "cell", "surprise"), 1),
        (("layers", "out", "activation"), "exec"),
        (("layers", "out", "W_init"), "zeros"),
        (("layers", "drop", "shared_over_time"), 1),
        (("layers", "drop", "type"), "Layer"),
    ],
    ids=str,
)
def test_an_architecture_that_is_none(route, value, whole, path):
    header = json.loads(parts_of(whole)["header.json"])
    changed(header["architecture"], *route, value=value)
    refuse(packed(parts_of(whole) | {"header.json": json.dumps(header)}), path)


def test_an_encrypted_part(whole, path):
    bent = bytearray(whole)
    at = bent.index(b"PK\1\2")
    bent[at + 8] |= 1
    bent[6] |= 1
    refuse(bytes(bent), path)


# -- writing -----------------------------------------------------------------------------------------------------------
class Breaks(dict):
    """Parameters of which one cannot be written."""

    def items(self):
        yield from super().items()
        raise KeyboardInterrupt


def test_what_interrupts_a_save_leaves_the_old_file_and_nothing_else(tmp_path, whole):
    path = tmp_path / "whole.npz"
    with pytest.raises(KeyboardInterrupt):
        files.write(path, "model", {}, Breaks(a=np.zeros(100_000)))
    with pytest.raises(ValueError):
        files.write(path, "model", {}, {"a": np.array([None])})
    with pytest.raises(TypeError):
        files.write(path, "model", {"x": object()}, {})
    assert path.read_bytes() == whole
    assert os.listdir(tmp_path) == ["whole.npz"]


def test_a_disk_that_fails_leaves_the_old_file(tmp_path, whole, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    for name in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, fail)
            with pytest.raises(OSError, match="No space"):
                model(3).save(tmp_path / "whole.npz")
        assert (tmp_path / "whole.npz").read_bytes() == whole
        assert os.listdir(tmp_path) == ["whole.npz"]


def test_contents_reach_the_disk_before_the_name(tmp_path, monkeypatch):
    done = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda f: (done.append("fsync"), fsync(f))[1])

    def move(beside, at):
        done.append("replace")
        # A rename is one step only within a file system.
        assert os.path.dirname(beside) == os.path.dirname(at) == str(tmp_path)
        replace(beside, at)

    monkeypatch.setattr(os, "replace", move)
    model().save(tmp_path / "m.npz")
    assert done[:2] == ["fsync", "replace"]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        model().save(tmp_path / "no" / "m.npz")


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_a_new_file_may_be_read_as_any_other_new_file_may(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    model().save(tmp_path / "m.npz")
    mode = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "m.npz")]
    assert mode[0] == mode[1], [oct(m) for m in mode]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_save_killed_at_any_moment_leaves_a_readable_file(tmp_path):
    # One process that has everything imported makes writers of itself and kills them: to start Python afresh takes
    # longer than a save, and says nothing.
    code = """
        import os, random, signal, sys, time
        import numpy as np
        from rnnbook import files

        path, chance, seen = sys.argv[1], random.Random(0), {0}
        files.write(path, "model", {"k": 0}, {"a": np.full(20_000, 0), "b": np.full(20_000, 0)})
        for _ in range(50):
            writer = os.fork()
            k = max(seen)
            while not writer:
                k += 1
                files.write(path, "model", {"k": k}, {"a": np.full(20_000, k), "b": np.full(20_000, -k)})
            time.sleep(chance.uniform(0.005, 0.02))
            os.kill(writer, signal.SIGKILL)
            os.waitpid(writer, 0)
            header, arrays = files.read(path, "model")
            assert (arrays["a"] == header["k"]).all() and (arrays["b"] == -header["k"]).all()
            seen.add(header["k"])
        print(sum(name.endswith(".partial") for name in os.listdir(os.path.dirname(path))))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "m.npz")],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10  # so many were killed in the middle of a save
