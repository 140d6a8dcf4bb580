"""End to end through the command line: deliveries in, marts, messages and exit status out."""
