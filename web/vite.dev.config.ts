import { mergeConfig } from "vite";
import { mock } from "./dev/mock";
import shipped from "./vite.config";

// `npm run dev`: the app with a server that is only played (dev/mock.ts). INGLE_SERVER=http://127.0.0.1:11434 asks a real one.
const server = process.env.INGLE_SERVER;
const proxied = ["/ingle", "/api", "/v1", "/open", "/health"];

export default mergeConfig(shipped, {
  plugins: server ? [] : [mock()],
  server: {
    host: "127.0.0.1",
    proxy: server
      ? Object.fromEntries(proxied.map((path) => [path, { target: server, changeOrigin: true }]))
      : undefined,
  },
});
