"""Commands: ``pujin-geo run``, ``check``, ``compare``, ``circles``, ``import-osm``, ``print``, ``lab``; exit 0, 1 refused, 2 usage."""

import enum
import gc
import itertools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from .errors import PujinError
from .texts import Lang, Text

if TYPE_CHECKING:
    from .results import Results
    from .study import Study
    from .watch import Stamps

app = typer.Typer(
    name="pujin-geo",
    help="步行可达、覆盖缺口与15分钟社区生活圈 · Walking coverage, gaps and living circles.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

DEFAULT_STUDY = Path("geodata/pujin")
DEFAULT_RESULTS = Path("outputs/pujin")


class Language(enum.StrEnum):
    """Language of messages, pages and maps."""

    ZH = "zh"
    EN = "en"


class Include(enum.StrEnum):
    """What counts beside what is open today."""

    PLANNED = "planned"


StudyArgument = Annotated[Path, typer.Argument(help="研究文件夹 · study folder", show_default=True)]
LangOption = Annotated[Language, typer.Option("--lang", help="语言 · language")]
ProfileOption = Annotated[
    str | None, typer.Option("--profile", help="标准: shanghai, gb50180 或 CSV 路径 · rule profile")
]
IncludeOption = Annotated[
    Include | None, typer.Option("--include", help="planned: 计入在建和规划设施 · count planned ones")
]


def main() -> NoReturn:
    """Run the command line; refusals and unforeseen faults end in a sentence and exit status 1."""
    try:
        app()
    except PujinError as error:
        _refuse(error.text)
    except Exception as error:  # a planner gets a sentence, an engineer the traceback on request
        if os.environ.get("PUJIN_GEO_TRACEBACK"):
            raise
        kind = f"{type(error).__name__}: {error}"
        _refuse(
            Text(
                f"程序出错 ({kind})。请连同数据告知维护者; 设 PUJIN_GEO_TRACEBACK=1 可看详情。",
                f"The program failed ({kind}). Please tell its maintainers; PUJIN_GEO_TRACEBACK=1 shows details.",
            )
        )
    sys.exit(0)


def _refuse(text: Text) -> NoReturn:
    lang: Lang = "en" if _asked_for_english(sys.argv) else "zh"
    sys.stderr.write(text.of(lang) + "\n")
    sys.exit(1)


def _asked_for_english(argv: list[str]) -> bool:
    return "--lang=en" in argv or ("--lang", "en") in itertools.pairwise(argv)


@contextmanager
def _loading() -> Iterator[None]:
    """Load modules without looking for garbage among them: none is, and every later look would pass them again."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@app.command()
def run(
    study: StudyArgument = DEFAULT_STUDY,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="结果文件夹 · results folder")] = None,
    lang: Annotated[
        Language | None,
        typer.Option("--lang", help="语言, 缺省用研究自己的 · language, else the study's own"),
    ] = None,
    profile: ProfileOption = None,
    include: IncludeOption = None,
    keep: Annotated[
        int, typer.Option("--keep", min=0, help="OUT.history 中保留几次旧结果 · older results to keep")
    ] = 5,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="全部重新计算, 不用上次的中间结果 · compute everything anew")
    ] = False,
    watch: Annotated[
        bool,
        typer.Option("--watch", help="数据文件保存后自动重算 (Ctrl+C 结束) · run again after each save"),
    ] = False,
) -> None:
    """读入、检查、分析, 写出表格、地图和简报 · Read, check, analyse, write tables, maps and the briefing."""
    with _loading():
        from .analysis import analyse  # noqa: PLC0415 - each command loads only what it uses
        from .outputs import write_results  # noqa: PLC0415
        from .progress import progress  # noqa: PLC0415
        from .reuse import Store, cache_folder, reusing  # noqa: PLC0415
        from .runs.place import prepare  # noqa: PLC0415
        from .sources.reading import load_study  # noqa: PLC0415
        from .study import read_study  # noqa: PLC0415

    own = read_study(study)
    target = out or Path("outputs") / study.resolve().name
    prepare(target)

    def once() -> "Results":
        # The study is read again each time: its language and scenario may have been edited too.
        described = read_study(study)
        language: Lang = lang.value if lang else described.lang
        include_planned = include is not None or described.include_planned
        with reusing(Store(cache_folder(), fresh=fresh)), progress(language, steps=15) as report:
            report(Text("读入并检查数据", "Reading and checking the data"))
            inputs = load_study(study, profile=profile)
            results = analyse(inputs, lang=language, include_planned=include_planned, report=report)
            index = write_results(results, target, keep=keep, report=report)
        _summary(results, index, language)
        return results

    if watch:
        _run_on_every_save(once, own, target, lang.value if lang else own.lang)
    else:
        once()


def _run_on_every_save(once: Callable[[], "Results"], study: "Study", target: Path, lang: Lang) -> None:
    """Run now and after every save of the study's files, and say what changed; a refusal waits for the next save."""
    from .runs.place import history_of  # noqa: PLC0415
    from .watch import changes_in_words, stamps, wait_until_saved, watched  # noqa: PLC0415

    def look() -> "Stamps":
        return stamps(watched(study, leave_out=(target, history_of(target))))

    before: Results | None = None
    try:
        while True:
            known = look()
            try:
                results = once()
            except PujinError as error:
                typer.echo(error.text.of(lang), err=True)
            else:
                if before is not None:
                    name = results.inputs.catalogue.set_index("facility_type")[f"name_{results.lang}"]
                    tables = before.tables["coverage"], results.tables["coverage"]
                    typer.echo("\n".join(changes_in_words(*tables, name, results.lang)))
                before = results
            waiting = Text(
                "等待数据文件保存; 按 Ctrl+C 结束。", "Waiting for a data file to be saved; Ctrl+C ends this."
            )
            typer.echo(waiting.of(lang))
            wait_until_saved(look, known)
    except KeyboardInterrupt:
        typer.echo(Text("已结束。", "Ended.").of(lang))


@app.command()
def check(
    study: StudyArgument = DEFAULT_STUDY,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出 · print JSON")] = False,
    lang: LangOption = Language.ZH,
    profile: ProfileOption = None,
) -> None:
    """只读入和检查, 列出全部问题 · Read and judge only; list every problem."""
    import json  # noqa: PLC0415

    import pandas as pd  # noqa: PLC0415

    from .analysis import examine  # noqa: PLC0415
    from .sources.reading import load_study  # noqa: PLC0415
    from .tables import problems_table  # noqa: PLC0415

    language: Lang = lang.value
    inputs = load_study(study, profile=profile)
    found = problems_table(examine(inputs).problems, lang=language)
    if as_json:
        records = json.loads(found.to_json(orient="records", force_ascii=False))
        counts = inputs.row_counts.to_dict("records")
        typer.echo(json.dumps({"row_counts": counts, "problems": records}, ensure_ascii=False, indent=2))
        return
    for one in inputs.row_counts.itertuples():
        typer.echo(
            Text(
                f"{one.layer} ({one.file}): 读入 {one.rows_read} 行 = 采用 {one.accepted} + 剔除 {one.rejected}",
                f"{one.layer} ({one.file}): {one.rows_read} rows read = {one.accepted} accepted + {one.rejected} rejected",
            ).of(language)
        )
    for problem in found.itertuples():
        where = f"{problem.layer} {problem.file}" + ("" if pd.isna(problem.row) else f" #{problem.row}")
        typer.echo(f"[{problem.severity}] {where} {problem.code}: {problem.message}")
    typer.echo(Text(f"共 {len(found)} 个问题。", f"{len(found)} problems.").of(language))


@app.command()
def compare(
    out_a: Annotated[Path, typer.Argument(metavar="OUT_A", help="前一次的结果文件夹 · earlier results")],
    out_b: Annotated[Path, typer.Argument(metavar="OUT_B", help="后一次的结果文件夹 · later results")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="比较文件夹, 默认 OUT_B.compare · folder to write")
    ] = None,
    lang: LangOption = Language.ZH,
) -> None:
    """比较两次结果: 数据和结果变了什么, 为什么 · What changed between two runs, and why."""
    from .compare.comparison import compare_runs  # noqa: PLC0415 - each command loads only what it uses
    from .compare.folder import refuse_target, write_comparison  # noqa: PLC0415
    from .progress import progress  # noqa: PLC0415
    from .runs.place import recover  # noqa: PLC0415

    language: Lang = lang.value
    for earlier in (out_a, out_b):
        recover(earlier)
    target = out or out_b.resolve().with_name(f"{out_b.resolve().name}.compare")
    refuse_target(target, out_a, out_b)
    with progress(language, steps=6) as report:
        report(Text("读入并比较两次结果", "Reading and comparing two runs"))
        comparison = compare_runs(out_a, out_b, lang=language)
        index = write_comparison(comparison, target, report=report)
    for text in comparison.notices:
        typer.echo(text.of(language))
    if comparison.is_unchanged:
        typer.echo(Text("两次结果没有差别。", "Nothing changed.").of(language))
    else:
        typer.echo(comparison["circle_sentences"]["sentence"].iat[0])
    typer.echo(str(index))


