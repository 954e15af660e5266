"""What ``bench scale`` prints: a line a figure, beside its target, a column a size, and how the figure grows."""

import os
import platform
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from broadsheet import __version__


class Line(NamedTuple):
    """One figure: its name, where it lies in a size's answer, and the target at a million papers; '' for none."""

    name: str
    path: str
    unit: str
    target: str = ""
    times: float = 1.0


NEARLY = 0.85
"""Share of the time from which on processors or a thread count as what bounds building."""

LINES = (
    Line("building: papers a second by the clock", "building.rate", "/s", ">= 1500"),
    Line("  processor time of a paper", "building.processor_us", "us"),
    Line("  of it storing", "building.storing_us", "us"),
    Line("  of it words", "building.words_us", "us"),
    Line("  of it vectors", "building.vectors_us", "us"),
    Line("  share of the processors in use", "building.busy", "%", "", 100),
    Line("  share of the time in which the busiest thread ran", "building.busiest", "%", "", 100),
    Line("  peak anonymous memory, all processes", "building.anonymous_mb", "MB", "<= 2500"),
    Line("  peak, the process that stores", "building.storing_mb", "MB"),
    Line("  peak, the processes that fill the index", "building.filling_mb", "MB"),
    Line("disk: store", "disk.store", "MB", "", 1e-6),
    Line("disk: words", "disk.words", "MB", "", 1e-6),
    Line("disk: vectors", "disk.vectors", "MB", "", 1e-6),
    Line("hybrid search in process, p50", "asking.hybrid.p50", "ms", "<= 5"),
    Line("hybrid search in process, p99", "asking.hybrid.p99", "ms", "<= 30"),
    Line("  processor time, p50", "asking.hybrid.processor.p50", "ms"),
    Line("  processor time, p99", "asking.hybrid.processor.p99", "ms"),
    Line("  the query's embedding alone, p50", "asking.embedding.p50", "ms"),
    Line("  the query's embedding alone, p99", "asking.embedding.p99", "ms"),
    Line("  the query's embedding alone, processor time, p50", "asking.embedding.processor.p50", "ms"),
    Line("words alone, p50", "asking.words.p50", "ms"),
    Line("words alone, p99", "asking.words.p99", "ms"),
    Line("  of short queries, p50", "asking.words.short.p50", "ms"),
    Line("  of short queries, p99", "asking.words.short.p99", "ms"),
    Line("  processor time, p50", "asking.words.processor.p50", "ms"),
    Line("  processor time, p99", "asking.words.processor.p99", "ms"),
    Line("meaning alone, p50", "asking.meaning.p50", "ms"),
    Line("meaning alone, p99", "asking.meaning.p99", "ms"),
    Line("  processor time, p50", "asking.meaning.processor.p50", "ms"),
    Line("  anonymous memory of that process", "asking.anonymous_mb", "MB", "<= 1500"),
    Line("page by HTTP, one client, p50", "pages.one_client.p50", "ms", "<= 15"),
    Line("page by HTTP, one client, p99", "pages.one_client.p99", "ms", "<= 60"),
    Line("page by HTTP, two clients, p50", "pages.two_clients.p50", "ms"),
    Line("page by HTTP, two clients, p99", "pages.two_clients.p99", "ms"),
    Line("  pages a second, two clients", "pages.two_clients.per_second", "/s"),
    Line("  peak anonymous memory of the server's processes", "pages.anonymous_mb", "MB", "<= 1500"),
    Line("dense search, recall@20", "nearest.recall", "", ">= 0.98"),
    Line("dense search in the index alone, p50", "nearest.p50", "ms"),
    Line("dense search in the index alone, p99", "nearest.p99", "ms"),
    Line("  processor time, p50", "nearest.processor.p50", "ms"),
    Line("with a filter of 0.1 %, recall@20", "filtered.recall", "", ">= 0.99"),
    Line("with a filter of 0.1 %, p50", "filtered.p50", "ms"),
    Line("with a filter of 0.1 %, p99", "filtered.p99", "ms", "<= 40"),
    Line("a day of 1,500 papers: until all are found", "added.seconds", "s", "<= 5"),
    Line("  until they are stored, its process included", "added.stored_seconds", "s"),
    Line("  search meanwhile, p50", "added.meanwhile.p50", "ms"),
    Line("  search meanwhile, p99", "added.meanwhile.p99", "ms", "<= 100"),
    Line("  search just before, p99", "added.quiet.p99", "ms"),
    Line("cold open, first answer by words", "opened.first_words", "ms", "<= 5000"),
    Line("cold open, first fused answer, model loaded", "opened.first_hybrid", "ms", "<= 5000"),
    Line("  opening the index", "opened.open", "ms"),
    Line("  the whole process, Python and all", "opened.process_ms", "ms"),
    Line("  anonymous memory after it", "opened.anonymous_mb", "MB"),
    Line("SQLite FTS5: short queries, p50", "baselines.fts5.p50", "ms"),
    Line("SQLite FTS5: short queries, p99", "baselines.fts5.p99", "ms"),
    Line("SQLite FTS5: papers a second", "baselines.fts5.build_rate", "/s"),
    Line("SQLite FTS5: disk", "baselines.fts5.disk", "MB", "", 1e-6),
    Line("plain Tantivy: short queries, p50", "baselines.tantivy.p50", "ms"),
    Line("plain Tantivy: short queries, p99", "baselines.tantivy.p99", "ms"),
    Line("plain Tantivy: papers a second", "baselines.tantivy.build_rate", "/s"),
    Line("plain Tantivy: disk", "baselines.tantivy.disk", "MB", "", 1e-6),
    Line("exact scan in float32: p50", "baselines.exact.p50", "ms"),
    Line("exact scan in float32: p99", "baselines.exact.p99", "ms"),
    Line("exact scan in float32: anonymous memory", "baselines.exact.anonymous_mb", "MB"),
)


