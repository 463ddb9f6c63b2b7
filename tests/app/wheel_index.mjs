// A package index (PEP 503) on a free port of this machine: a folder of wheels, with ranges, as pip's mirrors serve them.
import { createHash } from "node:crypto";
import { createReadStream, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { Transform } from "node:stream";

const normalized = (name) => name.toLowerCase().replace(/[-_.]+/g, "-");

export class WheelIndex {
  #server;
  #folder;
  #allowance = Infinity;
  #release = () => undefined;
  #released = Promise.resolve();

  constructor(folder) {
    this.#folder = folder;
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  async start() {
    await new Promise((done) => this.#server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${this.#server.address().port}/simple`;
  }

  /** Lets so many bytes through and then keeps clients waiting until release(). */
  holdAfter(bytes) {
    this.#allowance = bytes;
    this.#released = new Promise((done) => (this.#release = done));
  }

  release() {
    this.#allowance = Infinity;
    this.#release();
  }

  stop() {
    this.release();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(request, response) {
    const [, kind, name] = new URL(request.url, "http://localhost").pathname.split("/");
    const wheels = readdirSync(this.#folder).filter((file) => file.endsWith(".whl"));
    if (kind === "simple" && name) {
      const links = wheels
        .filter((file) => normalized(file.split("-")[0]) === normalized(name))
        .map((file) => {
          const digest = createHash("sha256").update(readFileSync(join(this.#folder, file))).digest("hex");
          return `<a href="/files/${file}#sha256=${digest}">${file}</a>`;
        });
      response.writeHead(links.length > 0 ? 200 : 404, { "Content-Type": "text/html" });
      response.end(`<!DOCTYPE html>${links.join("\n")}`);
    } else if (kind === "files" && wheels.includes(name)) {
      this.#serve(join(this.#folder, name), request, response);
    } else {
      response.writeHead(404).end();
    }
  }

  #serve(path, request, response) {
    const size = statSync(path).size;
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
    const start = range ? Number(range[1]) : 0;
    const end = range?.[2] ? Number(range[2]) : size - 1;
    if (start > end) {
      response.writeHead(416, { "Content-Range": `bytes */${size}` }).end();
      return;
    }
    response.writeHead(range ? 206 : 200, {
      "Accept-Ranges": "bytes",
      "Content-Length": end - start + 1,
      ...(range ? { "Content-Range": `bytes ${start}-${end}/${size}` } : {}),
    });
    const gate = new Transform({
      transform: (chunk, _, done) => {
        this.#allowance -= chunk.length;
        const wait = this.#allowance < 0 ? this.#released : Promise.resolve();
        void wait.then(() => done(null, chunk));
      },
    });
    response.on("close", () => gate.destroy());
    gate.on("error", () => response.destroy());
    createReadStream(path, { start, end }).pipe(gate).pipe(response);
  }
}
