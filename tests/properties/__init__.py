"""Random input: random municipalities against the oracle, random bytes against every reader."""
