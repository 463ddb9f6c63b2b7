import type { ChatDocument, Lane, Message } from "../../api/types";

/** What can happen to a chat, as functions from document to document. Nothing here talks to the server or the screen. */
export const MAX_LANES = 2;
const TITLE_LENGTH = 60;

export function newChat(id: string, model: string): ChatDocument {
  return { id, title: "", model, system: "", parameters: {}, messages: [] };
}

export function newId(random: () => number = Math.random, now = Date.now()): string {
  const tail = Math.floor(random() * 36 ** 6)
    .toString(36)
    .padStart(6, "0");
  return `${now.toString(36)}-${tail}`;
}

export function lanesOf(chat: ChatDocument): Lane[] {
  return [chat, ...(chat.columns ?? [])];
}

export function changeLane(chat: ChatDocument, index: number, change: (lane: Lane) => Partial<Lane>): ChatDocument {
  if (index === 0) return { ...chat, ...change(chat) };
  const columns = (chat.columns ?? []).map((lane, at) => (at === index - 1 ? { ...lane, ...change(lane) } : lane));
  return { ...chat, columns };
}

/** A second column starts with what was asked so far, so that the next question is asked in the same context. */
export function addLane(chat: ChatDocument, model: string): ChatDocument {
  if (lanesOf(chat).length >= MAX_LANES) return chat;
  const lane: Lane = { model, system: chat.system, parameters: chat.parameters, messages: chat.messages };
  return { ...chat, columns: [...(chat.columns ?? []), lane] };
}

/** Drops one column; when it is the first, the second takes its place. */
export function removeLane(chat: ChatDocument, index: number): ChatDocument {
  const [first, ...columns] = lanesOf(chat).filter((_, at) => at !== index);
  if (!first) return chat;
  const { model, system, parameters, messages } = first;
  const next: ChatDocument = { ...chat, model, system, parameters, messages };
  if (columns.length > 0) return { ...next, columns };
  delete next.columns;
  return next;
}

export function titleFrom(text: string): string {
  const line = text
    .trim()
    .replace(/\n[\s\S]*/, "")
    .trim();
  if (line.length <= TITLE_LENGTH) return line;
  const cut = line.slice(0, TITLE_LENGTH);
  const space = cut.lastIndexOf(" ");
  return `${space > TITLE_LENGTH / 2 ? cut.slice(0, space) : cut}…`;
}

/** The question goes into every column. */
export function ask(chat: ChatDocument, text: string, now: number): ChatDocument {
  const question: Message = { role: "user", content: text, created_unix: now };
  let next: ChatDocument = { ...chat, title: chat.title || titleFrom(text) };
  lanesOf(chat).forEach((_, index) => {
    next = changeLane(next, index, (lane) => ({ messages: [...lane.messages, question] }));
  });
  return next;
}

/** Everything after the last question goes; undefined when there is no question. */
export function withoutLastAnswer(lane: Lane): Message[] | undefined {
  const last = lane.messages.map((message) => message.role).lastIndexOf("user");
  return last < 0 ? undefined : lane.messages.slice(0, last + 1);
}

/** The last question with another text, and no answer to it yet, in every column. */
export function editLastQuestion(chat: ChatDocument, text: string): ChatDocument {
  let next = chat;
  lanesOf(chat).forEach((_, index) => {
    next = changeLane(next, index, (lane) => {
      const kept = withoutLastAnswer(lane);
      const question = kept?.at(-1);
      return kept && question ? { messages: [...kept.slice(0, -1), { ...question, content: text }] } : {};
    });
  });
  return next;
}

/** Changes the answer at the end of a lane, or begins one. */
export function changeAnswer(chat: ChatDocument, index: number, change: Partial<Message>, now: number): ChatDocument {
  return changeLane(chat, index, (lane) => {
    const last = lane.messages.at(-1);
    if (last?.role === "assistant") return { messages: [...lane.messages.slice(0, -1), { ...last, ...change }] };
    const answer: Message = { role: "assistant", content: "", model: lane.model, created_unix: now, ...change };
    return { messages: [...lane.messages, answer] };
  });
}
