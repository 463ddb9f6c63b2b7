"""The arithmetic of a comparison: medians, bootstrap intervals, which setting is best, when enough has been measured. Pure."""

import random
import statistics

RESAMPLES = 4000


def interval(values, level=0.95, seed=1):
    """Bootstrap interval of the median (Efron 1979, percentile method). Of one value: the value."""
    if len(values) < 2:
        return values[0], values[0]
    rng = random.Random(seed)
    medians = sorted(statistics.median(rng.choices(values, k=len(values))) for _ in range(RESAMPLES))
    cut = int((1 - level) / 2 * RESAMPLES)
    return medians[cut], medians[-1 - cut]


def ratio(ours, theirs, smaller_is_better=False):
    """How many times better ours is: above 1 is a win, whatever the unit."""
    return theirs / ours if smaller_is_better else ours / theirs


def best(values, smaller_is_better=False):
    return min(values) if smaller_is_better else max(values)


def best_setting(runs, smaller_is_better=False):
    """The key of the best median in {setting: [values]}; the first of equals. None where nothing was measured."""
    measured = {setting: statistics.median(values) for setting, values in runs.items() if values}
    if not measured:
        return None
    return (min if smaller_is_better else max)(measured, key=measured.get)


def contenders(runs, margin=1.1, smaller_is_better=False):
    """Settings that come within `margin` of the best, the best first: they deserve a second look."""
    best = best_setting(runs, smaller_is_better)
    if best is None:
        return []
    top = statistics.median(runs[best])
    share = {setting: ratio(statistics.median(values), top, smaller_is_better) for setting, values in runs.items() if values}
    return sorted((setting for setting in share if share[setting] * margin >= 1), key=lambda setting: -share[setting])


def doubtful(runs, smaller_is_better=False):
    """Settings measured once and twice as bad as the best: rather a disturbance that was not seen than what they are."""
    top = best([statistics.median(values) for values in runs.values() if values] or [0], smaller_is_better)
    return [setting for setting, values in runs.items() if len(values) == 1 and ratio(values[0], top, smaller_is_better) < 0.5]


def is_close(ratios, threshold=1.2):
    """A claim below `threshold`, in either direction, needs more pairs than a plain one."""
    if not ratios:
        return True
    low, high = interval(ratios)
    return low < threshold and high > 1 / threshold
