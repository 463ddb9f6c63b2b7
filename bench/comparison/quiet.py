"""Whether somebody else used the machine meanwhile: other processes' time and stolen time, from /proc/stat."""

import os
import resource
import time


SLACK_TICKS = 5  # the kernel counts by sampling: so much of a short run is nobody's fault


def parse_stat(line):
    """(total, idle, stolen) ticks of all processors from the first line of /proc/stat (proc(5))."""
    user, nice, system, idle, iowait, irq, softirq, steal = (int(number) for number in line.split()[1:9])
    return user + nice + system + idle + iowait + irq + softirq + steal, idle + iowait, steal


def noise_of(before, after, own_ticks):
    """The share of the machine that neither idled nor worked for us, stolen time included."""
    total, idle, _ = (late - early for early, late in zip(before, after))
    return max(0.0, (total - idle - own_ticks - SLACK_TICKS) / total) if total > 0 else 0.0


class Watch:
    """with Watch() as watch: run a child to its end; watch.noise is what others took, 0 ... 1."""

    def __enter__(self):
        self.before, self.own_before = self._now()
        return self

    def __exit__(self, *_):
        after, own = self._now()
        self.noise = noise_of(self.before, after, own - self.own_before)

    @staticmethod
    def _now():
        with open("/proc/stat", encoding="ascii") as file:
            line = file.readline()
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        self_time = resource.getrusage(resource.RUSAGE_SELF)
        seconds = children.ru_utime + children.ru_stime + self_time.ru_utime + self_time.ru_stime
        return parse_stat(line), seconds * os.sysconf("SC_CLK_TCK")


def wait_until_quiet(limit, patience):
    """Up to `patience` seconds, until the machine idles for half a second."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with Watch() as watch:
            time.sleep(0.5)
        if watch.noise <= limit:
            return True
    return False
