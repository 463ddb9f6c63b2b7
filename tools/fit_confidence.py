#!/usr/bin/env python3
"""Weights for a row of kCalibrations in src/router/confidence.cpp.

usage: fit_confidence.py [--half] ROWS...

ROWS are what `ingle eval router --details` printed on standard error, from questions that no reported figure uses. With
--half every second row of the first file is kept back and reported on. A logistic regression with a small ridge, by projected
gradient descent: the same input gives the same weights, and a surer step never makes an answer less sure.
"""
import json
import math
import sys

RIDGE, STEPS, RATE = 0.3, 12_000, 0.5
SIGNS = [1, 1, -1, -1, 1]  # of the terms


def terms(row):
    """As in confidence.cpp."""
    p = row["p_yes"] if row["p_yes"] is not None else 0.5
    p = min(max(p, 1e-4), 1 - 1e-4)
    least = row["min_logprob"] / (1 + math.log(max(row["n_tokens"], 16) / 16))
    return [row["mean_logprob"], least, row["first_alike"], row["mean_alike"], math.log(p / (1 - p))]


def read(path):
    with open(path, encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines if line.startswith("{")]
    return [(terms(row), float(row["right"])) for row in rows if row["n_tokens"] > 0]


def score(weights, x):
    z = weights[0] + sum(w * v for w, v in zip(weights[1:], x))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))


def fit(data):
    n = len(data[0][0])
    weights = [0.0] * (n + 1)
    for _ in range(STEPS):
        gradient = [0.0] + [RIDGE * w for w in weights[1:]]
        for x, y in data:
            error = score(weights, x) - y
            gradient[0] += error
            for i in range(n):
                gradient[i + 1] += error * x[i]
        weights = [w - RATE / len(data) * g for w, g in zip(weights, gradient)]
        weights[1:] = [w if w * sign > 0 else 0.0 for w, sign in zip(weights[1:], SIGNS)]
    return weights


def auroc(pairs):
    right = [s for s, y in pairs if y]
    wrong = [s for s, y in pairs if not y]
    won = sum((r > w) + 0.5 * (r == w) for r in right for w in wrong)
    return won / max(1, len(right) * len(wrong))


def main():
    words = sys.argv[1:]
    half = "--half" in words
    files = [read(word) for word in words if word != "--half"]
    if not files:
        sys.exit(__doc__)
    kept_back = files[0][1::2] if half else []
    if half:
        files[0] = files[0][::2]
    data = [pair for rows in files for pair in rows]
    weights = fit(data)
    print("weights", [round(w, 3) for w in weights], "from", len(data), "rows")
    for name, rows in (("fitted on", data), ("kept back", kept_back)):
        if not rows:
            continue
        pairs = [(score(weights, x), y) for x, y in rows]
        print(f"{name}: {len(rows)} rows, AUROC {auroc(pairs):.3f}")
        for step in range(6, 19):
            stays = [y for s, y in pairs if s >= step / 20]
            if stays:
                print(f"  threshold {step / 20:.2f}: {len(stays) / len(rows):5.0%} stay, {sum(stays) / len(stays):4.0%} of them right")


if __name__ == "__main__":
    main()
