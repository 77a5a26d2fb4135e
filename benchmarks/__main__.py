"""`python -m benchmarks`: chooses what to measure, prints it, and writes the report.  See README.md."""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import json
import os
import shlex
import sys
import time
from pathlib import Path

from benchmarks import harness, measurements, problems, report, targets

RESULTS = Path(__file__).with_name("RESULTS.md")
DATA = harness.ROOT / "book" / "data" / "speed.json"  # beside what other pages read: a page runs anew when it changes
BUSY = 0.5  # load average above which two threads have not got two cores


def parse(arguments):
    """Options of the command line."""
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "names", nargs="*", metavar="measurement", help=f"by default all: {', '.join(measurements.NAMES)}"
    )
    parser.add_argument("--cells", nargs="+", choices=problems.CELLS)
    parser.add_argument("--configs", nargs="+", choices=problems.CONFIGS)
    parser.add_argument("--dtype", nargs="+", choices=tuple(harness.TOLERANCE))
    parser.add_argument("--threads", nargs="+", type=int, choices=(1, 2), help="tables with so many (default: both)")
    parser.add_argument(
        "--avx2", action="store_true", help="hold every implementation to AVX2, and not some tables alone"
    )
    parser.add_argument("--rounds", type=int, help="turns of each implementation (default: 3)")
    parser.add_argument("--seconds", type=float, help="time of each turn (default: as each table has it, 0.2 to 0.8)")
    parser.add_argument(
        "--quick", action="store_true", help="one round of 0.05 s, the first table of each: it runs, no more"
    )
    parser.add_argument("--force", action="store_true", help="two threads on a busy machine all the same")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name} and {DATA.name}, after a full run")
    parser.add_argument("--report", action="store_true", help=f"measure nothing: write {RESULTS.name} from {DATA.name}")
    options = parser.parse_args(arguments)
    chosen = {"cell": options.cells, "config": options.configs, "dtype": options.dtype, "threads": options.threads}
    if unknown := set(options.names) - set(measurements.NAMES):
        parser.error(f"no measurement {', '.join(sorted(unknown))}; there are {', '.join(measurements.NAMES)}")
    less = [options.quick, options.names, options.rounds, options.seconds, options.avx2, *chosen.values()]
    if options.write and any(less):
        parser.error("--write wants the full run, without --quick and without a choice")
    if options.quick:
        options.rounds, options.seconds = options.rounds or 1, options.seconds or 0.05
    options.rounds = 3 if options.rounds is None else options.rounds
    if options.rounds < 1 or (options.seconds is not None and options.seconds <= 0):
        parser.error("--rounds and --seconds must be positive")
    options.chosen = {k: v for k, v in chosen.items() if v}
    options.plan = plan(options)
    if not options.plan and not options.report:
        parser.error("nothing is left to measure: no table has all of that")
    if any(table.threads > 1 for _, table in options.plan) and not (options.force or options.report):
        instead = "`--threads 1` leaves them out; --force measures all the same"
        if (os.cpu_count() or 1) < 2:
            parser.error(f"two threads want two cores ({instead})")
        if (busy := harness.load()) is not None and busy > BUSY:
            parser.error(
                f"load average {busy:.2f}: the machine is busy, and two threads would not get two cores. "
                f"Wait a minute or two if that was the run before ({instead})"
            )
    return options


def plan(options):
    """Measurements and their tables, reduced to what was asked for."""
    found = []
    for name in options.names or measurements.NAMES:
        for table in measurements.find(name).tables():
            if options.avx2 and table.avx2:
                continue  # the same table comes natively, and is held below
            if table.avx2 and not harness.newer_instructions():
                continue  # there is nothing to hold back
            if options.quick and name in [earlier for earlier, _ in found]:
                continue
            table.cases = [case for case in table.cases if wanted(case | {"threads": table.threads}, options.chosen)]
            table.avx2 = table.avx2 or options.avx2
            if table.cases:
                found.append((name, table))
    return found


def wanted(case, chosen):
    """Whether a case is among the chosen.  A choice of cells, say, leaves out no case that has none."""
    return all(case.get(field, values[0]) in values for field, values in chosen.items())


def main(arguments=None):
    """Compare, measure, print, and write if asked."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parse(arguments)
    if options.report:
        data = judged(json.loads(DATA.read_text("utf-8")))
        write(data)
        print(report.render(data), end="")
        return
    started, torch = time.monotonic(), importlib.util.find_spec("torch") is not None
    flags = " and ".join(flag for flag in ("quick", "force") if getattr(options, flag))
    data = {
        "date": str(datetime.date.today()),
        "command": shlex.join(["python", "-m", "benchmarks", *arguments]),
        "machine": harness.machine(),
        "not_to_keep": f"--{flags}".replace(" and ", " and --") if flags else "",
        "load": [harness.load(), None],
        "threads": max(table.threads for _, table in options.plan),
        "kernels": [],
        "targets": [],
        "measurements": [],
    }
    say(report.opening(data))
    for name, table in options.plan:  # everything is compared before anything is timed
        module = measurements.find(name)
        if not hasattr(module, "count") and getattr(module, "COMPARED", True) and module.PEER in harness.order(module):
            try:
                harness.check_results(name, table)
            except harness.Mismatch as error:
                sys.exit(f"Refused: {error}")
    for name, table in options.plan:
        module = measurements.find(name)
        if not data["measurements"] or data["measurements"][-1]["name"] != name:
            about = {"name": name, "title": module.TITLE, "about": module.ABOUT, "peer": module.PEER}
            data["measurements"].append(about | {"tables": []})
            say(report.measurement_opening(about))
        seconds = table.seconds if options.seconds is None else options.seconds
        found = {
            "heading": table.heading,
            "labels": list(table.labels),
            "threads": table.threads,
            "avx2": table.avx2,
            "rounds": options.rounds,
            "seconds": None if hasattr(module, "count") else seconds,
            "together": table.together,
        }
        say(report.table_opening(found))
        found["rows"] = harness.measure(name, table, options.rounds, seconds, harness.order(module))
        for row in found["rows"]:
            kernels = row.pop("kernels", None)
            data["kernels"] += [kernels] if kernels and kernels not in data["kernels"] else []
            row["verdict"] = targets.judge(name, found, row)
        data["measurements"][-1]["tables"].append(found)
        say([*report.table_lines(name, found), ""])
    data["load"][1], data["minutes"] = harness.load(), (time.monotonic() - started) / 60
    data = judged(data)
    say(report.summary_lines(data["targets"]) + report.closing(data))
    if options.write and not torch:
        say([f"\nPyTorch is missing: {RESULTS.name} and {DATA.name} stay as they are."])
    elif options.write:
        write(data)


def judged(data):
    """The same data, its rows and targets judged anew."""
    for measured in data["measurements"]:
        for table in measured["tables"]:
            for row in table["rows"]:
                row["verdict"] = targets.judge(measured["name"], table, row)
    return data | {"targets": targets.summary(data["measurements"])}


def write(data):
    """The data, and the report made of it."""
    DATA.write_text(json.dumps(shortened(data), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    RESULTS.write_text(report.render(data), encoding="utf-8")


def shortened(found):
    """Numbers to six significant digits: more is noise."""
    if isinstance(found, dict):
        return {k: shortened(v) for k, v in found.items()}
    if isinstance(found, list | tuple):
        return [shortened(v) for v in found]
    return float(f"{found:.6g}") if isinstance(found, float) else found


def say(lines):
    """Print, now."""
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    main()
