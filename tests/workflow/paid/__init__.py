"""Paid runs through the whole factory, by real Snakemake against the sandbox of the providers."""
