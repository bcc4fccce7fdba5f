import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{packages,functions,test,scripts}/**/*.test.ts"],
    // Suites of their own: they need more than the workspace's packages, or take longer.
    exclude: [
      "**/node_modules/**",
      "test/openstack/**",
      "test/engines/**",
      "test/stacks/**",
      "test/aws/**",
      "test/node-scripts/**",
      "test/security/**",
      ...(process.env["KILL_ROUNDS"] ? [] : ["test/e2e/kill.test.ts"]),
    ],
    // Bounds what hangs, on a machine that may be busy with other things.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    maxWorkers: 2,
    // Files share a worker and what it has loaded, which is half of all work: no test changes what is loaded.
    isolate: false,
  },
});
