"""A run's folder to paper and slides: PDF and PNG of its pages through an installed browser, static maps without one.

Chromium, Chrome and Edge all print a page from the command line; nothing is installed or driven. What is printed
lies beside the results, in ``OUT.print/``: the results themselves stay as the run wrote them.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .analysis import analyse
from .errors import SourceError
from .maps.offline import content_security_policy
from .report.picture_book import write_picture_book
from .report.static_maps import static_kinds, write_static_maps
from .runs.folder import load_inputs, read_run
from .texts import Text

Report = Callable[[Text], None]

BROWSER_VARIABLE = "PUJIN_GEO_BROWSER"
COMMANDS = (
    "chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "microsoft-edge-stable",
    "microsoft-edge", "msedge",
)  # fmt: skip
MAC_APPLICATIONS = (
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "Chromium.app/Contents/MacOS/Chromium",
)
WINDOWS_PROGRAMS = (
    "Google/Chrome/Application/chrome.exe",
    "Microsoft/Edge/Application/msedge.exe",
    "Chromium/Application/chrome.exe",
)
WINDOWS_FOLDERS = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")

A4, A3_LANDSCAPE = "A4", "A3 landscape"
WIDE = "@media print and (min-width: 1100px)"
"""Rules of the pages' styles for paper wider than A4. A browser that prints from the command line asks them of its usual
paper, not of the page's own."""

WINDOW_PX = (1512, 1130)
"""A3 landscape less the maps' margins, in pixels of 1/96 inch, and the browser's own bar: a map is printed as the window
shows it."""

DRAWING_MS = 8_000
"""Time of the page, not of the clock, that its drawing may take."""

PATIENCE_S = 180.0

NO_BROWSER = Text(
    "没有找到可用来打印的浏览器。请安装 Chrome、Edge 或 Chromium 中的一种, 或用环境变量 PUJIN_GEO_BROWSER 写明其程序路径; "
    "也可加 --static, 只用 matplotlib 输出静态地图, 不需要浏览器。",
    "No browser to print with was found. Install Chrome, Edge or Chromium, or name its program in the environment variable "
    "PUJIN_GEO_BROWSER; with --static only the static maps are drawn, which need no browser.",
)


@dataclass(frozen=True)
class Sheet:
    """One file to print: a page of the results, what to write, and on which paper; without paper a picture."""

    page: str
    file: str
    paper: str | None


def print_run(out: Path, *, static_only: bool = False, report: Report | None = None) -> Path:
    """Write ``OUT.print/``: PDF of the briefing and the atlas, PDF and PNG of each map, static maps for slides.

    ::

        OUT.print/briefing_a4.pdf, briefing_a3.pdf     index.html
        OUT.print/atlas_a4.pdf, atlas_a3.pdf           cards.html: all circles, then a page each
        OUT.print/maps/*.pdf, *.png                    each map on A3 landscape, and as a picture
        OUT.print/static/*.pdf, *.png, *.svg           drawn anew from OUT/inputs with matplotlib
        OUT.print/static/maps.xlsx                     the same pictures in a workbook

    What was printed earlier is replaced when the new files are complete; with ``static_only`` the folder ``static`` only.

    Args:
        out: a folder of results, ``OUT`` or one of ``OUT.history/``; nothing in it is changed.
        static_only: draw the static maps only, for which no browser is needed.
        report: called with a sentence when a step begins.

    Returns:
        The folder written.

    Raises:
        SourceError: ``out`` is no complete folder of results, there is no browser, it fails, or nothing can be written.
        SettingsError: the computer has no Chinese font.
    """
    say = report or (lambda _: None)
    say(Text("读取结果", "Reading the results"))
    run = read_run(out)
    browser = None if static_only else find_browser()
    target = out.with_name(f"{out.name}.print")
    # Not hidden: a browser from a snap package may not write into hidden folders.
    staged = out.with_name(f"{out.name}.print.{os.getpid()}.tmp")
    try:
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir()
        say(Text("绘制静态地图", "Drawing the static maps"))
        results = analyse(load_inputs(run), lang=run.lang, include_planned=run.include_planned)
        write_static_maps(results, staged / "static")
        pictures = {kind: staged / "static" / f"{kind}.png" for kind in static_kinds(results)}
        write_picture_book(results, pictures, staged / "static" / "maps.xlsx")
        if browser:
            _print_pages(out, staged, browser, say)
        if static_only:
            target.mkdir(exist_ok=True)
            _replace(staged / "static", target / "static")
        else:
            _replace(staged, target)
    except OSError as error:
        raise SourceError(
            Text(
                f"打印文件无法写入 {target}: {error.strerror or error}。请检查磁盘空间和权限, 并关闭已打开的旧 PDF。",
                f"The printed files cannot be written to {target}: {error.strerror or error}. Check space and permissions, "
                "and close older PDFs that are open.",
            )
        ) from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return target


def _replace(new: Path, old: Path) -> None:
    if old.exists():
        shutil.rmtree(old)
    new.rename(old)


