"""Several machines, with real servers and programs (`make production`)."""
