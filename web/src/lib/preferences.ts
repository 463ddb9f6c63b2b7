import { createStore } from "./store";

/** Small choices of this browser. Chats and everything else live on the server. */
export type Theme = "system" | "light" | "dark";

function read(key: string): string {
  try {
    return localStorage.getItem(`ingle.${key}`) ?? "";
  } catch {
    return ""; // storage is switched off: the choice lasts as long as the page
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(`ingle.${key}`, value);
  } catch {
    // see read()
  }
}

function asTheme(text: string): Theme {
  return text === "light" || text === "dark" ? text : "system";
}

export const theme = createStore<Theme>(asTheme(read("theme")));
export const lastModel = createStore<string>(read("model"));

export function startPreferences(): void {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const chosen = theme.get();
    document.documentElement.dataset.theme = chosen === "system" ? (dark.matches ? "dark" : "light") : chosen;
  };
  dark.addEventListener("change", apply);
  theme.subscribe(() => {
    write("theme", theme.get());
    apply();
  });
  lastModel.subscribe(() => write("model", lastModel.get()));
  apply();
}
