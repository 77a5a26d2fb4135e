"""Speed and memory of rnnbook, beside PyTorch and others: `python -m benchmarks`.  See README.md."""
