import { deleteModel, pullModel } from "../api/server";
import { isAbort, toApiError } from "../api/client";
import { addSample, type Sample } from "../lib/rate";
import { createStore } from "../lib/store";
import { egress, models } from "./stores";

/** Downloads that run, stopped or failed. They go on while other pages are shown; done ones disappear. */
export interface Pull {
  status: string;
  completed: number;
  total: number;
  samples: Sample[];
  state: "running" | "stopped" | "failed";
  error?: { message: string; hint: string };
}

export const pulls = createStore<Readonly<Record<string, Pull>>>({});
const controllers = new Map<string, AbortController>();

function change(name: string, update: (pull: Pull) => Pull): void {
  pulls.set((all) => (all[name] ? { ...all, [name]: update(all[name]) } : all));
}

function forget(name: string): void {
  pulls.set((all) => Object.fromEntries(Object.entries(all).filter(([key]) => key !== name)));
}

/** Starts or resumes. True when the model is installed. */
export async function startPull(name: string): Promise<boolean> {
  if (controllers.has(name)) return false;
  const controller = new AbortController();
  controllers.set(name, controller);
  const before = pulls.get()[name];
  pulls.set((all) => ({
    ...all,
    [name]: {
      status: "starting",
      completed: before?.completed ?? 0,
      total: before?.total ?? 0,
      samples: [],
      state: "running",
    },
  }));
  try {
    for await (const event of pullModel(name, controller.signal)) {
      change(name, (pull) => {
        const completed = event.completed ?? pull.completed;
        const samples =
          event.completed === undefined ? pull.samples : addSample(pull.samples, { at: Date.now(), bytes: completed });
        return { ...pull, status: event.status, completed, total: event.total ?? pull.total, samples };
      });
    }
    await Promise.all([models.refresh(), egress.refresh()]);
    forget(name);
    return true;
  } catch (cause) {
    if (isAbort(cause)) change(name, (pull) => ({ ...pull, state: "stopped" }));
    else {
      const { message, hint } = toApiError(cause);
      change(name, (pull) => ({ ...pull, state: "failed", error: { message, hint } }));
    }
    return false;
  } finally {
    controllers.delete(name);
  }
}

export function stopPull(name: string): void {
  controllers.get(name)?.abort();
}

/** The row goes; what was downloaded so far stays with the server, which resumes from it. */
export function dismissPull(name: string): void {
  forget(name);
}

export async function removeModel(name: string): Promise<void> {
  await deleteModel(name);
  await models.refresh();
}
