// usage: node tools/pack.mjs DIST OUT_FOLDER
//
// Packs a built app for the binary: `web_assets.bin` holds the bytes of every file and its gzip form one after another,
// `web_assets.table.inc` is one C++ row a file. Both are functions of the input alone: no times, no paths of the machine.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { gzipSync } from "node:zlib";

const CONTENT_TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
};
// Smaller files, and files that are compressed already, gain nothing from gzip.
const WORTH_COMPRESSING = 512;

function filesBelow(folder) {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? filesBelow(path) : [path];
    });
}

function contentType(path) {
  const type = CONTENT_TYPES[extname(path)];
  if (!type) throw new Error(`${path}: tools/pack.mjs knows no content type for this ending`);
  return type;
}

const [dist, out] = process.argv.slice(2);
if (!dist || !out) {
  console.error("usage: node tools/pack.mjs DIST OUT_FOLDER");
  process.exit(2);
}

const chunks = [];
let offset = 0;
function append(bytes) {
  const at = offset;
  chunks.push(bytes);
  offset += bytes.length;
  return at;
}

const rows = filesBelow(dist).map((file) => {
  const path = "/" + relative(dist, file).split(sep).join("/");
  const bytes = readFileSync(file);
  const packed = gzipSync(bytes, { level: 9 });
  const gzip = bytes.length >= WORTH_COMPRESSING && packed.length < 0.9 * bytes.length ? packed : Buffer.alloc(0);
  const etag = createHash("sha256").update(bytes).digest("hex").slice(0, 32);
  const hashed = path.startsWith("/assets/");
  return (
    `{"${path}", "${contentType(path)}", "\\"${etag}\\"", ` +
    `${append(bytes)}, ${bytes.length}, ${append(gzip)}, ${gzip.length}, ${hashed}},`
  );
});

mkdirSync(out, { recursive: true });
writeFileSync(join(out, "web_assets.bin"), Buffer.concat(chunks));
writeFileSync(join(out, "web_assets.table.inc"), rows.join("\n") + "\n");
console.log(`packed ${rows.length} files, ${Math.round(offset / 1024)} KiB`);
