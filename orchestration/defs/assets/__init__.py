"""Dagster's assets, one module for each stage: extracts -> versions -> marts -> published."""
