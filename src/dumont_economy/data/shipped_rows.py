"""Reads the CSV files beside it: the facts that the package ships, each row with its source."""

import csv
from importlib.resources import files


def shipped_rows(file_name: str) -> list[dict[str, str]]:
    """Return the rows of one shipped CSV file by column name, in the file's order."""
    text = files("dumont_economy.data").joinpath(file_name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(), strict=True))
