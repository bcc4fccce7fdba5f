import { defineConfig } from "vitest/config";

// The functions as they are deployed, over emulators of the services: slower than `npm test`, and needs their bundles.
export default defineConfig({
  test: {
    include: ["test/aws/**/*.test.ts"],
    globalSetup: ["test/aws/build-bundles.ts"],
    testTimeout: 90_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
