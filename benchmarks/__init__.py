"""The pipeline against its floors: ratios of whole processes, side by side in one run. No tests, and no absolute times."""
