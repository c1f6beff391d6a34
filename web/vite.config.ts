import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { notice } from "./plugins/notice.ts";

const server = process.env["LINEAGE_SERVER"] ?? "http://127.0.0.1:8765";

export default defineConfig({
  base: "./",
  plugins: [react(), notice()],
  build: {
    outDir: process.env["LINEAGE_PAGE_OUT"] ?? "../lineage/instance/page/static",
    emptyOutDir: true,
    target: "es2022",
    // Pictures inlined as data: addresses would widen the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  worker: { format: "es" },
  server: { proxy: { "/public": server, "/login": server, "/logout": server } },
  test: { environment: "happy-dom", include: ["tests/**/*.test.{ts,tsx}"] },
});
