"""What an app and a shell feel, beside the build of another commit."""

# Longer than 400 lines: one table, whose figures are measured in the same rounds.

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .builds import build_of
from .delivery import ROADS, call_sdk, time_delivery
from .harness import Options, Spread, Table, percentile, significant
from .jobs import run_job
from .latency import SETTINGS, measure_latency
from .serve import BARE, CASES, LINEAGE, load, server
from .stub import Stub
from .subjects import BY_KEY, NEW, ROOT, SAME
from .workers import Case, crew

TITLE: Final = "what an app and a shell feel"

#: What was measured, one value a round, by its name; the base's begin with `base:`.
Values = dict[str, list[float]]

#: Without `--base`: the last commit before starting and recording were redesigned.
_BASE: Final = "f698b48"


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: a measured value over another one, and what it shall be."""

    title: str
    of: str
    beside: str
    goal: float
    is_at_least: bool = False

    def row(self, values: Values) -> list[str] | None:
        """Return the row; none when the figure was not asked for."""
        if self.of not in values and f"base:{self.of}" not in values:
            return None
        now = _ratio(values.get(self.of), values.get(self.beside))
        before = _ratio(
            values.get(f"base:{self.of}"),
            values.get(f"base:{self.beside}") or values.get(self.beside),
        )
        is_met = now is not None and (
            now >= self.goal if self.is_at_least else now <= self.goal
        )
        result = "" if now is None else "met" if is_met else "missed"
        limit = f"{'>=' if self.is_at_least else '<='} {self.goal:g}x"
        return [self.title, _times(before), _times(now), limit, result]


def _times(ratio: float | None) -> str:
    return "not measured" if ratio is None else f"{significant(ratio)}x"


def _of_base(title: str, of: str, goal: float) -> Figure:
    return Figure(f"{title}, of the base", of, f"base:{of}", goal)


_FIGURES: Final = (
    Figure("import lineage and one decoration, of import wrapt", "start", "wrapt", 1.6),
    _of_base("import lineage and one decoration", "start", 0.42),
    Figure("recorded call, new id, of bare wrapt", "new", "bare wrapt", 4),
    _of_base("recorded call, new id", "new", 0.55),
    Figure("recorded call, id recorded before, of bare wrapt", "same", "bare wrapt", 2),
    Figure("five declarations, new ids, of one", "five", "new", 2),
    Figure("repeat=True, of a new id", "repeat", "new", 1.2),
    Figure("method, off at run time, of the bare method", "off", "bare method", 5),
    Figure("OpenTelemetry's batch span, of a new id", "span", "new", 6, True),
    *(
        _of_base(f"p99.9, paced, flusher at work, {n} threads", f"p99.9 of {n}", 0.5)
        for n in (1, 4, 16)
    ),
    Figure("lineage show, whole process, of python -c pass", "show", "pass", 6),
    _of_base("lineage show", "show", 0.5),
    Figure("lineage tasks, whole process, of python -c pass", "tasks", "pass", 6),
    _of_base("lineage tasks", "tasks", 0.5),
    Figure(
        "lineage serve: one edge a request, of a bare row", "edge", "row", 0.4, True
    ),
    Figure(
        "lineage serve: one edge a request, of the base",
        "edge",
        "base:edge",
        0.95,
        True,
    ),
    Figure(
        "lineage serve: edges in batches, of the base",
        "batch",
        "base:batch",
        0.95,
        True,
    ),
    Figure("one-edge endpoint on loopback, of the SDK", "0 ms", "SDK 0 ms", 3, True),
    Figure("one-edge endpoint at 20 ms, of the SDK", "20 ms", "SDK 20 ms", 17, True),
    _of_base("one-edge endpoint, processor time of an edge", "processor", 0.5),
    _of_base("memory of an app after 1,000,000 edges", "memory", 0.6),
    _of_base("calls that share one model, until they are stored", "shared", 1 / 12),
    Figure(
        "lineage serve: facts of decorated calls, of the base",
        "facts", "base:facts", 2.5, True,
    ),
)  # fmt: skip


def run(options: Options) -> list[Table]:
    """Measure each figure of this build and of the base, interleaved."""
    commit = options.base or _BASE
    values: Values = {}
    with build_of(commit) as base:
        for name, measure in _GROUPS.items():
            if not options.figures or name in options.figures:
                for what, found in measure(options, base):
                    values.setdefault(what, []).append(found)
    table = Table(
        f"{TITLE}, beside {commit}", ("", "base", "now", "goal", ""),
        [row for figure in _FIGURES if (row := figure.row(values)) is not None],
        ["base and now: each over the same peer, measured in the same rounds"],
    )  # fmt: skip
    measured = Table(
        "the medians behind them", ("", "base", "now", "rounds"), _medians(values)
    )
    return [table, measured]


def _ratio(values: list[float] | None, others: list[float] | None) -> float | None:
    """Return the median of the ratios within each round."""
    if not values or not others:
        return None
    pairs = zip(values, others, strict=True)
    return Spread.of([value / other for value, other in pairs]).median


def _medians(values: Values) -> list[list[str]]:
    def shown(found: list[float] | None) -> str:
        return significant(Spread.of(found).median) if found else ""

    names = dict.fromkeys(name.removeprefix("base:") for name in values)
    return [
        [name, shown(values.get(f"base:{name}")), shown(values.get(name)),
         str(len(values.get(name) or values[f"base:{name}"]))]
        for name in names
    ]  # fmt: skip


def _builds(base: Path) -> tuple[tuple[str, Path], ...]:
    return ("", ROOT), ("base:", base)


# -- starting -------------------------------------------------------------------

_TIMED: Final = """
import time
start = time.perf_counter()
{statement}
print(time.perf_counter() - start)
"""
_DECORATION: Final = """
from lineage import uses_project
@uses_project("project_id")
def train(project_id): ...
"""


def _starts(options: Options, base: Path) -> Iterator[tuple[str, float]]:
    """Time what is imported, in milliseconds, by fresh interpreters."""
    rounds = options.pick_rounds(full=15, quick=5)
    with tempfile.TemporaryDirectory(prefix="lineage-bench-") as compiled:
        for number in range(rounds + 1):
            found = [("wrapt", _time_import("import wrapt", ROOT, compiled))]
            for build, root in _builds(base):
                time_ms = _time_import(_DECORATION, root, f"{compiled}/{build}")
                found.append((f"{build}start", time_ms))
            if number:  # the first one compiles, and warms the system's cache
                yield from found


def _time_import(statement: str, root: Path, compiled: str) -> float:
    """Time one import in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", _TIMED.format(statement=statement)],
        capture_output=True, text=True, check=True, cwd=root,
        env=_environ(Path(compiled)),
    )  # fmt: skip
    return float(done.stdout) * 1000


