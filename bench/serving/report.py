"""From the rounds of a run to the figures that are printed: pure functions over the JSON."""

import statistics

PARTS = (50, 90, 99)


def percentile(values, part):
    """Nearest rank: a value that was measured."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-part * len(ordered) // 100) - 1))] if ordered else None


def spread(values):
    return {f"p{part}": percentile(values, part) for part in PARTS} | {"n": len(values)}


def summary(scenario, rounds):
    """The figures of all rounds of one server together; rates are medians over rounds."""
    failed = sum(len(r["failed"]) for r in rounds)
    rounds = [r for r in rounds if "gaps" in r or "answers" in r or "pairs" in r]
    if not rounds:
        return {"failed": failed}
    if scenario in ("closed", "poisson"):
        answers = [a for r in rounds for a in r["answers"]]
        return {"failed": failed, "tokens_per_second": statistics.median(r["tokens_per_second"] for r in rounds),
                "ttft": spread([a["ttft"] for a in answers]), "itl": spread([g for a in answers for g in a["gaps"]]),
                "e2e": spread([a["e2e"] for a in answers])}
    if scenario == "beside":
        return {"failed": failed, "ttft_alone": spread([r["ttft_alone"] for r in rounds]),
                "ttft_beside": spread([r["ttft_beside"] for r in rounds]),
                "ratio": statistics.median(r["ratio"] for r in rounds),
                "itl": spread([g for r in rounds for g in r["gaps"]]),
                "prompt_tokens": rounds[0]["prompt_tokens"],
                "decoders_that_outlived_it": min(r["decoders_that_outlived_it"] for r in rounds)}
    pairs = [p for r in rounds for p in r["pairs"]]
    names = ("first", "second", "ratio") if scenario == "shared" else ("cold", "cached")
    return {"failed": failed, "prompt_tokens": pairs[0]["prompt_tokens"]} | {
        name: spread([p[name] for p in pairs]) for name in names}


def seconds(value):
    return "-" if value is None else f"{value * 1000:.0f} ms" if value < 10 else f"{value:.1f} s"


def line(name, value):
    if isinstance(value, dict):
        show = (lambda v: "-" if v is None else f"{v:.3f}") if name == "ratio" else seconds
        return f"{name} p50 {show(value['p50'])}, p90 {show(value['p90'])}, p99 {show(value['p99'])} ({value['n']})"
    return f"{name} {value:.2f}" if isinstance(value, float) else f"{name} {value}"


def text(scenario, by_server):
    lines = [scenario]
    for server, figures in by_server.items():
        lines.append(f"  {server}: " + "; ".join(line(name, value) for name, value in figures.items()))
    return "\n".join(lines)
