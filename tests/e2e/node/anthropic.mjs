// npm @anthropic-ai/sdk, unmodified, against a server: `node anthropic.mjs BASE_URL CHAT_MODEL CODER`. One line of JSON a finding.
import Anthropic from "@anthropic-ai/sdk";

const [url, model, coder] = process.argv.slice(2);
const client = new Anthropic({ baseURL: url, apiKey: "unused", maxRetries: 0 });
const say = (name, value) => console.log(JSON.stringify([name, value]));
const messages = [{ role: "user", content: "Say hello to Ann." }];
const plain = { model, messages, max_tokens: 8, temperature: 0 };

const whole = await client.messages.create(plain);
say("chat", { text: whole.content[0].text, usage: whole.usage, reason: whole.stop_reason });

const stream = client.messages.stream(plain);
let text = "";
stream.on("text", (piece) => { text += piece; });
const final = await stream.finalMessage();
say("stream", { text, final: final.content[0].text, reason: final.stop_reason });

const tools = [{ name: "add", input_schema: { type: "object", required: ["a", "b"], additionalProperties: false,
  properties: { a: { type: "integer" }, b: { type: "integer" } } } }];
const ask = { model: coder, max_tokens: 80, temperature: 0, tools, messages: [{ role: "user", content: "What is 2 and 3 together?" }] };
const called = await client.messages.create({ ...ask, tool_choice: { type: "tool", name: "add" } });
say("tools", called.content.filter((block) => block.type === "tool_use").map((block) => [block.name, block.input]));

const bare = await client.messages.countTokens({ model: coder, messages: ask.messages });
const armed = await client.messages.countTokens({ model: coder, messages: ask.messages, tools });
say("count", [bare.input_tokens, armed.input_tokens]);

const failure = async (question) => { try { await client.messages.create(question); return "nothing"; } catch (error) { return [error.status, error.constructor.name]; } };
say("errors", [
  await failure({ ...plain, model: "nobody" }),
  await failure({ ...plain, temperature: 9 }),
  await failure({ ...plain, max_tokens: 2000, thinking: { type: "enabled", budget_tokens: 1024 } }),
]);
