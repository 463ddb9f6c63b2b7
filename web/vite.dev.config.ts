import { mergeConfig } from "vite";
import { mock } from "./dev/mock";
import shipped from "./vite.config";

// `npm run dev`: the app with a server that is only played (dev/mock.ts). INGLE_SERVER=http://127.0.0.1:11434 asks a real one.
// `npx vite preview --config vite.dev.config.ts` shows what was built, under the policy that the server sends.
const server = process.env.INGLE_SERVER;
const proxied = ["/ingle", "/api", "/v1", "/open", "/health"];

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
  "worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export default mergeConfig(shipped, {
  preview: { headers: { "Content-Security-Policy": POLICY } },
  plugins: server ? [] : [mock()],
  server: {
    host: "127.0.0.1",
    proxy: server
      ? Object.fromEntries(proxied.map((path) => [path, { target: server, changeOrigin: true }]))
      : undefined,
  },
});
