import { defineConfig } from "vitest/config";

// Runs against a real OpenStack, which test/openstack/lab brings up: as root, from Debian's packages; no part of `npm test`.
export default defineConfig({
  test: {
    include: ["test/openstack/**/*.test.ts"],
    // A line a test, as it ends: the suite takes minutes.
    reporters: ["verbose"],
    globalSetup: ["test/openstack/open-lab.ts"],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // One lab, on a port of its own.
    fileParallelism: false,
    maxConcurrency: 4,
  },
});
