"""CSV and TSV: each row with the names of its columns. What parts the cells is found out."""

from __future__ import annotations

import csv
import io

from ingest.load.loaded import Loaded, assemble, decode
from ingest.load.table import rows
from rag.errors import SourceRefusedError

_SAMPLE = 20_000
_WIDEST_FIELD = 1_000_000


def load(data: bytes) -> Loaded:
    text = decode(data)
    csv.field_size_limit(_WIDEST_FIELD)
    try:
        dialect: type[csv.Dialect] = csv.Sniffer().sniff(text[:_SAMPLE], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    try:
        return assemble(rows(list(csv.reader(io.StringIO(text), dialect))))
    except csv.Error as error:
        raise SourceRefusedError(f"it is not a readable table ({error}); save it again as CSV") from error
