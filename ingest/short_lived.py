"""What a process does that ends within minutes: it seldom looks for garbage.

Importing Dagster, dbt or Great Expectations makes some hundred thousand objects that stay. By default Python looks through them
again and again meanwhile, which is a quarter of the time that the imports take.
Does not belong here: what processes do (`orchestration.cli`, `expectations`).
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_OBJECTS = 100_000  # between two looks at the youngest; Python's own number is 700


@contextmanager
def collecting_seldom() -> Iterator[None]:
    """In the block, this process seldom looks for garbage; afterwards as before."""
    before = gc.get_threshold()
    gc.set_threshold(_OBJECTS, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
