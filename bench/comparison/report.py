"""What a comparison says: rows of results to Markdown and to a picture. Pure; the rows are those of the JSON file."""

import statistics

UNITS = {"first": "s"}


def number(value, kind):
    if value is None:
        return "-"
    if kind == "first":
        return f"{value:.2f} s"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def marks(row, peer):
    return "~" if row["peers"][peer]["noisy"] else ""


def best_peer(row):
    """The peer whose median is best."""
    sign = -1 if row["smaller_is_better"] else 1
    peers = {name: sign * statistics.median(peer["values"]) for name, peer in row["peers"].items() if peer["values"]}
    return max(peers, key=peers.get) if peers else None


def ratio_cell(row, name):
    peer = row["peers"].get(name)
    if not peer or not peer["ratios"]:
        return "-"
    low, high = peer["interval"]
    return f"{peer['ratio']:.2f} [{low:.2f}, {high:.2f}]{marks(row, name)}"


def legend(rows):
    """What the table's columns mean, for the tests that have rows."""
    if not rows:
        return []
    speeds = [f"`{prefix}`" for prefix in ("pp", "tg") if any(row["test"].startswith(prefix) for row in rows)]
    units = [", ".join(speeds) + ": tokens a second"] if speeds else []
    if any(row["kind"] == "first" for row in rows):
        units.append("`first`: seconds from the start of the program to its first token")
    return ["", "Ratio: how many times faster, the median over the pairs with its 95 % bootstrap interval; above 1 Inglenook is faster.",
            "; ".join(units) + "."]