@app.command("import-osm")
def import_osm(
    file: Annotated[Path, typer.Argument(help="OpenStreetMap 数据 .osm.pbf · extract")],
    study: Annotated[Path, typer.Argument(help="要生成的研究文件夹 · study folder to make")],
    boundary: Annotated[
        Path | None, typer.Option("--boundary", help="边界面文件 · boundary polygons")
    ] = None,
    population: Annotated[
        Path | None, typer.Option("--population", help="人口网格, 含 population 列 · population polygons")
    ] = None,
    lang: LangOption = Language.ZH,
) -> None:
    """由 OpenStreetMap 数据生成研究文件夹 · Make a study folder from an OpenStreetMap extract."""
    from .progress import progress  # noqa: PLC0415
    from .sources.osm import import_osm as make_study  # noqa: PLC0415

    language: Lang = lang.value
    with progress(language, steps=8) as report:
        summary = make_study(file, study, boundary=boundary, population=population, report=report)
    typer.echo(summary.text().of(language))


@app.command()
def circles(
    study: StudyArgument = DEFAULT_STUDY,
    count: Annotated[int | None, typer.Option("--count", min=1, help="生活圈数, 默认 12 · how many")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="另存为 .geojson · write elsewhere")] = None,
    pin_hub: Annotated[
        list[str] | None,
        typer.Option("--pin-hub", help="必须作中心的设施, 可多次 · facility that must be a hub"),
    ] = None,
    together: Annotated[
        list[str] | None, typer.Option("--together", help="必须同圈: 甲,乙 · committees that share a circle")
    ] = None,
    apart: Annotated[
        list[str] | None, typer.Option("--apart", help="必须分开: 甲,乙 · committees that must not")
    ] = None,
    forbid: Annotated[
        list[str] | None,
        typer.Option("--forbid", help="不得跨越的路、河、屏障名称 · street, water or barrier"),
    ] = None,
    lang: LangOption = Language.ZH,
) -> None:
    """划示社区生活圈, 写为研究的 circles 图层 · Draw living circles as the study's circles layer."""
    from .circles.command import draw_study, told  # noqa: PLC0415
    from .circles.options import Wishes  # noqa: PLC0415
    from .progress import progress  # noqa: PLC0415
    from .sources.reading import read_inputs  # noqa: PLC0415
    from .study import read_study  # noqa: PLC0415

    language: Lang = lang.value
    wishes = Wishes(tuple(pin_hub or ()), _groups(together), _groups(apart), tuple(forbid or ()))
    described = read_study(study)
    with progress(language, steps=4) as report:
        drawn = draw_study(described, read_inputs, count=count, wishes=wishes, out=out, report=report)
    for line in told(*drawn, language):
        typer.echo(line)


