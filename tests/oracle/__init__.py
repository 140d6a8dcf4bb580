"""An independent oracle: the contract in plain Python, day by day, sentence by sentence. It shares no code with the product.

    extracts  which deliveries count: states, rows kept because they cannot be read, guards
    people    the employees: bearers of employee numbers
    oracle    what is known on a day, findings over the days, the marts
    doubts    what a run says loudly that it could not know
"""