def _environ(scratch: Path, **more: str) -> dict[str, str]:
    """Return an environment without settings of ours, whose byte code lies apart."""
    environ = BY_KEY["bare"].environ(scratch, None)
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**environ, "PYTHONPYCACHEPREFIX": str(scratch / "compiled"), **more}


# -- a call ---------------------------------------------------------------------

_CALLS: Final = {
    "bare wrapt": ("wrapt", "sync", 1, NEW),
    "bare method": ("bare", "method", 1, NEW),
    "off": ("off-run-time", "method", 1, NEW),
    "new": ("journal", "sync", 1, NEW),
    "same": ("journal", "sync", 1, SAME),
    "five": ("journal", "sync", 5, NEW),
    "repeat": ("repeat", "sync", 1, NEW),
    "span": ("opentelemetry", "sync", 1, NEW),
}


def _calls(options: Options, base: Path) -> Iterator[tuple[str, float]]:
    """Time bursts of calls, in nanoseconds for each."""
    rounds = options.pick_rounds(full=100, quick=20)
    cases: dict[Case, str] = {}
    for name, (key, *how) in _CALLS.items():
        subject = BY_KEY[key]
        cases[Case(subject, *how)] = name  # type: ignore[arg-type]  # as the table has them
        if subject.is_ours:
            cases[Case(subject.of_build(base), *how)] = f"base:{name}"  # type: ignore[arg-type]  # the same
    subjects = list(dict.fromkeys(case.subject for case in cases))
    with (
        tempfile.TemporaryDirectory(prefix="lineage-bench-") as scratch,
        crew(subjects, Path(scratch)) as workers,
    ):
        for case, found in workers.measure(list(cases), rounds).items():
            yield from ((cases[case], value) for value in found)


