import { defineConfig } from "vitest/config";

// Runs nodes' boot scripts, as root in namespaces of their own; no part of `npm test`.
export default defineConfig({
  test: {
    include: ["test/node-scripts/**/*.test.ts"],
    reporters: ["verbose"],
    // Bounds what hangs, on a machine that may be busy with other things.
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
});
