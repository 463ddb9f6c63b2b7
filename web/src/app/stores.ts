import { getEgress, getModels, getStatus, listChats, putOffline } from "../api/server";
import { toApiError, type ApiError } from "../api/client";
import type { ChatSummary, Egress, Models, Status } from "../api/types";
import { createStore, type Store } from "../lib/store";

/** What more than one page shows: each is loaded from the server and loaded again when something may have changed it. */
export interface Loaded<T> {
  value: T | null;
  error: ApiError | null;
}

function loadedStore<T>(load: () => Promise<T>): Store<Loaded<T>> & { refresh(): Promise<void> } {
  const store = createStore<Loaded<T>>({ value: null, error: null });
  let latest = 0;
  return {
    ...store,
    async refresh() {
      const turn = ++latest;
      try {
        const value = await load();
        if (turn === latest) store.set({ value, error: null });
      } catch (cause) {
        if (turn === latest) store.set((before) => ({ ...before, error: toApiError(cause) }));
      }
    },
  };
}

export const EGRESS_ROWS = 200;

export const status = loadedStore<Status>(getStatus);
export const models = loadedStore<Models>(getModels);
export const egress = loadedStore<Egress>(() => getEgress(EGRESS_ROWS));

export const chatSearch = createStore("");
export const chats = loadedStore<ChatSummary[]>(() => listChats(chatSearch.get()));

export async function setOffline(offline: boolean): Promise<void> {
  await putOffline(offline);
  await status.refresh();
}

export async function refreshAll(): Promise<void> {
  await Promise.all([status.refresh(), models.refresh(), chats.refresh(), egress.refresh()]);
}
