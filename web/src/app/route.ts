import { useSyncExternalStore } from "react";

/** Where the app is. The place stands behind the '#': the server has one page, and a reload finds the same place. */
export type Page = "chat" | "models" | "documents" | "privacy";

export interface Route {
  page: Page;
  id: string; // of a chat or a decision; "" for none
}

const PAGES: readonly Page[] = ["chat", "models", "documents", "privacy"];

export function parseHash(hash: string): Route {
  const [name = "", id = ""] = hash.replace(/^#\/?/, "").split("/");
  const page = PAGES.find((candidate) => candidate === name) ?? "chat";
  return { page, id: page === name ? decodeURIComponent(id) : "" };
}

export function hashOf(page: Page, id = ""): string {
  return `#/${page}${id ? `/${encodeURIComponent(id)}` : ""}`;
}

export function go(page: Page, id = "", how: "push" | "replace" = "push"): void {
  const hash = hashOf(page, id);
  if (how === "push") window.location.hash = hash;
  else {
    window.history.replaceState(null, "", hash);
    window.dispatchEvent(new HashChangeEvent("hashchange"));
  }
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}

export function useRoute(): Route {
  return parseHash(useSyncExternalStore(subscribe, () => window.location.hash));
}
