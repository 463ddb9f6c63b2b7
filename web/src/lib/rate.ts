/** Speed and time left of a transfer, from the samples of the last seconds. */
export interface Sample {
  at: number; // milliseconds
  bytes: number;
}

const WINDOW_MS = 6000;
const MIN_MS = 300;

export function addSample(samples: readonly Sample[], sample: Sample): Sample[] {
  const restarted = sample.bytes < (samples.at(-1)?.bytes ?? 0);
  const kept = restarted ? [] : samples.filter((old) => sample.at - old.at <= WINDOW_MS);
  return [...kept, sample];
}

/** Bytes a second; null until there is something to tell. */
export function speedOf(samples: readonly Sample[]): number | null {
  const first = samples.at(0);
  const last = samples.at(-1);
  return !first || !last || last.at - first.at < MIN_MS
    ? null
    : ((last.bytes - first.bytes) / (last.at - first.at)) * 1000;
}

export function secondsLeft(samples: readonly Sample[], total: number): number | null {
  const speed = speedOf(samples);
  return speed ? Math.max(0, total - (samples.at(-1)?.bytes ?? 0)) / speed : null;
}
