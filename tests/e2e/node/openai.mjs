// npm openai, unmodified, against a server: `node openai.mjs BASE_URL CHAT_MODEL CODER EMBEDDER`. One line of JSON a finding.
import OpenAI from "openai";

const [url, model, coder, embedder] = process.argv.slice(2);
const client = new OpenAI({ baseURL: url + "/v1", apiKey: "unused", maxRetries: 0 });
const say = (name, value) => console.log(JSON.stringify([name, value]));
const messages = [{ role: "user", content: "Say hello to Ann." }];
const plain = { model, messages, max_tokens: 8, temperature: 0 };

const whole = await client.chat.completions.create(plain);
say("chat", { text: whole.choices[0].message.content, usage: whole.usage });

let text = "";
let last;
for await (const chunk of await client.chat.completions.create({ ...plain, stream: true, stream_options: { include_usage: true } })) {
  text += chunk.choices[0]?.delta.content ?? "";
  last = chunk;
}
say("stream", { text, usage: last.usage });

const several = await client.chat.completions.create({ ...plain, n: 2, temperature: 1, seed: 5 });
const alone = await client.chat.completions.create({ ...plain, temperature: 1, seed: 6 });
say("several", { texts: several.choices.map((c) => c.message.content), alone: alone.choices[0].message.content,
                 prompt: [several.usage.prompt_tokens, alone.usage.prompt_tokens] });

const tools = [{ type: "function", function: { name: "add", parameters: { type: "object", required: ["a", "b"], additionalProperties: false,
  properties: { a: { type: "integer" }, b: { type: "integer" } } } } }];
const called = await client.chat.completions.create({ model: coder, temperature: 0, max_tokens: 80, tools, tool_choice: "required",
  messages: [{ role: "user", content: "What is 2 and 3 together?" }] });
say("tools", called.choices[0].message.tool_calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)]));

const schema = { type: "object", required: ["name"], additionalProperties: false, properties: { name: { type: "string" } } };
const shaped = await client.chat.completions.create({ model: coder, temperature: 0, max_tokens: 80,
  messages: [{ role: "user", content: "Ann is 7. As JSON." }],
  response_format: { type: "json_schema", json_schema: { name: "person", strict: true, schema } } });
say("json", JSON.parse(shaped.choices[0].message.content));

const completed = await client.completions.create({ model, prompt: "One, two, three,", max_tokens: 4, temperature: 0, echo: true, logprobs: 1 });
say("completions", { text: completed.choices[0].text, logprobs: completed.choices[0].logprobs });

const first = await client.responses.create({ model, input: "Say hello to Ann.", max_output_tokens: 8, temperature: 0 });
const second = await client.responses.create({ model, input: "And to Bob.", max_output_tokens: 8, previous_response_id: first.id });
const kept = await client.responses.retrieve(first.id);
const items = await client.responses.inputItems.list(first.id);
say("responses", { text: first.output_text, tokens: [first.usage.input_tokens, second.usage.input_tokens], kept: kept.output_text,
                   items: items.data.length });

const events = [];
for await (const event of await client.responses.create({ model, input: "Say hello to Ann.", max_output_tokens: 8, temperature: 0, stream: true }))
  events.push(event.type);
say("events", events);

await client.responses.delete(first.id);
const failure = async (ask) => { try { await ask(); return "nothing"; } catch (error) { return [error.status, error.constructor.name, error.code]; } };
say("errors", [
  await failure(() => client.responses.retrieve(first.id)),
  await failure(() => client.chat.completions.create({ ...plain, model: "nobody" })),
  await failure(() => client.chat.completions.create({ ...plain, temperature: 9 })),
  await failure(() => client.chat.completions.create({ ...plain, reasoning_effort: "high" })),
]);

if (embedder) {
  const floats = await client.embeddings.create({ model: embedder, input: ["a cat", "a kitten", "a tax form"] });
  const short = await client.embeddings.create({ model: embedder, input: "a cat", dimensions: 16, encoding_format: "float" });
  say("embeddings", { vectors: floats.data.map((item) => Array.from(item.embedding)), short: short.data[0].embedding, usage: floats.usage });
}

const names = [];
for await (const item of await client.models.list()) names.push(item.id);
say("models", names);
