// The real binary as a server, started and stopped by the test.
import { execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
export const BINARY = process.env.INGLE_BINARY ?? join(root, "build/dev/ingle");
export const SHOTS = process.env.INGLE_APP_SHOTS ?? join(root, "build/app-screenshots");
export const TEST_HOME = resolve(
  process.env.INGLE_TEST_HOME || join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "ingle-test"),
);

/** What the machine has set must not change the test: no settings of its own, no models of other programs, no network. */
function environment(home, extra) {
  const foreign = /^(INGLE_|OLLAMA_|HF_|PIP_|XDG_|HTTPS?_PROXY|ALL_PROXY|NO_PROXY)/i;
  const kept = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  const nowhere = "http://127.0.0.1:9"; // discard: nothing listens, so whoever tries the network fails at once
  return {
    ...Object.fromEntries(kept),
    HOME: home,
    INGLE_HOME: home,
    PIP_CONFIG_FILE: "/dev/null",
    PIP_INDEX_URL: `${nowhere}/simple`,
    HTTPS_PROXY: nowhere,
    HTTP_PROXY: nowhere,
    ALL_PROXY: nowhere,
    NO_PROXY: "127.0.0.1,localhost",
    ...extra,
  };
}

export class Ingle {
  #process = null;
  #home;
  #extra;
  talk = "";

  constructor(home, extra = {}) {
    this.#home = home;
    this.#extra = extra;
  }

  /** Starts it on `port`, 0 for any, and remembers where. */
  async start(port = 0) {
    const child = spawn(BINARY, ["serve", "--json", "--host", `127.0.0.1:${port}`], {
      env: environment(this.#home, this.#extra),
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    child.stderr.on("data", (text) => (this.talk += text));
    const line = await new Promise((done, fail) => {
      createInterface({ input: child.stdout }).once("line", done);
      child.once("exit", (code) => fail(new Error(`ingle serve ended with ${code}: ${this.talk}`)));
    });
    ({ url: this.url, port: this.port } = JSON.parse(line));
  }

  /** A link that lets one browser in. */
  link() {
    const out = execFileSync(BINARY, ["app", "--no-browser", "--json"], { env: environment(this.#home, this.#extra) });
    return JSON.parse(out.toString()).url;
  }

  async stop() {
    const child = this.#process;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((done) => child.once("exit", done));
    child.kill("SIGTERM");
    await ended;
  }
}
