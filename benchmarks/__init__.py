"""Speed of rnnbook against PyTorch: `python -m benchmarks`."""
