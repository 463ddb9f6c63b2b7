import { useEffect, useState } from "react";
import { ApiError } from "../api/client";
import { ChatList } from "../features/chat/ChatList";
import { ChatPage } from "../features/chat/ChatPage";
import { DocumentsPage } from "../features/documents/DocumentsPage";
import { ModelsPage } from "../features/models/ModelsPage";
import { PrivacyPage } from "../features/privacy/PrivacyPage";
import { WelcomePage } from "../features/welcome/WelcomePage";
import { useShortcuts } from "../lib/shortcuts";
import { useStore } from "../lib/store";
import { Dialog } from "../ui/Dialog";
import { Icon, type IconName } from "../ui/Icon";
import { Mark } from "../ui/Mark";
import { ErrorNote, IconButton } from "../ui/Parts";
import { LockedPage } from "./LockedPage";
import { ShortcutHelp } from "./ShortcutHelp";
import { Sidebar, ThemeButton } from "./Sidebar";
import { go, hashOf, useRoute, type Page, type Route } from "./route";
import { models, refreshAll, status } from "./stores";

const REFRESH_EVERY_MS = 15000;

export const PAGES: readonly { page: Page; label: string; icon: IconName }[] = [
  { page: "chat", label: "Chat", icon: "chat" },
  { page: "models", label: "Models", icon: "cube" },
  { page: "documents", label: "Documents", icon: "document" },
  { page: "privacy", label: "Privacy", icon: "privacy" },
];

export function App() {
  const route = useRoute();
  const { value, error } = useStore(status);
  const [drawer, setDrawer] = useState(false);
  const [help, setHelp] = useState(false);
  useEffect(() => {
    void refreshAll();
    const timer = setInterval(() => void status.refresh(), REFRESH_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  useEffect(() => {
    setDrawer(false);
  }, [route.page, route.id]);
  useEffect(() => {
    const main = document.getElementById("main");
    if (main) main.scrollTop = 0;
  }, [route.page]);
  useEffect(() => {
    document.title = `${PAGES.find((entry) => entry.page === route.page)?.label ?? ""} · Inglenook`;
  }, [route.page]);
  useShortcuts({
    "new-chat": () => go("chat"),
    "go-chat": () => go("chat"),
    "go-models": () => go("models"),
    "go-documents": () => go("documents"),
    "go-privacy": () => go("privacy"),
    help: () => setHelp(true),
  });

  if (isLocked(error)) return <LockedPage />;
  return (
    <div className="shell">
      <a className="skip" href="#main" onClick={skipToMain}>
        Skip to the content
      </a>
      <aside className="sidebar">
        <Sidebar route={route} onHelp={() => setHelp(true)} />
      </aside>
      <header className="topbar">
        <IconButton icon="menu" label="Chats" onClick={() => setDrawer(true)} />
        <span className="wordmark">
          <Mark size={24} />
          Inglenook
        </span>
        <ThemeButton />
        <IconButton icon="plus" label="New chat" onClick={() => go("chat")} />
      </header>
      <main id="main" tabIndex={-1}>
        {error && !value && <ErrorNote message={error.message} hint={error.hint} onRetry={() => void refreshAll()} />}
        <CurrentPage route={route} />
      </main>
      <nav className="tabbar" aria-label="Pages">
        {PAGES.map(({ page, label, icon }) => (
          <a key={page} href={hashOf(page)} aria-current={route.page === page ? "page" : undefined}>
            <Icon name={icon} size={20} />
            {label}
          </a>
        ))}
      </nav>
      <Dialog open={drawer} onOpenChange={setDrawer} title="Chats" shape="drawer">
        <ChatList openId={route.page === "chat" ? route.id : ""} />
      </Dialog>
      <Dialog open={help} onOpenChange={setHelp} title="Keyboard">
        <ShortcutHelp />
      </Dialog>
    </div>
  );
}

function CurrentPage({ route }: { route: Route }) {
  const { value } = useStore(models);
  switch (route.page) {
    case "models":
      return <ModelsPage />;
    case "documents":
      return <DocumentsPage />;
    case "privacy":
      return <PrivacyPage openId={route.id} />;
    case "chat":
      if (value?.installed.length === 0 && route.id === "") return <WelcomePage />;
      return value ? <ChatPage id={route.id} /> : null;
  }
}

/** The server knows no session of this browser: it was not opened by `ingle app`. */
function isLocked(error: ApiError | null): boolean {
  return error !== null && (error.status === 401 || error.status === 403);
}

/** The place behind the '#' is the route, so a plain anchor cannot be used. */
function skipToMain(event: React.MouseEvent): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}
