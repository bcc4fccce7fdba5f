import { defineConfig } from "vitest/config";

// Who may do what, where secrets may stand, and what can be sent: a suite of its own, which prints what it tried.
export default defineConfig({
  test: {
    include: ["test/security/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // As in vitest.config.ts.
    isolate: false,
  },
});