def _latencies(options: Options, base: Path) -> Iterator[tuple[str, float]]:
    """Find the slowest of a thousand calls while the flusher works.

    A few calls of a run decide, which a neighbour of the machine delays by tens of
    milliseconds: only the median of many pairs of runs stands, whose order changes.
    """
    seconds = 0.1 if options.is_smoke else 1.0
    with Stub(has_batches=True) as stub:
        for number in range(options.pick_rounds(full=21, quick=9)):
            for setting in SETTINGS[:3]:
                for build, root in _builds(base)[:: 1 if number % 2 else -1]:
                    took = measure_latency(
                        setting, stub, seconds, is_smoke=options.is_smoke, root=root
                    )["recorded"]
                    name = f"{build}p99.9 of {setting.threads}"
                    yield name, percentile(sorted(took), 0.999)


# -- a command ------------------------------------------------------------------

_HOME: Final = """
import lineage
for number in range(20):
    with lineage.task(name=f"train {number}"):
        @lineage.uses_file("path")
        @lineage.produces_file()
        def convert(path):
            return f"{path}.out"
        for index in range(10):
            convert(f"/data/{number}-{index}.csv")
assert lineage.flush(60)
"""


def _commands(options: Options, base: Path) -> Iterator[tuple[str, float]]:
    """Time whole processes of the command line, in milliseconds."""
    rounds = options.pick_rounds(full=15, quick=5)
    with tempfile.TemporaryDirectory(prefix="lineage-bench-") as folder:
        environs = {
            build: _environ(Path(folder), LINEAGE_HOME=f"{folder}/home{build[:4]}",
                            PYTHONPYCACHEPREFIX=f"{folder}/compiled{build[:4]}")
            for build, _ in _builds(base)
        }  # fmt: skip
        for build, root in _builds(base):
            _time_process(["-c", _HOME], root, environs[build])
        for number in range(rounds + 1):
            found = [("pass", _time_process(["-c", "pass"], ROOT, environs[""]))]
            for build, root in _builds(base):
                for name, words in (
                    ("show", ["show", "/data/3-1.csv"]),
                    ("tasks", ["tasks"]),
                ):
                    command = ["-m", "lineage", *words]
                    time_ms = _time_process(command, root, environs[build])
                    found.append((f"{build}{name}", time_ms))
            if number:
                yield from found


