"""Weights in the names and layouts of PyTorch, Keras and ONNX, both ways; none of the three is imported.

`to_torch`, `to_keras` and `to_onnx` give plain dicts of new NumPy arrays, `from_torch`, `from_keras` and `from_onnx`
read such dicts into a layer, all or nothing.  A layer is a `Recurrent`, `Bidirectional`, `Stack`, `Dense`, `Embedding`
or a whole `Sequential`, whose layers then give the names their first part.  `export_onnx` writes a model as a file
that runs without Python.

There and back, every bit is the same.  The other way round the function is the same, and the arrays need not be:
PyTorch and ONNX keep two biases where the sum is all that the function knows, and we keep the sum.

What differs between frameworks stands once, in `rnnbook.interop.formats`; the book's notation page has it as tables.
"""

from rnnbook.interop.export import export_onnx
from rnnbook.interop.frameworks import (
    from_keras,
    from_onnx,
    from_torch,
    onnx_operator,
    to_keras,
    to_onnx,
    to_torch,
)

__all__ = [
    "export_onnx",
    "from_keras",
    "from_onnx",
    "from_torch",
    "onnx_operator",
    "to_keras",
    "to_onnx",
    "to_torch",
]