def markdown(result):
    names = result["peers"]
    head = ["model", "test", "ingle", "of the roofline", *names, *[f"ratio to {name}" for name in names], "pairs"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    model = None
    for row in result["rows"]:
        cells = ["" if row["model"] == model else row["model"], row["test"], number(row["ingle"], row["kind"]),
                 f"{row['roofline'] * 100:.0f} %" if row["roofline"] else "-"]
        for name in names:
            peer = row["peers"].get(name)
            cells.append(number(statistics.median(peer["values"]), row["kind"]) if peer and peer["values"] else "-")
        cells += [ratio_cell(row, name) for name in names] + [str(row["pairs"])]
        lines.append("| " + " | ".join(cells) + " |")
        model = row["model"]
    lines += legend(result["rows"])
    if any(marks(row, name) for row in result["rows"] for name in row["peers"]):
        lines.append("~: other work disturbed at least one of the pairs, also when it was repeated.")
    lost = [f"{row['model']} {row['test']} against {name} ({peer['ratio']:.2f})" for row in result["rows"]
            for name, peer in row["peers"].items() if peer["ratios"] and peer["ratio"] < 1]
    if result["rows"]:
        lines += ["", "Lost: " + ("; ".join(lost) if lost else "none of these rows") + "."]
    if result["memory"]:
        lines += ["", "| model | peak memory | of which files | limit: file + KV + max(10 %, 48 MiB) | llama.cpp |", "|---|---|---|---|---|"]
        mib = 1 << 20
        for row in result["memory"]:
            peer = f"{row['peer'] / mib:.0f} MiB" if row.get("peer") else "-"
            lines.append(f"| {row['model']} | {row['ingle'] / mib:.0f} MiB | {row['files'] / mib:.0f} MiB | "
                         f"{row['limit'] / mib:.0f} MiB {'kept' if row['ingle'] <= row['limit'] else '**missed**'} | {peer} |")
    lines += ["", "Settings of the peers, the best of those tried:", "", "| model | test | peer | setting | tried |", "|---|---|---|---|---|"]
    for row in result["rows"]:
        for name, peer in row["peers"].items():
            tried = ", ".join(f"{setting}: {number(value, row['kind'])}{'~' if setting in peer.get('disturbed', ()) else ''}" for setting, value in peer["tried"].items())
            lines.append(f"| {row['model']} | {row['test']} | {name} | {peer['setting'] or 'failed: ' + peer['error']} | {tried} |")
    machine = result["machine"]
    lines += ["", f"{machine['cpu']}, {result['threads']} threads, kernels {machine['isa']}; Inglenook {result['commit']}; {result['date']}; "
              f"{result['minutes']:.0f} minutes."]
    return "\n".join(lines) + "\n"


OPEN, CLOSE = "<!-- compare: written by bench/compare -->", "<!-- /compare -->"


def between_marks(page, text):
    """The page with `text` where the last comparison stood."""
    before, _, rest = page.partition(OPEN)
    _, found, after = rest.partition(CLOSE)
    if not found:
        raise SystemExit(f"the page has no place for a table: {OPEN} ... {CLOSE}")
    return f"{before}{OPEN}\n{text}{CLOSE}{after}"


STYLE = """<style>
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.quiet { fill: #59636e } .axis { stroke: #d1d9e0 } .one { stroke: #59636e; stroke-width: 1.5 }
.bar0 { fill: #0969da } .bar1 { fill: #bf8700 } .bar2 { fill: #8250df } .whisker { stroke: #1f2328 }
@media (prefers-color-scheme: dark) {
 text { fill: #f0f6fc } .quiet { fill: #9198a1 } .axis { stroke: #3d444d } .one { stroke: #9198a1 }
 .bar0 { fill: #4493f8 } .bar1 { fill: #d29922 } .bar2 { fill: #ab7df8 } .whisker { stroke: #f0f6fc }
}
</style>"""


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def picture(result):
    """A bar a peer and test, as long as the ratio, with its interval; a line at 1."""
    rows = [row for row in result["rows"] if any(peer["ratios"] for peer in row["peers"].values())]
    left, width, bar, gap = 230, 480, 11, 12
    longest = max((peer["interval"][1] for row in rows for peer in row["peers"].values() if peer["ratios"]), default=1)
    scale = width / max(longest, 1.2)
    out, y = [], 34
    for index, name in enumerate(result["peers"]):
        x = left + index * 190
        out.append(f'<rect class="bar{index % 3}" x="{x}" y="6" width="12" height="12" rx="2"/>'
                   f'<text x="{x + 18}" y="16">times {escaped(name)}</text>')
    model = None
    for row in rows:
        if model is not None and row["model"] != model:
            y += gap
        first = y
        if row["model"] != model:
            out.append(f'<text x="8" y="{y + 11}">{escaped(row["model"])}</text>')
        out.append(f'<text class="quiet" x="{left - 10}" y="{y + 11}" text-anchor="end">{escaped(row["test"])}</text>')
        for index, name in enumerate(result["peers"]):
            peer = row["peers"].get(name)
            if not peer or not peer["ratios"]:
                continue
            low, high = (left + edge * scale for edge in peer["interval"])
            middle = y + bar / 2
            out.append(f'<rect class="bar{index % 3}" x="{left}" y="{y}" width="{peer["ratio"] * scale:.1f}" height="{bar}" rx="2"/>'
                       f'<path class="whisker" d="M{low:.1f} {middle}H{high:.1f}"/>'
                       f'<text x="{max(high, left + peer["ratio"] * scale) + 6:.1f}" y="{y + 10}">{peer["ratio"]:.2f}{marks(row, name)}</text>')
            y += bar + 2
        y = max(y, first + 14) + 4
        model = row["model"]
    ticks = [(left + tick * scale, tick) for tick in range(0, int(longest) + 2) if tick * scale <= width + 1]
    axis = "".join(f'<path class="axis" d="M{x:.1f} 28V{y}"/>' for x, tick in ticks if tick != 1)
    axis += "".join(f'<text class="quiet" x="{x:.1f}" y="{y + 14}" text-anchor="middle">{tick}</text>' for x, tick in ticks)
    out.append("".join(f'<path class="one" d="M{x:.1f} 28V{y}"/>' for x, tick in ticks if tick == 1))
    total, y = left + width + 60, y + 12
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {y + 10}" width="{total}" height="{y + 10}">'
            f'<title>Speed of Inglenook as a multiple of its peers</title>{STYLE}{axis}{"".join(out)}</svg>\n')
