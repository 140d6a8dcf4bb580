"""What a process does that ends within minutes: it seldom looks for garbage.

Importing Dagster, dbt or Great Expectations makes some hundred thousand objects that stay. By default Python looks through them
again and again meanwhile, which is a quarter of the time that the imports take.
Does not belong here: what processes do (`orchestration.cli`, `expectations`).
"""

import gc

_OBJECTS = 100_000  # between two looks at the youngest; Python's own number is 700


def collect_seldom() -> None:
    """From now on, in this process."""
    gc.set_threshold(_OBJECTS, 50, 100)