@app.command()
def lab(
    browser: Annotated[bool, typer.Option(help="打开浏览器 · open the browser")] = True,
    port: Annotated[int | None, typer.Option(min=1024, max=65535, help="端口 · port")] = None,
    lang: LangOption = Language.ZH,
) -> None:
    """在 working/ 中打开笔记的工作副本 (JupyterLab) · Open JupyterLab on a working copy of the notebooks."""
    from .lab.server import run_lab  # noqa: PLC0415
    from .lab.working import make_working_copy  # noqa: PLC0415

    language: Lang = lang.value
    folder, handed = make_working_copy(Path.cwd())
    placed = sum(not one.beside for one in handed)
    if placed:
        typer.echo(Text(f"已放入 {placed} 篇笔记。", f"{placed} notebooks were put in place.").of(language))
    for one in handed:
        if one.beside:
            typer.echo(one.text().of(language))
    typer.echo(
        Text(
            f"JupyterLab 打开 {folder} (只在本机, 不联网); 关闭: 在此窗口按 Ctrl+C。",
            f"JupyterLab opens {folder} (this computer only, no network); to stop it press Ctrl+C here.",
        ).of(language)
    )
    raise typer.Exit(run_lab(folder, browser=browser, port=port))


@app.command("print")
def print_results(
    out: Annotated[Path, typer.Argument(help="结果文件夹 · results folder")] = DEFAULT_RESULTS,
    static_only: Annotated[
        bool,
        typer.Option("--static", help="只绘静态地图, 不需要浏览器 · static maps only, without a browser"),
    ] = False,
) -> None:
    """由结果文件夹打印 PDF、PNG 和幻灯片用的静态地图 · Print a run's pages and maps as PDF, PNG and SVG."""
    from .printing import print_run, sheets  # noqa: PLC0415
    from .progress import progress  # noqa: PLC0415
    from .runs.folder import read_run  # noqa: PLC0415
    from .runs.place import recover  # noqa: PLC0415

    recover(out)
    language = read_run(out).lang
    with progress(language, steps=2 + (0 if static_only else len(sheets(out)))) as report:
        folder = print_run(out, static_only=static_only, report=report)
    count = sum(1 for path in folder.rglob("*") if path.is_file())
    typer.echo(Text(f"写出 {count} 个文件: {folder}", f"{count} files written: {folder}").of(language))


