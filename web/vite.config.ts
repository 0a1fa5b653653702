import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// During development the console talks to a Patron server on this machine; set
// PATRON_URL to point it elsewhere.
const server = process.env.PATRON_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  server: {
    proxy: {
      "/api": {
        target: server,
        // The server compares Origin with its own address.
        configure: (proxy) => proxy.on("proxyReq", (request) => request.removeHeader("origin")),
      },
    },
  },
  build: {
    manifest: true,
    // Browsers that do not know the hint load a little later, and nothing else.
    modulePreload: { polyfill: false },
    // A customer's own page loads nothing of the console.
    rolldownOptions: { input: ["index.html", "member.html"] },
    chunkSizeWarningLimit: 900,
  },
  test: {
    environment: "node",
    include: ["src/**/*.test.ts"],
  },
});
