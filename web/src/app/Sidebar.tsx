import { ChatList } from "../features/chat/ChatList";
import { textBytes } from "../lib/egress";
import { formatBytes } from "../lib/format";
import { theme, type Theme } from "../lib/preferences";
import { useStore } from "../lib/store";
import { Icon, type IconName } from "../ui/Icon";
import { Mark } from "../ui/Mark";
import { IconButton } from "../ui/Parts";
import { PAGES } from "./App";
import { go, hashOf, type Route } from "./route";
import { egress, status } from "./stores";

export function Sidebar({ route, onHelp }: { route: Route; onHelp: () => void }) {
  return (
    <>
      <div className="sidebar-head">
        <a className="wordmark" href={hashOf("chat")} aria-label="Inglenook, new chat">
          <Mark size={30} />
          Inglenook
        </a>
      </div>
      <button type="button" className="button new-chat" onClick={() => go("chat")} title="New chat (Alt N)">
        <Icon name="plus" />
        New chat
      </button>
      <nav aria-label="Pages">
        <ul className="pages">
          {PAGES.map(({ page, label, icon }) => (
            <li key={page}>
              <a href={hashOf(page)} aria-current={route.page === page ? "page" : undefined}>
                <Icon name={icon} />
                {label}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <ChatList openId={route.page === "chat" ? route.id : ""} />
      <div className="sidebar-foot">
        <TrustLine />
        <IconButton icon="help" label="Keyboard shortcuts" shortcut="?" onClick={onHelp} />
        <ThemeButton />
      </div>
    </>
  );
}

/** Always in view: how much left, and whether anything could. */
function TrustLine() {
  const { value } = useStore(egress);
  const offline = useStore(status).value?.offline ?? false;
  const bytes = value ? textBytes(value) : null;
  const words =
    bytes === null
      ? "What left this machine"
      : bytes === 0
        ? "Nothing left this machine"
        : `${formatBytes(bytes)} of text left`;
  return (
    <a className={`trust${bytes ? " trust-some" : ""}`} href={hashOf("privacy")}>
      <Icon name={offline ? "lock" : bytes ? "leave" : "privacy"} size={18} />
      <span>
        {words}
        {offline && <small>Offline</small>}
      </span>
    </a>
  );
}

const THEMES: Record<Theme, { next: Theme; icon: IconName; label: string }> = {
  system: { next: "light", icon: "system", label: "Colours: as the system" },
  light: { next: "dark", icon: "sun", label: "Colours: light" },
  dark: { next: "system", icon: "moon", label: "Colours: dark" },
};

export function ThemeButton() {
  const current = THEMES[useStore(theme)];
  return <IconButton icon={current.icon} label={current.label} onClick={() => theme.set(current.next)} />;
}
