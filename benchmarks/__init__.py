"""Benchmarks: ratios taken in one run, since machines differ. `make bench` runs them all and prints one table."""
