"""Reads the schema and the first rows of a Parquet file, where pyarrow is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from ..model.contents import TableColumn, TableRows

#: Rows, columns and characters of a cell that are shown, at most.
MAX_ROWS: Final = 20
MAX_COLUMNS: Final = 50
MAX_CELL: Final = 200
#: Bytes that the shown columns of the first rows may take when unpacked.
MAX_UNPACKED: Final = 256 << 20

WITHOUT_READER: Final = (
    "Its rows can be shown where pyarrow is installed beside the server:"
    " pip install 'workflow-lineage[parquet]'."
)


def read_table(path: Path) -> TableRows:
    """Return the schema, the number of rows, and the first of them as text.

    Nothing is raised for a file that cannot be read: `note` says why there are no rows.
    """
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError:
        return TableRows(note=WITHOUT_READER)
    try:
        with ParquetFile(path, memory_map=True, pre_buffer=False) as file:
            return _shown(file)
    except (ArrowException, OSError, ValueError) as error:
        first = str(error).partition("\n")[0][:MAX_CELL]
        return TableRows(note=f"It could not be read as Parquet: {first}")


def _shown(file: Any) -> TableRows:
    schema, metadata = file.schema_arrow, file.metadata
    answer = TableRows(
        columns=[
            TableColumn(name=field.name[:MAX_CELL], type=str(field.type)[:MAX_CELL])
            for field in list(schema)[:MAX_COLUMNS]
        ],
        columns_total=len(schema),
        rows_total=metadata.num_rows,
    )
    if metadata.num_row_groups == 0 or not answer.columns:
        return answer
    if _unpacked(metadata.row_group(0), len(answer.columns)) > MAX_UNPACKED:
        answer.note = "Its first rows are too large to show."
        return answer
    names = [field.name for field in list(schema)[:MAX_COLUMNS]]
    batches = file.iter_batches(
        batch_size=MAX_ROWS, row_groups=[0], columns=names, use_threads=False
    )
    for batch in batches:
        columns = [[_cell(value) for value in column] for column in batch.columns]
        answer.rows = [list(row) for row in zip(*columns, strict=True)]
        break
    return answer


def _unpacked(group: Any, columns: int) -> int:
    """Return how large the first columns of a row group are; nested ones have more."""
    if group.num_columns > columns:
        return int(group.total_byte_size)
    return sum(group.column(at).total_uncompressed_size for at in range(columns))


def _cell(value: Any) -> str:
    if not value.is_valid:
        return ""
    return str(value.as_py())[:MAX_CELL]
