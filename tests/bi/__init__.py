"""Tools of others on a published set, in an environment of their own: `make bi`.

    __main__          makes a set, runs both, publishes anew between two looks, and says what came out
    ask_superset      imports the dashboard into a Superset, and asks it for every chart
    read_set          reads a set as SQLAlchemy, pandas, polars and DuckDB do
"""
