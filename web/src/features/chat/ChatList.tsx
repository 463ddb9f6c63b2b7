import { useEffect, useRef, useState } from "react";
import { deleteChat, getChat, putChat } from "../../api/server";
import { toApiError } from "../../api/client";
import type { ChatSummary } from "../../api/types";
import { go, hashOf } from "../../app/route";
import { chats, chatSearch } from "../../app/stores";
import { formatWhen } from "../../lib/format";
import { useStore } from "../../lib/store";
import { Confirm } from "../../ui/Dialog";
import { Icon } from "../../ui/Icon";
import { Menu, MenuItem } from "../../ui/Menu";
import { closeSession, findSession } from "./session";

const SEARCH_AFTER_MS = 180;

export function ChatList({ openId }: { openId: string }) {
  const { value, error } = useStore(chats);
  const query = useStore(chatSearch);
  const [renaming, setRenaming] = useState("");
  const [deleting, setDeleting] = useState<ChatSummary | null>(null);
  const [problem, setProblem] = useState("");
  useSearch(query);

  const attempt = (work: Promise<void>) => {
    setProblem("");
    work.catch((cause: unknown) => setProblem(toApiError(cause).message)).finally(() => void chats.refresh());
  };
  return (
    <section className="chat-list" aria-label="Chats">
      <label className="search">
        <Icon name="search" size={16} />
        <span className="visually-hidden">Search chats</span>
        <input
          type="search"
          placeholder="Search chats"
          value={query}
          onChange={(event) => chatSearch.set(event.target.value)}
        />
      </label>
      {(error || problem) && <p className="list-note">{problem || error?.message}</p>}
      {value?.length === 0 && (
        <p className="list-note">
          {query.trim() ? "Nothing found." : "Your chats will be listed here. They are kept on this machine."}
        </p>
      )}
      <ul>
        {(value ?? []).map((chat) =>
          chat.id === renaming ? (
            <li key={chat.id}>
              <RenameForm
                title={chat.title}
                onDone={(title) => {
                  setRenaming("");
                  if (title && title !== chat.title) attempt(rename(chat.id, title));
                }}
              />
            </li>
          ) : (
            <li key={chat.id} className={chat.id === openId ? "current" : undefined}>
              <a
                href={hashOf("chat", chat.id)}
                aria-current={chat.id === openId ? "page" : undefined}
                title={chat.title}
              >
                <span>{chat.title || "Untitled"}</span>
                <small>{formatWhen(chat.updated_unix)}</small>
              </a>
              <Menu
                align="end"
                trigger={
                  <button type="button" className="icon-button" aria-label={`More for ${chat.title}`}>
                    <Icon name="more" />
                  </button>
                }
              >
                <MenuItem icon="pencil" label="Rename" onSelect={() => setRenaming(chat.id)} />
                <MenuItem icon="trash" label="Delete" danger onSelect={() => setDeleting(chat)} />
              </Menu>
            </li>
          ),
        )}
      </ul>
      <Confirm
        open={deleting !== null}
        onOpenChange={() => setDeleting(null)}
        title="Delete this chat?"
        text={`“${deleting?.title ?? ""}” will be gone from this machine. There is no copy elsewhere.`}
        action="Delete"
        onConfirm={() => {
          if (!deleting) return;
          closeSession(deleting.id);
          if (deleting.id === openId) go("chat");
          attempt(deleteChat(deleting.id));
        }}
      />
    </section>
  );
}

/** Asks the server once the typing pauses. */
function useSearch(query: string): void {
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return undefined;
    }
    const timer = setTimeout(() => void chats.refresh(), SEARCH_AFTER_MS);
    return () => clearTimeout(timer);
  }, [query]);
}

async function rename(id: string, title: string): Promise<void> {
  const session = findSession(id);
  if (session) session.update((chat) => ({ ...chat, title }));
  else await putChat({ ...(await getChat(id)), title });
}

function RenameForm({ title, onDone }: { title: string; onDone: (title: string) => void }) {
  const [text, setText] = useState(title);
  return (
    <form
      className="rename"
      onSubmit={(event) => {
        event.preventDefault();
        onDone(text.trim());
      }}
    >
      <input
        aria-label="New name"
        // The person chose "Rename" to type here.
        // eslint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => onDone(text.trim())}
        onKeyDown={(event) => event.key === "Escape" && onDone("")}
      />
    </form>
  );
}
