import { streamAnswer } from "../../api/completions";
import { isAbort, toApiError } from "../../api/client";
import { explain, getChat, putChat } from "../../api/server";
import type { ChatDocument, Lane, Message, Timings } from "../../api/types";
import { chats, egress, models, status } from "../../app/stores";
import { createStore, type Store } from "../../lib/store";
import { ask, changeAnswer, changeLane, editLastQuestion, lanesOf, withoutLastAnswer } from "./document";

/** Text arrives up to a hundred times a second; the screen is told this often. */
const DRAW_EVERY_MS = 40;

type Write = (change: Partial<Message>) => void;

const nowUnix = () => Math.floor(Date.now() / 1000);

/**
 * One open chat: its document, and the answers that are being written to it. It lives on while another page is shown, so
 * that leaving a page does not stop an answer.
 */
export class ChatSession {
  readonly document: Store<ChatDocument>;
  readonly busy: Store<readonly number[]> = createStore<readonly number[]>([]);
  readonly saveProblem: Store<string> = createStore("");
  private readonly running = new Map<number, AbortController>();
  private saving: Promise<void> = Promise.resolve();

  constructor(document: ChatDocument) {
    this.document = createStore(document);
  }

  send(text: string): void {
    this.document.set((chat) => ask(chat, text, nowUnix()));
    this.answerAll();
  }

  /** Another answer to the last question, in one column. */
  regenerate(index: number): void {
    this.document.set((chat) =>
      changeLane(chat, index, (lane) => ({ messages: withoutLastAnswer(lane) ?? lane.messages })),
    );
    void this.answer(index);
  }

  editLast(text: string): void {
    this.stop();
    this.document.set((chat) => editLastQuestion(chat, text));
    this.answerAll();
  }

  changeSettings(index: number, change: Partial<Pick<Lane, "model" | "system" | "parameters">>): void {
    this.document.set((chat) => changeLane(chat, index, () => change));
    this.saveIfBegun();
  }

  update(change: (chat: ChatDocument) => ChatDocument): void {
    this.document.set(change);
    this.saveIfBegun();
  }

  stop(): void {
    for (const controller of this.running.values()) controller.abort();
  }

  private answerAll(): void {
    void this.save();
    lanesOf(this.document.get()).forEach((_, index) => void this.answer(index));
  }

  private async answer(index: number): Promise<void> {
    const lane = lanesOf(this.document.get())[index];
    if (!lane) return;
    this.running.get(index)?.abort();
    const controller = new AbortController();
    this.running.set(index, controller);
    this.tellBusy();
    // After an abort a newer answer may have this column: what comes late is dropped.
    const write: Write = (change) => {
      if (this.running.get(index) !== controller) return;
      this.document.set((chat) => changeAnswer(chat, index, change, nowUnix()));
    };
    try {
      await streamInto(lane, write, controller.signal);
      if (lane.model === "auto") await explainTo(write, this.lastRequest(index));
    } catch (cause) {
      if (isAbort(cause)) write({ stopped: true });
      else {
        const { message, hint } = toApiError(cause);
        write({ error: { message, hint } });
      }
    } finally {
      if (this.running.get(index) === controller) this.running.delete(index);
      this.tellBusy();
      await this.save();
      void Promise.all([models.refresh(), egress.refresh(), status.refresh()]);
    }
  }

  private lastRequest(index: number): string {
    return lanesOf(this.document.get())[index]?.messages.at(-1)?.request_id ?? "";
  }

  private tellBusy(): void {
    this.busy.set([...this.running.keys()].sort());
  }

  private saveIfBegun(): void {
    if (this.document.get().messages.length > 0) void this.save();
  }

  /** Saves in order; only the newest document is worth writing. */
  private save(): Promise<void> {
    this.saving = this.saving.then(async () => {
      try {
        await putChat(this.document.get());
        this.saveProblem.set("");
      } catch (cause) {
        this.saveProblem.set(toApiError(cause).message);
      }
      await chats.refresh();
    });
    return this.saving;
  }
}

/** Streams an answer and writes it down in steps that the eye can follow; what came before an error or a stop is kept. */
async function streamInto(lane: Lane, write: Write, signal: AbortSignal): Promise<void> {
  const began = performance.now();
  let first = 0;
  let drawn = 0;
  let content = "";
  try {
    for await (const event of streamAnswer(lane, signal)) {
      if (event.kind === "start") {
        write({ model: lane.model, request_id: event.requestId, route: event.route });
      } else if (event.kind === "text") {
        first ||= performance.now();
        content += event.text;
        if (performance.now() - drawn < DRAW_EVERY_MS) continue;
        drawn = performance.now();
        write({ content });
      } else {
        write({
          usage: event.usage,
          timings: event.timings ?? measured(began, first, event.usage?.completion_tokens ?? 0),
          ...(event.route ? { route: event.route } : {}),
          ...(event.finish === "length" ? { cut: true } : {}),
        });
      }
    }
  } finally {
    if (content) write({ content });
  }
}

/** Asks the router who decided; that an answer had to stay here is told by this alone. */
async function explainTo(write: Write, requestId: string): Promise<void> {
  const decision = requestId ? await explain(requestId).catch(() => null) : null;
  if (decision) write({ route: decision.route, decided_by: decision.decided_by });
}

/** For a server that tells no timings: what a clock beside the stream saw. */
function measured(began: number, first: number, tokens: number): Timings {
  const seconds = (performance.now() - (first || began)) / 1000;
  return {
    prefill_tokens_per_second: 0,
    decode_tokens_per_second: tokens > 1 && seconds > 0 ? (tokens - 1) / seconds : 0,
    load_seconds: 0,
    time_to_first_token: first ? (first - began) / 1000 : 0,
  };
}

const sessions = new Map<string, ChatSession>();

/** From now on the session is found by its id, whatever page is shown. */
export function keepSession(session: ChatSession): void {
  sessions.set(session.document.get().id, session);
}

export async function openSession(id: string): Promise<ChatSession> {
  const session = sessions.get(id) ?? new ChatSession(await getChat(id));
  keepSession(session);
  return session;
}

export function findSession(id: string): ChatSession | undefined {
  return sessions.get(id);
}

export function closeSession(id: string): void {
  sessions.get(id)?.stop();
  sessions.delete(id);
}
