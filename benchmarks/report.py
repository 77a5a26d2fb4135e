"""The report: text from the same data that the book's page reads."""

from __future__ import annotations

from benchmarks import measurements

TIMES = ("rnnbook: ms (min, CPU)", "faults", "{peer}: ms (min, CPU)", "faults", "ratio", "of CPU", "A/A")


def machine(found):
    """One line about the machine."""
    vectors = found["vectors"]
    flags = ", ".join(f"{f} {'yes' if v else 'no'}" for f, v in vectors.items()) if vectors else "flags unknown"
    torch = f"torch {found['torch']}, " if "torch" in found else ""
    return (
        f"Machine: {found['processor']}, {found['cores']} cores ({flags}). Python {found['python']}, "
        f"numpy {found['numpy']}, {torch}{found['blas']}."
    )


def amount(missed):
    """Two decimals, but never "missed by 0.00"."""
    return f"{missed:.2f}" if missed >= 0.005 else "less than 0.01"


def verdict(found):
    """What a row says about its target."""
    if found is None:
        return "–"
    goal = f"{found['target']}: {found['goal']:g}"
    text = f"{goal} met"
    if found["missed_by"]:
        text = f"{goal} **missed by {amount(found['missed_by'])}**"
        if found["below_floor_by"] is not None:
            below = found["below_floor_by"]
            text += f", floor **missed by {amount(below)}**" if below else ", floor met"
    return text + " (noisy)" * found["noisy"]


def heading(table):
    """Precision, threads and vector instructions, as far as they matter."""
    parts = [table["heading"], f"{table['threads']} thread{'s' * (table['threads'] > 1)}"] if table["heading"] else []
    return ", ".join(parts + ["both held to AVX2"] * table["avx2"])


def timed(row, peer):
    """The columns of times."""

    def times(m):
        if m is None:
            return "– | –"
        return f"{1e3 * m['wall']:.2f} ({1e3 * m['min']:.2f}, {1e3 * m['cpu']:.2f}) | {m['faults']:.0f}"

    def number(name):
        return f"{row['values'][name]:.2f}" if name in row["values"] else "–"

    measured = row["measured"]
    return [times(measured["rnnbook"]), times(measured.get(peer)), *map(number, ("ratio", "of_cpu", "control"))]


def table_lines(name, table):
    """One table, as Markdown."""
    module = measurements.find(name)
    counted, extra = hasattr(module, "count"), getattr(module, "COLUMNS", ())
    times = [] if counted else [column.format(peer=module.PEER) for column in TIMES]
    head = [*table["labels"], *times, *(title for title, _, _ in extra), "target"]
    rule = ["---"] * len(table["labels"]) + ["--:"] * (len(times) + len(extra)) + ["---"]
    lines, notes = [f"| {' | '.join(head)} |", f"|{'|'.join(rule)}|"], []
    for row in table["rows"]:
        cells = [str(row["case"].get(k, "")) for k in table["labels"]]
        cells += [] if counted else timed(row, module.PEER)
        cells += [f"{row['values'][key]:{form}}" if key in row["values"] else "–" for _, key, form in extra]
        said = verdict(row.get("verdict"))
        for note in (row.get("verdict") or {}).get("tried", []):
            if note not in notes:
                notes.append(note)
            said += f" [{notes.index(note) + 1}]"
        lines.append(f"| {' | '.join(cells)} | {said} |")
    return lines + [f"\n[{k}] Tried: {note}" for k, note in enumerate(notes, 1)]


def summary_lines(targets):
    """The table of targets, or nothing."""
    if not targets:
        return []
    lines = ["## Targets\n", "| | target | goal | rows | met | worst | where |", "|---|---|---|--:|--:|---|---|"]
    for t in targets:
        goal = f"≥ {t['at_least']:g}" if t["at_least"] is not None else f"≤ {t['at_most']:g}"
        if t["floor"] is not None:
            goal += f", floor {t['floor']:g}"
        missed = f" (**missed by {amount(t['missed_by'])}**)" if t["missed_by"] else ""
        met = str(t["met"]) + (f", floor {t['above_floor']}" if t["floor"] is not None else "")
        worst = f"{t['worst']:.2f}{missed}"
        lines.append(f"| {t['number']} | {t['what']} | {goal} | {t['rows']} | {met} | {worst} | {t['worst_case']} |")
    return [*lines, ""]


def opening(data):
    """The first lines: what, when, on what."""
    lines = ["# Speed and memory of rnnbook\n", f"{data['date']}, `{data['command']}`. {machine(data['machine'])}"]
    lines.append(
        "Ratio: the peer's median time over rnnbook's; above 1, rnnbook is faster. A/A: rnnbook against itself."
    )
    if "torch" not in data["machine"]:
        lines.append('\nPyTorch is missing, so rnnbook is timed alone. To compare: pip install "rnnbook[bench]"')
    if data["not_to_keep"]:
        lines.append(f"\nMeasured with {data['not_to_keep']}: no result to keep.")
    return [*lines, ""]


def measurement_opening(measured):
    """Heading and explanation of one measurement."""
    return [f"## {measured['title']}\n", measured["about"], ""]


def table_opening(table):
    """Heading of one table, and how long its turns were."""
    title = heading(table)
    turns = f"{table['rounds']} turn{'s' * (table['rounds'] > 1)}" + (
        f" of {table['seconds']:g} s" if table["seconds"] else ""
    )
    together = ", one process for all rows of a turn" if table["together"] else ""
    return ([f"### {title}\n"] if title else []) + [f"{turns}{together}.\n"]


def closing(data):
    """Kernels and load."""
    lines = []
    if data["kernels"]:
        lines.append(f"OpenBLAS used its kernels for {', '.join(data['kernels'])}.")
    before, after = data["load"]
    if before is not None:
        own = f"up to {data['threads']} of it the benchmark's own"
        lines.append(f"\nLoad average {before:.2f} before, {after:.2f} after ({own}).")
    if data.get("minutes"):
        lines.append(f"\nIt took {data['minutes']:.1f} minutes.")
    return lines


def render(data):
    """The whole report."""
    lines = opening(data) + summary_lines(data["targets"])
    for measured in data["measurements"]:
        lines += measurement_opening(measured)
        for table in measured["tables"]:
            lines += [*table_opening(table), *table_lines(measured["name"], table), ""]
    return "\n".join(lines + closing(data)) + "\n"
