"""All that lies below a data directory, as text in which to look for what must not be there."""

import base64
import gzip
import re
import zipfile
from pathlib import Path

import duckdb

SIMULATED = ("demo", "systems")


def everything_written(data: Path) -> dict[Path, str]:
    """Every file below the data directory as text; of databases, Parquet and packed files also the values in them."""
    texts = {}
    for file in (f for f in data.rglob("*") if f.is_file() and not f.is_symlink()):
        if file.is_relative_to(data.joinpath(*SIMULATED)):
            continue
        texts[file] = file.read_bytes().decode("latin-1")
        if file.suffix == ".parquet":
            texts[file] += str(duckdb.sql(f"SELECT * FROM read_parquet('{file}')").fetchall())
        elif file.suffix == ".xlsx":
            with zipfile.ZipFile(file) as book:
                texts[file] += "".join(book.read(name).decode() for name in book.namelist())
        elif file.suffix == ".html" and (packed := re.search(r'id="historier">([^<]+)<', texts[file])):
            texts[file] += gzip.decompress(base64.b64decode(packed.group(1))).decode()
        elif file.suffix == ".duckdb":
            with duckdb.connect(str(file), read_only=True) as con:
                for schema, table in con.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall():
                    texts[file] += str(con.execute(f'FROM "{schema}"."{table}"').fetchall())
    return texts