def _groups(written: list[str] | None) -> tuple[tuple[str, ...], ...]:
    """Return committees that belong together in an option, written with Chinese or Western commas."""
    parts = [one.replace("，", ",").replace("、", ",").split(",") for one in written or ()]
    return tuple(tuple(name.strip() for name in group if name.strip()) for group in parts)


def _summary(results: "Results", index: Path, lang: Lang) -> None:
    tables = results.tables
    judged = tables["residents"][tables["residents"]["inside_boundary"]]
    errors = int((tables["problems"]["severity"] == "error").sum())
    verdicts = tables["distances"]["verdict"].value_counts()
    text = Text(
        f"{results.inputs.study.name}: {len(judged)} 个居民点, {judged['population'].sum():,.0f} 人; "
        f"判定 {len(tables['distances'])} 项: 达标 {verdicts.get('met', 0)}, 未达标 {verdicts.get('not_met', 0)}, "
        f"无法判定 {verdicts.get('unknown', 0)}; 问题 {len(tables['problems'])} 个 (其中剔除 {errors} 行)。",
        f"{results.inputs.study.name}: {len(judged)} demand points, {judged['population'].sum():,.0f} people; "
        f"{len(tables['distances'])} verdicts: {verdicts.get('met', 0)} met, {verdicts.get('not_met', 0)} not met, "
        f"{verdicts.get('unknown', 0)} unknown; {len(tables['problems'])} problems ({errors} rows left out).",
    )
    typer.echo(text.of(lang))
    if results.inputs.circles.empty:
        typer.echo(
            Text(
                "没有生活圈图层, 只汇总全域 (all); 可用 pujin-geo circles 划示后再运行。",
                "There is no circles layer: figures are for all only. Draw one with pujin-geo circles, then run again.",
            ).of(lang)
        )
    typer.echo(str(index))
