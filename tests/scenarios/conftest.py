"""Places that several scenarios begin with."""

import pytest

from tests.support.command_line import Place, changed, town


@pytest.fixture
def ended(place: Place) -> Place:
    """A town where employee 001 got an end date in the past, taken in."""
    hrm, vfs = town()
    place.deliver("hrm", "2025-03-08", hrm)
    place.deliver("vfs", "2025-03-08", vfs)
    place.deliver("hrm", "2025-03-10", changed(hrm, "positions", "position_id", "h001", end_date="2025-03-04"))
    place.deliver("vfs", "2025-03-10", vfs)
    assert place.do("run").code == 0
    return place


@pytest.fixture
def at_work(place: Place) -> Place:
    """A larger town where employee 001 got an end date in the past, delivered and not taken in."""
    hrm, vfs = town(40)
    place.deliver("hrm", "2025-03-10", changed(hrm, "positions", "position_id", "h001", end_date="2025-03-04"))
    place.deliver("vfs", "2025-03-10", vfs)
    return place
