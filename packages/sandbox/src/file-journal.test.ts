import { spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { openJournal } from "./file-journal.ts";
import { createTestCloud } from "./test-cloud.ts";

const folders: string[] = [];
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "sandbox-journal-"));
  folders.push(folder);
  return folder;
};

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const template = `
heat_template_version: 2018-08-31
resources:
  net: {type: OS::Neutron::Net}
  group:
    type: OS::Heat::ResourceGroup
    properties:
      count: 2
      resource_def: {type: OS::Heat::TestResource, properties: {wait_secs: 5}}
outputs:
  refs: {value: {get_attr: [group, refs]}}
`;

test("a restart finds tokens, trusts and stacks, and goes on with what was under way", async () => {
  const folder = newFolder();
  const first = createTestCloud({ store: openJournal(folder) });
  const heat = await first.heat("demo");
  await heat.create("one", template);
  first.clock.advance(2_000);
  expect((await heat.show("one")).stack_status).toBe("CREATE_IN_PROGRESS");
  const { inventory } = first.sandbox;
  const before = inventory();
  first.sandbox.close();

  // The same people, another chance: nothing is seeded twice.
  const second = createTestCloud({ store: openJournal(folder), seed: 2, startMs: first.clock.now() });
  expect(second.sandbox.inventory()).toEqual(before);
  const list = await second.request("GET", `/orchestration/v1/${heat.projectId}/stacks`, { token: heat.token });
  expect(list.body.stacks).toMatchObject([{ stack_name: "one", stack_status: "CREATE_IN_PROGRESS" }]);
  second.clock.advance(4_000);
  const again = await second.heat("demo");
  expect((await again.show("one")).stack_status).toBe("CREATE_COMPLETE");
  second.sandbox.close();
});

test("knobs outlive a restart, and a reset takes them away for good", async () => {
  const folder = newFolder();
  const first = createTestCloud({ store: openJournal(folder) });
  first.sandbox.knobs.set({ bootMs: 77 });
  first.sandbox.knobs.add({ kind: "node", fate: "never-boots", times: 2 });
  first.sandbox.close();
  const second = createTestCloud({ store: openJournal(folder) });
  expect(second.sandbox.knobs.settings.bootMs).toBe(77);
  expect(second.sandbox.knobs.rules()).toMatchObject([{ fate: "never-boots", times: 2 }]);
  second.sandbox.knobs.reset();
  second.sandbox.close();
  const third = createTestCloud({ store: openJournal(folder) });
  expect(third.sandbox.knobs.settings.bootMs).toBe(2_000);
  expect(third.sandbox.knobs.rules()).toEqual([]);
  third.sandbox.close();
});

test("a line that a kill cut short is dropped, and what comes after it is kept", () => {
  const folder = newFolder();
  const path = join(folder, "sandbox.jsonl");
  const first = openJournal(folder);
  first.append([{ table: "t", id: "a", value: { id: "a" } }]);
  first.close();
  appendFileSync(path, '[["t","b",{"id":"b"');
  const second = openJournal(folder);
  expect([...second.load()]).toEqual([{ table: "t", id: "a", value: { id: "a" } }]);
  second.append([{ table: "t", id: "c", value: { id: "c" } }]);
  second.close();
  const third = openJournal(folder);
  expect([...third.load()].map((change) => change.id)).toEqual(["a", "c"]);
  third.close();
});

test("what was superseded many times is written anew on opening", () => {
  const folder = newFolder();
  const first = openJournal(folder);
  const text = "x".repeat(1_000);
  for (let round = 0; round < 1_500; round += 1)
    first.append([{ table: "t", id: "a", value: { id: "a", round, text } }]);
  first.append([
    { table: "t", id: "b", value: { id: "b" } },
    { table: "t", id: "b", value: null },
  ]);
  first.close();
  const second = openJournal(folder);
  expect([...second.load()]).toEqual([{ table: "t", id: "a", value: { id: "a", round: 1_499, text } }]);
  second.close();
  expect(readFileSync(join(folder, "sandbox.jsonl"), "utf8").trim().split("\n")).toHaveLength(1);
});

test("a folder belongs to one living process at a time", () => {
  const folder = newFolder();
  const first = openJournal(folder);
  first.close();
  appendFileSync(join(folder, "sandbox.lock"), "1");
  expect(() => openJournal(folder)).toThrow("process 1 uses this folder");
});

/** Starts a served sandbox of its own, and waits until it listens. */
async function serve(folder: string, port: number): Promise<{ pid: number; url: string; ended: Promise<void> }> {
  const source = `import { serveSandbox } from ${JSON.stringify(new URL("server.ts", import.meta.url).href)};
    const { url } = await serveSandbox({ port: ${port}, data: ${JSON.stringify(folder)} }); console.log(url);`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "--eval", source], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => void child.once("exit", () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (data: Buffer) => resolve(data.toString().trim()));
    child.once("exit", () => reject(new Error("the sandbox did not start")));
  });
  if (child.pid === undefined) throw new Error("the sandbox has no process");
  return { pid: child.pid, url, ended };
}

test("every answered change survives kill -9", async () => {
  const folder = newFolder();
  const first = await serve(folder, 0);
  const auth = {
    identity: {
      methods: ["password"],
      password: { user: { name: "demo", password: "secret", domain: { id: "default" } } },
    },
    scope: { project: { name: "demo", domain: { id: "default" } } },
  };
  const login = await fetch(`${first.url}/v3/auth/tokens`, { method: "POST", body: JSON.stringify({ auth }) });
  const token = login.headers.get("X-Subject-Token") ?? "";
  const { token: body } = (await login.json()) as { token: { project: { id: string } } };
  const stacks = `/orchestration/v1/${body.project.id}/stacks`;
  const headers = { "X-Auth-Token": token, "Content-Type": "application/json" };
  const answered: string[] = [];
  const creating = (async () => {
    for (let index = 0; index < 1_000; index += 1) {
      const name = `stack-${index}`;
      const made = await fetch(first.url + stacks, {
        method: "POST",
        headers,
        body: JSON.stringify({ stack_name: name, template }),
      });
      if (made.status === 201) answered.push(name);
    }
  })().catch(() => undefined);
  while (answered.length < 20) await new Promise((resolve) => void setImmediate(resolve));
  process.kill(first.pid, "SIGKILL");
  await first.ended;
  await creating;

  const second = await serve(folder, Number(new URL(first.url).port));
  try {
    const list = (await (await fetch(second.url + stacks, { headers })).json()) as { stacks: { stack_name: string }[] };
    const found = new Set(list.stacks.map((one) => one.stack_name));
    expect(answered.filter((name) => !found.has(name))).toEqual([]);
    expect(answered.length).toBeLessThan(1_000);
  } finally {
    process.kill(second.pid, "SIGKILL");
    await second.ended;
  }
});
