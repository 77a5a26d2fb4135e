"""Reading without learning: no trace is kept, on either side."""

from benchmarks import problems
from benchmarks.measurements import Table

TITLE = "Forward only"
ABOUT = "Calling the layer, which keeps nothing for a backward pass. The peer is `torch.nn` under `no_grad`."
PEER = "torch"


def tables():
    return [Table(problems.cases(), heading="float32", seconds=0.2, together=True)]


def build(implementation, case):
    params, x, _ = problems.problem(case["cell"], case["sizes"], case["dtype"])
    if implementation == "rnnbook":
        layer = problems.rnnbook_layer(case["cell"], params)
        return lambda: {"y": layer(x)[0]}

    import torch

    module, x = problems.torch_module(case["cell"], params), torch.from_numpy(x)

    def step():
        with torch.no_grad():
            return {"y": module(x)[0]}

    return step
