"""Bytes of text files → text: UTF-8, UTF-16, GBK and GB18030, told apart by what they hold."""

import numpy as np

from ...errors import SourceError
from ...texts import Text

DAMAGED_SHARE = 0.25
"""Fewer broken sequences per plausible character than this are damage in UTF-8, and not another encoding."""


def decode(data: bytes, file: str) -> str:
    """Decode a text file: UTF-8 or UTF-16 by their mark, else UTF-8, else GB18030 (which contains GBK).

    Raises:
        SourceError: it is none of them, or it is UTF-8 with damaged places.

    >>> decode("近浦村".encode("gbk"), "a.csv")
    '近浦村'
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        encoding = "utf-8-sig" if is_utf8(data) else "gb18030"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text:
        return text
    line = _damaged_line(data)
    advice = (
        Text(
            "请在 Excel 中另存为“CSV UTF-8 (逗号分隔)”。",
            'in Excel save it as "CSV UTF-8 (comma delimited)".',
        )
        if file.lower().endswith((".csv", ".tsv"))
        else Text("文件可能已损坏, 请重新导出为 UTF-8。", "it may be damaged; export it anew as UTF-8.")
    )
    raise SourceError(
        Text(
            f"{file} 的文字编码无法识别 (既不是 UTF-8 也不是 GBK/GB18030, 第 {line} 行附近), {advice.zh}",
            f"{file}: the text encoding is not known (neither UTF-8 nor GBK/GB18030, near line {line}); {advice.en}",
        )
    )


def is_utf8(data: bytes) -> bool:
    """Tell UTF-8, perhaps with a few damaged places, from GBK or GB18030.

    Some Chinese characters in GBK, such as 路, are valid UTF-8 for a sign of another script, so that
    being valid is not enough.

    >>> [is_utf8(text.encode(code)) for text in ("路名", "路1", "Hämeentie") for code in ("utf-8", "gbk")[: 2 - ("ä" in text)]]
    [True, False, True, False, True]
    """
    if data.isascii():
        return True
    decoded = data.decode("utf-8", "replace").encode("utf-32-le")
    signs, counts = np.unique(np.frombuffer(decoded, dtype="<u4"), return_counts=True)
    is_broken = signs == 0xFFFD
    is_likely = ((signs >= 0x800) & ~is_broken) | (
        (signs >= 0xC0) & (signs < 0x250)
    )  # Chinese, or Latin letters
    likely, broken = counts[is_likely].sum(), counts[is_broken].sum()
    odd = counts[(signs >= 0x80) & ~is_likely & ~is_broken].sum()
    return bool(broken <= likely * DAMAGED_SHARE and odd <= likely)


def _damaged_line(data: bytes) -> int:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return data.count(b"\n", 0, error.start) + 1
    return data.count(b"\n", 0, max(data.find(b"\0"), 0)) + 1