def _time_process(arguments: list[str], root: Path, environ: dict[str, str]) -> float:
    """Time one interpreter from its start to its end."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments], check=True, cwd=root, env=environ,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return (time.perf_counter() - start) * 1000


# -- an instance ----------------------------------------------------------------


def _serving(options: Options, base: Path) -> Iterator[tuple[str, float]]:
    """Count edges and bare rows a second."""
    row, edge = CASES[:2]
    batch = next(case for case in CASES if case.form == "plain")
    with ExitStack() as stack:
        bare = stack.enter_context(server(BARE))
        ours = {
            build: stack.enter_context(server(LINEAGE, root=root))
            for build, root in _builds(base)
        }
        for _ in range(options.pick_rounds(full=7, quick=3)):
            yield "row", load(bare, row, is_smoke=options.is_smoke).per_s
            for build, target in ours.items():
                for name, case in (("edge", edge), ("batch", batch)):
                    found = load(target, case, is_smoke=options.is_smoke)
                    yield f"{build}{name}", found.per_s


def _deliveries(options: Options, base: Path) -> Iterator[tuple[str, float]]:
    """Count edges a second at the one-edge endpoint, and microseconds of one."""
    share = 0.02 if options.is_smoke else 0.3 if options.is_quick else 1.0
    road = ROADS[0]
    subjects = [BY_KEY["sdk"], BY_KEY["sdk-20ms"]]
    with (
        tempfile.TemporaryDirectory(prefix="lineage-bench-") as scratch,
        crew(subjects, Path(scratch)) as sdk,
    ):
        for _ in range(options.pick_rounds(full=7, quick=3)):
            for delay in (0, 20):
                rate = call_sdk(sdk, delay, share)
                if rate is not None:
                    yield f"SDK {delay} ms", rate
                for build, root in _builds(base):
                    edges = int(road.edges * share)
                    took = time_delivery(road, delay, edges, root=root)
                    yield f"{build}{delay} ms", edges / took["total_s"]
                    if not delay:
                        yield f"{build}processor", 1e6 * took["processor_s"] / edges


def _memory(options: Options, base: Path) -> Iterator[tuple[str, float]]:
    """Weigh an app that has recorded and delivered many edges, in megabytes."""
    edges = 2_000 if options.is_smoke else 200_000 if options.is_quick else 1_000_000
    with Stub(has_batches=True) as stub:
        for build, root in _builds(base):
            with tempfile.TemporaryDirectory(prefix="lineage-bench-") as folder:
                done = run_job(
                    Path(folder), stub.address, root=root, job="remember", edges=edges
                )
            yield f"{build}memory", float(done["megabytes"])


# -- a store --------------------------------------------------------------------

_SHARED: Final = """
import sys, time, lineage
@lineage.uses_file("model")
@lineage.uses_file("dataset")
@lineage.produces_file("out")
def predict(model, dataset, out): ...
start = time.perf_counter()
for number in range(int(sys.argv[1])):
    predict("s3://b/model.pt", f"s3://b/data/{number}.csv", f"s3://b/out/{number}.csv")
assert lineage.flush(600)
print(time.perf_counter() - start)
"""


def _shared(options: Options, base: Path) -> Iterator[tuple[str, float]]:
    """Time the calls of one task into the embedded instance, in seconds."""
    calls = 50 if options.is_smoke else 8_000 if options.is_quick else 16_000
    for _ in range(options.pick_rounds(full=3, quick=1)):
        for build, root in _builds(base):
            with tempfile.TemporaryDirectory(prefix="lineage-bench-") as folder:
                done = subprocess.run(
                    [sys.executable, "-c", _SHARED, str(calls)], check=True, cwd=root,
                    env=_environ(Path(folder), LINEAGE_HOME=f"{folder}/home"),
                    capture_output=True, text=True,
                )  # fmt: skip
            yield f"{build}shared", float(done.stdout)


def _facts(options: Options, base: Path) -> Iterator[tuple[str, float]]:
    """Count facts of decorated calls a second that are taken in over HTTP."""
    (case,) = (case for case in CASES if case.form == "recorded")
    with ExitStack() as stack:
        ours = {
            build: stack.enter_context(server(LINEAGE, root=root))
            for build, root in _builds(base)
        }
        for _ in range(options.pick_rounds(full=5, quick=2)):
            for build, target in ours.items():
                found = load(target, case, is_smoke=options.is_smoke)
                yield f"{build}facts", found.per_s


_GROUPS: Final[dict[str, Callable[[Options, Path], Iterator[tuple[str, float]]]]] = {
    "start": _starts,
    "call": _calls,
    "latency": _latencies,
    "command": _commands,
    "serve": _serving,
    "delivery": _deliveries,
    "memory": _memory,
    "shared": _shared,
    "facts": _facts,
}
