"""One turn of one implementation, in a process of its own.

`harness.py` starts it with a task in JSON, and with the thread variables already set, because a BLAS library reads
them once, when it is loaded.  No process loads two implementations: in one process their thread pools disturb each
other.
"""

import gc
import importlib.util
import json
import statistics
import sys
import time

import numpy as np

from benchmarks import measurements

try:
    import resource
except ImportError:  # Windows
    resource = None

LEAST = 3  # steps of a turn, however long they take


def page_faults():
    """Page faults of this process so far that read nothing from disk."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt if resource else 0


def measure(step, seconds):
    """Time steps for `seconds`, three at the least; both implementations free what a step made, each time."""
    for _ in range(2):
        step()
    wall, cpu, faults, end = [], [], page_faults(), time.perf_counter() + seconds
    while len(wall) < LEAST or time.perf_counter() < end:
        t, c = time.perf_counter(), time.process_time()
        step()
        wall.append(time.perf_counter() - t)
        cpu.append(time.process_time() - c)
    faults = (page_faults() - faults) / len(wall)
    middle = statistics.median
    return {"wall": middle(wall), "min": min(wall), "cpu": middle(cpu), "faults": faults}


def kernels():
    """The processor that OpenBLAS takes this one for: one that it does not know is taken for an older."""
    if importlib.util.find_spec("threadpoolctl"):
        from threadpoolctl import threadpool_info

        return ", ".join(b["architecture"] for b in threadpool_info() if "architecture" in b)
    return None


def arrays(step, case, module):
    """What a step works out, as NumPy's arrays, for the comparison."""
    found = module.results(step, case) if hasattr(module, "results") else step()
    return {name: np.asarray(v) for name, v in found.items()}


def main(task):
    """Take the cases of one task in turn; the measurements, or nothing where ``task["save"]`` wants the results."""
    module, implementation = measurements.find(task["measurement"]), task["implementation"]
    if implementation == "torch":
        import torch

        torch.set_num_threads(task["threads"])
    found = []
    for k, case in enumerate(task["cases"]):
        if hasattr(module, "count"):
            found.append(module.count(implementation, case))
            continue
        step = module.build(implementation, case)
        if "save" in task:
            np.savez(f"{task['save']}/{implementation}-{k}.npz", **arrays(step, case, module))
        else:
            found.append(measure(step, task["seconds"]) | {"kernels": kernels()})
        del step  # its arrays must not be there while the next case runs
        gc.collect()
    return found


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
