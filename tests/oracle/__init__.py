"""An independent oracle: the contract in plain Python, day by day, sentence by sentence. It shares no code with the product."""
