// Ollama's JavaScript client, unmodified, against a server: node ollama.mjs URL MODEL. Every step that fails ends it.
import assert from "node:assert/strict";
import { Ollama } from "ollama";

const [host, model] = process.argv.slice(2);
const client = new Ollama({ host });
const messages = [{ role: "user", content: "Say hello to Ann." }];
const options = { temperature: 0, num_predict: 8, num_gpu: 1, numa: false, tfs_z: 1 };

assert.match((await client.version()).version, /^\d+\.\d+\.\d+$/);

const whole = await client.chat({ model, messages, options });
assert.ok(whole.message.content.length > 0);
assert.ok(whole.done && Number.isInteger(whole.total_duration) && whole.eval_count > 0);

let text = "";
let last;
for await (const part of await client.chat({ model, messages, options, stream: true })) {
  text += part.message.content;
  last = part;
}
assert.equal(text, whole.message.content);
assert.equal(last.done_reason, whole.done_reason);

const first = await client.generate({ model, prompt: "Say hello to Ann.", options });
assert.equal(first.response, whole.message.content);
const second = await client.generate({ model, prompt: "And to Bob.", context: first.context, options });
assert.deepEqual(second.context.slice(0, first.context.length), first.context);

const tools = [{ type: "function", function: { name: "greet", description: "Greets.", parameters: {
  type: "object", required: ["name"], properties: { name: { type: "string", enum: ["Ann", "Bob"] } } } } }];
const called = await client.chat({ model, messages, tools, tool_choice: "required", options: { temperature: 0, num_predict: 200 } });
assert.equal(called.message.tool_calls[0].function.name, "greet");
assert.ok(["Ann", "Bob"].includes(called.message.tool_calls[0].function.arguments.name));

const schema = { type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"], additionalProperties: false };
const shaped = await client.chat({ model, messages, format: schema, options: { temperature: 0, num_predict: 100 } });
assert.equal(typeof JSON.parse(shaped.message.content).ok, "boolean");

const embedded = await client.embed({ model, input: ["a dog", "a cat"], dimensions: 16 });
assert.equal(embedded.embeddings.length, 2);
assert.equal(embedded.embeddings[0].length, 16);
assert.ok(Math.abs(embedded.embeddings[0].reduce((sum, x) => sum + x * x, 0) - 1) < 1e-4);
const old = await client.embeddings({ model, prompt: "a dog" });
assert.ok(old.embedding.length > 16);

const statuses = [];
for await (const part of await client.create({ model: "mine", from: model, system: "Be brief.", stream: true })) statuses.push(part.status);
assert.equal(statuses.at(-1), "success");
assert.ok(statuses.includes("writing manifest"));
await client.copy({ source: "mine", destination: "other" });
const listed = (await client.list()).models.map((one) => one.name);
assert.ok(listed.includes("mine:latest") && listed.includes("other:latest"));
const shown = await client.show({ model: "mine" });
assert.equal(shown.system, "Be brief.");
assert.ok(shown.modelfile.includes("SYSTEM Be brief."));
assert.ok((await client.ps()).models.length > 0);
await client.delete({ model: "mine" });
await client.delete({ model: "other" });
await assert.rejects(client.chat({ model: "mine", messages }), { status_code: 404, error: "model 'mine' not found" });
await assert.rejects(client.generate({ model, prompt: "x", options: { top_k: "many" } }), { error: 'option "top_k" must be of type integer' });
await assert.rejects(client.push({ model }), { status_code: 501 });

const stream = await client.generate({ model, prompt: "Tell me a long story.", stream: true, options: { num_predict: 400, temperature: 0 } });
await assert.rejects(async () => {
  for await (const part of stream) {
    assert.equal(part.done, false);
    stream.abort();
  }
}, { name: "AbortError" });
console.log("ok");
