"""`python -m benchmarks`: the entry point that `make bench` calls."""

from benchmarks.training_step import main

if __name__ == "__main__":
    main()