def sheets(out: Path) -> list[Sheet]:
    """Return what is printed of a folder of results, in order."""
    pages = [Sheet("index.html", "briefing_a4.pdf", A4), Sheet("index.html", "briefing_a3.pdf", A3_LANDSCAPE)]
    if (out / "cards.html").is_file():
        pages += [Sheet("cards.html", "atlas_a4.pdf", A4), Sheet("cards.html", "atlas_a3.pdf", A3_LANDSCAPE)]
    for path in sorted((out / "maps").glob("*.html")):
        pages.append(Sheet(f"maps/{path.name}", f"maps/{path.stem}.pdf", A3_LANDSCAPE))
        pages.append(Sheet(f"maps/{path.name}", f"maps/{path.stem}.png", None))
    return pages


def find_browser() -> Path:
    """Return the program of the browser to print with.

    The one that ``PUJIN_GEO_BROWSER`` names, else Chromium, Chrome or Edge on the path or where macOS and Windows keep
    them.

    Raises:
        SourceError: there is none, or the variable names no program.
    """
    named = os.environ.get(BROWSER_VARIABLE, "").strip()
    if named:
        found = shutil.which(named)
        if found is None:
            raise SourceError(
                Text(
                    f"环境变量 {BROWSER_VARIABLE} 写的 {named} 不是可运行的程序; 请改正路径或去掉该变量。",
                    f"The environment variable {BROWSER_VARIABLE} names {named}, which is no program that runs; correct or "
                    "remove it.",
                )
            )
        return Path(found)
    on_path = (shutil.which(name) for name in COMMANDS)
    for place in (*(Path(one) for one in on_path if one), *_usual_places()):
        if place.is_file():
            return place
    raise SourceError(NO_BROWSER)


def _usual_places() -> list[Path]:
    if sys.platform == "darwin":
        folders = [Path("/Applications"), Path.home() / "Applications"]
        return [folder / name for name in MAC_APPLICATIONS for folder in folders]
    if sys.platform == "win32":
        named = [Path(os.environ[one]) for one in WINDOWS_FOLDERS if os.environ.get(one)]
        return [folder / name for name in WINDOWS_PROGRAMS for folder in named]
    return []


def on_paper(page: str, paper: str) -> str:
    """Return a page without script that prints on the paper: its own style says so, and its policy allows that.

    >>> page = '<html><head><meta http-equiv="Content-Security-Policy" content="x"><style>p{}</style></head></html>'
    >>> "@page { size: A4; }</style>" in on_paper(page, "A4")
    True
    """
    sized = page.replace("</style>", f"@page {{ size: {paper}; }}</style>", 1)
    if paper == A3_LANDSCAPE:
        sized = sized.replace(WIDE, "@media print")
    bare = re.sub(r'<meta http-equiv="Content-Security-Policy" content="[^"]*">', "", sized, count=1)
    policy = content_security_policy(bare)
    return bare.replace("<head>", f'<head><meta http-equiv="Content-Security-Policy" content="{policy}">', 1)


def _print_pages(out: Path, folder: Path, browser: Path, say: Report) -> None:
    (folder / "maps").mkdir()
    work = folder / "browser"  # profile and pages made for printing: gone in the end
    work.mkdir()
    for sheet in sheets(out):
        say(Text(f"打印 {sheet.file}", f"Printing {sheet.file}"))
        source = (out / sheet.page).resolve()
        if "/" not in sheet.page and sheet.paper:  # maps bring their own paper
            text = on_paper(source.read_text(encoding="utf-8"), sheet.paper)
            source = work / f"{Path(sheet.file).stem}.html"
            source.write_text(text, encoding="utf-8", newline="\n")
        _run(browser, source.resolve(), (folder / sheet.file).resolve(), work.resolve())
    shutil.rmtree(work, ignore_errors=True)


def command(browser: Path, page: Path, file: Path, profile: Path) -> list[str]:
    """Return the command that prints a page as a PDF, or photographs it as a PNG, without a window or a network."""
    to_file = (
        [f"--print-to-pdf={file}", "--no-pdf-header-footer"]
        if file.suffix == ".pdf"
        else [f"--screenshot={file}"]
    )
    # As root there is no sandbox to be had.
    as_root = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    return [
        str(browser), "--headless=new", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-extensions",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={profile}", f"--virtual-time-budget={DRAWING_MS}",
        f"--window-size={WINDOW_PX[0]},{WINDOW_PX[1]}", "--force-device-scale-factor=2", *as_root, *to_file, page.as_uri(),
    ]  # fmt: skip


def _run(browser: Path, page: Path, file: Path, profile: Path) -> None:
    try:
        done = subprocess.run(
            command(browser, page, file, profile),
            capture_output=True, text=True, encoding="utf-8", errors="replace", timeout=PATIENCE_S, check=False,
        )  # fmt: skip
        said = (done.stderr.strip().splitlines() or ["-"])[-1][:200]
    except subprocess.TimeoutExpired:
        said = f"> {PATIENCE_S:g} s"
    if not file.is_file() or file.stat().st_size == 0:
        raise SourceError(
            Text(
                f"浏览器 {browser} 没能打印 {page.name} ({said})。请关闭其他浏览器窗口后重试, 或用环境变量 {BROWSER_VARIABLE} 换一个; "
                "--static 不需要浏览器。",
                f"The browser {browser} could not print {page.name} ({said}). Close other windows of it and try again, or name "
                f"another one in {BROWSER_VARIABLE}; --static needs none.",
            )
        )
