import { describe, expect, it } from "vitest";
import {
  addLane,
  ask,
  changeAnswer,
  editLastQuestion,
  lanesOf,
  newChat,
  newId,
  removeLane,
  titleFrom,
  withoutLastAnswer,
} from "./document";
import { describeParameters, PARAMETERS, readParameter, withParameter } from "./parameters";

const chat = newChat("a", "small");
const two = addLane(chat, "large");
const contents = (index: number, of = two) => lanesOf(of)[index]?.messages.map((message) => message.content);

describe("a chat", () => {
  it("has an id that the server accepts, and another each time", () => {
    expect(newId()).toMatch(/^[a-z0-9-]{1,40}$/);
    expect(newId(() => 0, 1)).not.toBe(newId(() => 0.5, 1));
  });

  it("takes its title from the first question and keeps it", () => {
    const asked = ask(chat, "What is a checksum?\nIn short.", 1);
    expect(asked.title).toBe("What is a checksum?");
    expect(ask(asked, "And then?", 2).title).toBe("What is a checksum?");
    expect(titleFrom("word ".repeat(40)).length).toBeLessThanOrEqual(61);
  });

  it("asks every column the same, and keeps their answers apart", () => {
    let both = ask(two, "Hello", 1);
    both = changeAnswer(both, 0, { content: "from small" }, 2);
    both = changeAnswer(both, 1, { content: "from large" }, 2);
    both = changeAnswer(both, 1, { content: "from large, longer" }, 3);
    expect(contents(0, both)).toEqual(["Hello", "from small"]);
    expect(contents(1, both)).toEqual(["Hello", "from large, longer"]);
    expect(lanesOf(both)[1]?.messages[1]?.model).toBe("large");
  });

  it("begins a second column with what was asked so far, and has no third", () => {
    const asked = ask(chat, "Hello", 1);
    expect(contents(1, addLane(asked, "large"))).toEqual(["Hello"]);
    expect(lanesOf(addLane(two, "third"))).toHaveLength(2);
  });

  it("goes on with the second column when the first is removed", () => {
    const left = removeLane(two, 0);
    expect(left.model).toBe("large");
    expect(left).not.toHaveProperty("columns");
    expect(removeLane(left, 0)).toBe(left);
  });

  it("edits the last question in every column and drops its answers", () => {
    let both = ask(two, "First", 1);
    both = changeAnswer(both, 0, { content: "one" }, 1);
    both = changeAnswer(both, 1, { content: "two" }, 1);
    both = editLastQuestion(both, "Second");
    expect(contents(0, both)).toEqual(["Second"]);
    expect(contents(1, both)).toEqual(["Second"]);
    expect(editLastQuestion(chat, "x").messages).toEqual([]);
  });

  it("knows what to ask again", () => {
    expect(withoutLastAnswer(chat)).toBeUndefined();
    const answered = changeAnswer(ask(chat, "Hello", 1), 0, { content: "Hi" }, 2);
    expect(withoutLastAnswer(answered)?.map((message) => message.role)).toEqual(["user"]);
  });
});

describe("parameters", () => {
  const row = (key: string) => {
    const found = PARAMETERS.find((candidate) => candidate.key === key);
    if (!found) throw new Error(`no parameter ${key}`);
    return found;
  };
  it("are read as numbers in their range, or not at all", () => {
    expect(readParameter(row("temperature"), "0.2")).toBe(0.2);
    expect(readParameter(row("temperature"), " ")).toBeUndefined();
    for (const text of ["3", "-1", "warm", "1e999"]) expect(readParameter(row("temperature"), text)).toBeNull();
    expect(readParameter(row("seed"), "1.5")).toBeNull();
  });
  it("that are not set are not sent", () => {
    const set = withParameter({}, "seed", 7);
    expect(set).toEqual({ seed: 7 });
    expect(withParameter(set, "seed", undefined)).toEqual({});
    expect(describeParameters({ temperature: 0, seed: 7 }, "Be short.")).toBe("temperature 0 · seed 7 · system prompt");
  });
});
