/** Debian's client of Marathon, which was written by others, against the sandbox's: there is no Marathon to run here. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startSandboxEngine } from "./lab/sandbox.ts";
import { skipOrFail } from "./lab/skip.ts";
import type { SandboxPlace } from "./lab/sandbox.ts";

const PYTHON = "/usr/bin/python3";
const why = existsSync("/usr/lib/python3/dist-packages/marathon")
  ? undefined
  : "the module marathon is not there (Debian: python3-marathon)";

describe.skipIf(skipOrFail("Debian's Marathon client", why))("Debian's Marathon client", () => {
  let place: SandboxPlace;
  beforeAll(async () => {
    place = await startSandboxEngine("mesos");
  });
  afterAll(async () => await place?.close());

  test("makes an app, scales it, kills a task of it and deletes it", async () => {
    const script = join(import.meta.dirname, "marathon-client.py");
    const { stdout } = await promisify(execFile)(PYTHON, [script, `http://${place.address}:8080`]);
    expect(JSON.parse(stdout)).toEqual({
      ping: "pong",
      info: "marathon",
      created: ["/life", 1],
      runs: true,
      listed: ["/life"],
      scaled: true,
      tasks: true,
      replaced: true,
      idle: true,
      again: [409, "An app with id [/life] already exists."],
      gone: true,
      missing: [404, "App '/life' does not exist"],
    });
  });
});
