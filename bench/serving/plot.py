"""A picture of a run: for every scenario the share of its waits that were at most so long, on a logarithmic scale."""

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, TOP, GAP = 360, 220, 60, 40, 70
COLOURS = ("#0b6e99", "#c2410c", "#15803d", "#7e22ce", "#a16207")
DECADES = (0.001, 10.0)  # seconds


def waits(scenario, rounds):
    """name -> seconds"""
    good = [r for r in rounds if "answers" in r or "pairs" in r or "gaps" in r]
    if scenario in ("closed", "poisson"):
        answers = [a for r in good for a in r["answers"]]
        return {"first token": [a["ttft"] for a in answers], "between tokens": [g for a in answers for g in a["gaps"]]}
    if scenario == "beside":
        return {"between tokens": [g for r in good for g in r["gaps"]]}
    names = ("first", "second") if scenario == "shared" else ("cold", "cached")
    return {name: [p[name] for r in good for p in r["pairs"]] for name in names}


def x_of(seconds):
    low, high = (math.log10(d) for d in DECADES)
    at = (math.log10(min(max(seconds, DECADES[0]), DECADES[1])) - low) / (high - low)
    return LEFT + at * WIDTH


def curve(values, top):
    ordered = sorted(values)
    step = max(1, len(ordered) // 400)
    points = [(x_of(v), top + HEIGHT * (1 - (i + 1) / len(ordered))) for i, v in enumerate(ordered)]
    points = [(points[0][0], top + HEIGHT)] + points[::step] + [points[-1]]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def panel(title, by_server, top):
    out = [f'<text x="{LEFT}" y="{top - 10}" font-weight="bold">{escape(title)}</text>',
           f'<rect x="{LEFT}" y="{top}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#999"/>']
    tick = DECADES[0]
    while tick <= DECADES[1] * 1.01:
        x = x_of(tick)
        label = f"{tick * 1000:.0f} ms" if tick < 1 else f"{tick:.0f} s"
        out.append(f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{top + HEIGHT}" stroke="#ddd"/>')
        out.append(f'<text x="{x:.1f}" y="{top + HEIGHT + 16}" text-anchor="middle">{label}</text>')
        tick *= 10
    for share in (0, 50, 90, 99):
        y = top + HEIGHT * (1 - share / 100)
        out.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{LEFT + WIDTH}" y2="{y:.1f}" stroke="#eee"/>')
        out.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{share} %</text>')
    row = 0
    for n, (server, named) in enumerate(by_server.items()):
        for m, (name, values) in enumerate(named.items()):
            if not values:
                continue
            dash = ' stroke-dasharray="5 3"' if m else ""
            style = f'fill="none" stroke="{COLOURS[n % len(COLOURS)]}" stroke-width="1.8"{dash}'
            x, y = LEFT + WIDTH + 16, top + 12 + 18 * row
            out.append(f'<polyline points="{curve(values, top)}" {style}/>')
            out.append(f'<line x1="{x}" y1="{y}" x2="{x + 24}" y2="{y}" {style}/>')
            out.append(f'<text x="{x + 30}" y="{y + 4}">{escape(server)}: {escape(name)}</text>')
            row += 1
    return out


def svg(run):
    out, top = [], TOP
    for scenario, by_server in run["rounds"].items():
        named = {server: waits(scenario, rounds) for server, rounds in by_server.items()}
        out += panel(scenario, named, top)
        top += HEIGHT + GAP
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 240}" height="{top}" '
            'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>\n'
            + "\n".join(out) + "\n</svg>\n")
