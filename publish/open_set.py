"""The open set: the marts without persons, for everybody (contract#open-set).

What is open is declared beside each mart (`config: {meta: {open: …}}`); what is not named there stays closed. A count of one or
two people is hidden, as null. Where a total would tell what is hidden, because all other parts of it are shown, the smallest of
these is hidden too, or the total where no part is left to hide.

Belongs here: what is shown of an open mart. Does not belong here: which marts and columns are open (the yml beside the marts),
writing the files (`snapshot`).
"""

from dataclasses import replace

from ingest.sql import identifier
from publish.contracts import Contract, Open

# Whose set it is, and of what day: the same in each row of each mart.
_ALWAYS = ("kommune_number", "kommune_name", "as_of_date")
_MOST_HIDDEN = 2  # a count of so many people, or fewer, but not none


def opened(contract: Contract) -> Contract | None:
    """The contract of what is shown of a mart; None where nothing is."""
    shown = contract.open
    if shown is None:
        return None
    columns = tuple(replace(c, is_nullable=c.is_nullable or c.name in shown.counts, foreign_key=None)
                    for c in contract.columns if c.name in (*shown.columns, *shown.counts, *_ALWAYS))
    return replace(contract, columns=columns, key=())


def query(mart: str, contract: Contract, shown: Open) -> str:
    """The rows of a mart in the warehouse, as they are shown. `contract` is that of the whole mart."""
    named = opened(contract)
    assert named is not None
    columns = [f"CASE WHEN NOT ({_is_hidden(c.name, contract, shown)}) THEN {identifier(c.name)} END AS {identifier(c.name)}"
               if c.name in shown.counts else identifier(c.name) for c in named.columns]
    return f"SELECT {', '.join(columns)} FROM marts.{mart}"


def _is_hidden(count: str, contract: Contract, shown: Open) -> str:
    """The condition under which a count is hidden."""
    number = identifier(count)
    is_small = is_hidden_by_itself(number)
    if shown.total is None:
        return is_small
    total, per = identifier(shown.total), ", ".join(map(identifier, shown.per))
    # From the total and the other parts, the sum of the hidden parts is known; and with it each of them, where there is only one,
    # or where all must be 1 or all must be 2.
    parts = f"FILTER (NOT {total} AND {is_small}) OVER (PARTITION BY {per})"
    hidden, their_sum = f"count(*) {parts}", f"sum({number}) {parts}"
    would_be_known = f"coalesce({hidden} = 1 OR {their_sum} IN ({hidden}, {_MOST_HIDDEN} * {hidden}), false)"
    next_to_hide = (f"CASE WHEN NOT {total} AND {number} > {_MOST_HIDDEN} THEN 1 WHEN {total} THEN 2 ELSE 3 END, {number}, "
                    f"{', '.join(map(identifier, contract.key))}")
    return f"{is_small} OR ({would_be_known} AND row_number() OVER (PARTITION BY {per} ORDER BY {next_to_hide}) = 1)"


def is_hidden_by_itself(number: str) -> str:
    """The condition, in SQL, under which a number is hidden whatever stands beside it."""
    return f"coalesce({number} BETWEEN 1 AND {_MOST_HIDDEN}, false)"
