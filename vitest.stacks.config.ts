import { defineConfig } from "vitest/config";

// Evaluates the AWS stacks: needs scripts/setup-stacks.sh, so it is no part of `npm test`.
export default defineConfig({
  test: {
    include: ["test/stacks/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // Each evaluation builds the functions' bundles, in one folder.
    fileParallelism: false,
    // SST's sources are TypeScript with imports that name no extension: they must go through vite.
    server: { deps: { inline: [/\.sst\/platform/] } },
  },
});
