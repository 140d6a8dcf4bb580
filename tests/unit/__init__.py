"""Unit tests, a folder for each room and a module for each module: no process, no server, no dbt but what it compiled once.

`make check` runs these, and nothing here may take longer than a second or two.
"""