def facts(command: str) -> dict[str, Any]:
    """Return what has to be known of machine and program to compare the figures with others."""
    packages = ("django", "numpy", "tantivy", "numba", "onnxruntime")
    return {
        "command": command,
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "broadsheet": __version__,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in packages},
        "cores": os.cpu_count(),
        "processor": _told("/proc/cpuinfo", "model name"),
        "memory": _told("/proc/meminfo", "MemTotal"),
        "load_before": [round(one, 1) for one in os.getloadavg()],
    }


def table(answer: Mapping[str, Any]) -> str:
    """Return an answer for people; several sizes stand side by side, with how often the last is the first."""
    sizes: Sequence[Mapping[str, Any]] = answer["sizes"]
    many = len(sizes) > 1
    width = max(len(line.name) for line in LINES) + 2
    head = "".join(f"{one['papers']:>14,}" for one in sizes)
    lines = [*_said(answer["facts"]), ""]
    lines.append(f"{'papers':<{width}}{head}{'   grows' if many else ''}   target at 1,000,000")
    for line in LINES:
        values = [_value(one, line) for one in sizes]
        if all(value is None for value in values):
            continue
        cells = "".join(f"{_shown(value, line.unit):>14}" for value in values)
        grows = f"{_growth(values):>8}" if many else ""
        lines.append(f"{line.name:<{width}}{cells}{grows}   {_verdict(line, sizes, values)}".rstrip())
    return "\n".join([*lines, "", *_notes(sizes)])


def bound(building: Mapping[str, Any]) -> str:
    """Return what building waits for, by how busy processors and threads were."""
    said = f"of the processors {building['busy']:.0%} were in use, and the busiest thread ran {building['busiest']:.0%}"
    if building["busy"] > NEARLY:
        return f"the processors ({said})"
    if building["busiest"] > NEARLY:
        return f"its busiest thread ({said})"
    return f"neither processors nor one thread alone: turns of waiting for the disk or each other ({said})"


def missed(answer: Mapping[str, Any]) -> list[str]:
    """Return the names of the figures that miss their target, at whatever size."""
    return [
        f"{line.name.strip()} ({one['papers']:,})"
        for one in answer["sizes"]
        for line in LINES
        if line.target and (value := _value(one, line)) is not None and not _holds(line.target, value)
    ]


def _said(told: Mapping[str, Any]) -> list[str]:
    return [
        f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}" for name, value in told.items()
    ]


def _notes(sizes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in sizes:
        asking, pages = one.get("asking", {}), one.get("pages", {})
        filtered = one.get("filtered", {})
        counts = (
            (asking, "hybrid", "fused"),
            (asking, "words", "by words"),
            (asking, "meaning", "by meaning"),
            (pages, "one_client", "pages by one client"),
            (pages, "two_clients", "by two"),
            (one, "filtered", f"with a filter that {100 * filtered.get('selectivity', 0):.2f} % pass"),
            (one, "nearest", "compared with an exact scan"),
        )
        asked = ", ".join(f"{_count(told, name)} {said}" for told, name, said in counts)
        parts = [
            f"queries: {asked}, after {asking.get('warm_up', 0)} to warm up",
            *(f"{name}: {_count(one['baselines'], name)} queries" for name in one.get("baselines", ())),
            f"building is bound by {one.get('building', {}).get('bound', 'what was not measured')}",
            f"load before, after: {one.get('load', '')}",
        ]
        yield f"{one['papers']:,} papers. " + "; ".join(parts) + "."
        for kind, times in asking.get("kinds", {}).get("hybrid", {}).items():
            yield f"  hybrid, {kind:<12} p50 {times['p50']:7.2f}  p99 {times['p99']:7.2f} ms  ({times['queries']})"


def _count(told: Mapping[str, Any], name: str) -> int:
    return int(told.get(name, {}).get("queries", 0))


def _value(one: Mapping[str, Any], line: Line) -> float | None:
    found: Any = one
    for step in line.path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return None if found is None else float(found) * line.times


def _shown(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    if not unit:
        return f"{value:.4f}"
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:,.{digits}f} {unit}"


def _growth(values: Sequence[float | None]) -> str:
    first, last = values[0], values[-1]
    return f"x{last / first:.2f}" if first and last is not None else "-"


def _verdict(line: Line, sizes: Sequence[Mapping[str, Any]], values: Sequence[float | None]) -> str:
    last = values[-1]
    if not line.target or last is None:
        return line.target
    held = "held" if _holds(line.target, last) else "MISSED"
    return f"{line.target} {held} at {sizes[-1]['papers']:,}"


def _holds(target: str, value: float) -> bool:
    sign, _, bound = target.partition(" ")
    return value >= float(bound) if sign == ">=" else value <= float(bound)


def _told(path: str, name: str) -> str:
    """Return what the system tells of itself under a name, '' where it tells nothing."""
    try:
        rows = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((row.partition(":")[2].strip() for row in rows if row.startswith(name)), "")
