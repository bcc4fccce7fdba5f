import { defineConfig } from "vitest/config";

// Runs against real container engines, which test/engines/lab starts: as root, from Debian's packages; no part of `npm test`.
export default defineConfig({
  test: {
    include: ["test/engines/**/*.test.ts"],
    testTimeout: 90_000,
    hookTimeout: 180_000,
    maxWorkers: 2,
  },
});
