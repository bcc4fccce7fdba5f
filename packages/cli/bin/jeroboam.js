#!/usr/bin/env node
// Starts the command. Plain JavaScript, because an old Node must get this far: TypeScript runs as it is from Node 22.18
// on, so that an older Node hands over to the one that came with the project's own dependencies.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);

if (major > 22 || (major === 22 && minor >= 18)) {
  // Compiled code is kept beside the dependencies: half of the time to start is spent on compiling.
  module.enableCompileCache(fileURLToPath(new URL("../../../node_modules/.cache/jeroboam", import.meta.url)));
  await import("../src/main.ts");
} else {
  const newer = fileURLToPath(new URL("../../../node_modules/node/bin/node", import.meta.url));
  if (!existsSync(newer) || process.env.JEROBOAM_HANDED_OVER) {
    console.error(`jeroboam: Node ${process.versions.node} is too old, 22.18 is needed; run "npm ci", which brings it`);
    process.exit(1);
  }
  const child = spawn(newer, process.argv.slice(1), {
    stdio: "inherit",
    env: { ...process.env, JEROBOAM_HANDED_OVER: "1" },
  });
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  // A terminal sends Ctrl-C to both; elsewhere only this process is told.
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  child.on("exit", (code, signal) => process.exit(signal ? 1 : code));
}
