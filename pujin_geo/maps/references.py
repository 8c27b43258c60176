"""How a page says where a figure comes from: ``coverage?circle_id=C1;scope=all;facility_type=shop#people_met``.

That is a table, the key values that pick its rows, and the columns read. ``sum:``, ``mean:`` and ``count:`` before it say
what was done where there are several rows; without columns the element holds text of the row, or figures worked out from
the rows. Columns that a table lacks (``class``, ``must_have``) are those of the catalogue, by ``facility_type``.
Pages carry it in ``data-source``, several parted by blanks, and in ``data-row`` of the first cell of a table's row, whose
heads name the columns in ``data-column``.
"""

from ..texts import Lang, Text

_SPECIAL = str.maketrans({one: f"%{ord(one):02X}" for one in " %;#=?,|&<>\"'\t\r\n"})


def ref(table: str, columns: str = "", /, *, how: str = "", **keys: object) -> str:
    """Return a reference to rows of a table.

    Args:
        table: its name, as in ``tables/``.
        columns: those that are read, joined by ``,``.
        how: ``sum``, ``mean`` or ``count`` of the rows; blank for one row.
        keys: column → the value that picks rows, or several in a tuple.

    >>> ref("coverage", "people_met", circle_id="C1", scope="all")
    'coverage?circle_id=C1;scope=all#people_met'
    >>> ref("problems", how="count", code=("a;b", "c"))
    'count:problems?code=a%3Bb|c'
    """
    picked = ";".join(f"{name}={_written(value)}" for name, value in keys.items())
    return (
        (f"{how}:" if how else "")
        + table
        + (f"?{picked}" if picked else "")
        + (f"#{columns}" if columns else "")
    )


def _written(value: object) -> str:
    values = value if isinstance(value, tuple) else (value,)
    return "|".join(str(one).translate(_SPECIAL) for one in values)


def how_to_trace(lang: Lang) -> str:
    """Return the sentences with which a page explains its references."""
    return Text(
        "指向任一数字或表格的一行, 左下角显示出处, 写作 “表?键=值;键=值#列”: 即同一文件夹 tables/ 中该表 (CSV) 键值相符的行、该列; "
        "前面的 sum:、mean:、count: 表示这些行的和、平均、行数; 表格的列名见表头 (data-column)。没有写列的数字由这些行算出。"
        "人数少于规定值的隐去或取整, 表中为原数。",
        "Point at a figure or a row: its source appears at the bottom left as “table?key=value;key=value#column”, the rows of that "
        "table (a CSV in the folder tables/) with these values, and the column; sum:, mean: and count: before it tell what was done "
        "with several rows; columns of tables stand in their heads (data-column). Without a column the figure is worked out from the "
        "rows. Small counts of people are hidden or rounded here and raw in the tables.",
    ).of(lang)
