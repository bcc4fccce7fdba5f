import { defineConfig } from "vitest/config";

// Runs nodes' boot scripts, as root in namespaces of their own; no part of `npm test`.
export default defineConfig({
  test: {
    include: ["test/node-scripts/**/*.test.ts"],
    reporters: ["verbose"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
