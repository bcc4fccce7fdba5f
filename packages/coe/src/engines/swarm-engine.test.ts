import { describe, expect, it } from "vitest";
import { limits } from "@jeroboam/core/limits";
import { MARK } from "./container-engine.ts";
import type { NewContainer } from "./container-engine.ts";
import { scriptEngine } from "./scripted-engine.ts";
import { createSwarmEngine } from "./swarm-engine.ts";

const endpoint = { url: "https://172.24.4.10:2376", authority: null, client: null };
const UUID = "11111111-2222-4333-8444-555555555555";
const reference = { uuid: UUID, name: "web" };

const engineOf = (script: Parameters<typeof scriptEngine>[0]) => {
  const scripted = scriptEngine(script);
  return { engine: createSwarmEngine(scripted.http, endpoint), requests: scripted.requests, lines: scripted.lines };
};

const LIST = "GET /containers/json";
const summary = (more: object = {}) => ({
  Id: "c1",
  Names: ["/web"],
  Image: "nginx",
  Labels: { [MARK]: UUID },
  ...more,
});
const detail = (state: object, more: object = {}) => ({
  json: { Id: "c1", Name: "/web", Config: { Image: "nginx", Labels: { [MARK]: UUID } }, State: state, ...more },
});
const text = (status: number, words: string) => ({ status, text: `${words}\n` });

/** One frame of a stream: 1 is what the command printed, 2 what it complained of. */
function frame(stream: number, words: string): Buffer {
  const payload = Buffer.from(words);
  const header = Buffer.alloc(8);
  header.writeUInt8(stream, 0);
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

describe("a list", () => {
  it.each([
    [{ State: "running", Status: "Up 2 seconds" }, "Running"],
    [{ State: "paused", Status: "Up 2 seconds (Paused)" }, "Paused"],
    [{ State: "exited", Status: "Exited (0) 1 second ago" }, "Stopped"],
    [{ State: "created", Status: "Created" }, "Stopped"],
    [{ State: "dead", Status: "Dead" }, "Error"],
    [{ Status: "Up 2 seconds" }, "Running"],
    [{ Status: "Up 2 seconds (Paused)" }, "Paused"],
    [{ Status: "Restarting (1) 3 seconds ago" }, "Running"],
    [{ Status: "Exited (137) 1 second ago" }, "Stopped"],
    [{ Status: "" }, "Stopped"],
  ])("reads %o as %s, also from engines that have no word for it", async (more, state) => {
    const { engine } = engineOf({ [LIST]: { json: [summary(more)] } });
    expect(await engine.list("container")).toMatchObject({ objects: [{ uuid: UUID, name: "web", state, host: null }] });
  });

  it("takes one call, and tells nodes and links apart from names", async () => {
    const items = [
      summary({ Names: ["/node-2/web"] }),
      summary({ Id: "c2", Names: ["/node-1/db/alias", "/node-1/web2"], Labels: null }),
    ];
    const { engine, requests } = engineOf({ [LIST]: { json: items } });
    expect(await engine.list("container")).toMatchObject({
      objects: [
        { uuid: UUID, name: "web", host: "node-2" },
        { uuid: null, name: "web2", host: "node-1" },
      ],
    });
    expect(requests).toHaveLength(1);
  });
});

describe("finding one", () => {
  it.each([
    [{ Running: true, Paused: true, Error: "" }, "Paused", null],
    [{ Running: true, Error: "" }, "Running", null],
    [{ Running: false, Error: "" }, "Stopped", null],
    [{ Running: false, Error: "no such command" }, "Error", "no such command"],
  ])("reads the state %o as %s", async (state, expected, reason) => {
    const { engine } = engineOf({ [LIST]: { json: [summary()] }, "GET /containers/c1/json": detail(state) });
    expect(await engine.find("container", reference)).toMatchObject({ object: { state: expected, reason } });
  });

  it("does not take another's, whatever the filter let through", async () => {
    const { engine } = engineOf({ [LIST]: { json: [summary({ Labels: { [MARK]: "another" } })] } });
    expect(await engine.find("container", reference)).toEqual({ kind: "missing" });
  });
});

const wanted: NewContainer = {
  uuid: UUID,
  name: "web",
  image: "127.0.0.1:5000/nginx:1.9",
  command: ["nginx", "-g", "daemon off;"],
  memoryBytes: 536_870_912,
  environment: { A: "b=c" },
};
const IMAGE = "GET /images/127.0.0.1%3A5000/nginx%3A1.9/json";
const PULL = "POST /images/create?fromImage=127.0.0.1%3A5000%2Fnginx&tag=1.9";
const made = { "GET /containers/c1/json": detail({ Running: false, Error: "" }) };

describe("creating one", () => {
  it("fetches the image when it is not there, and makes what was asked for", async () => {
    const { engine, requests, lines } = engineOf({
      ...made,
      [LIST]: [{ json: [] }, { json: [summary()] }],
      [IMAGE]: text(404, "No such image"),
      [PULL]: { text: '{"status":"Pulling"}\r\n{"status":"Downloaded newer image"}\r\n' },
      "POST /containers/create": { status: 201, json: { Id: "c1", Warnings: [] } },
    });
    expect(await engine.createContainer(wanted)).toMatchObject({ kind: "written", object: { state: "Stopped" } });
    expect(lines()).toContain("POST /containers/create?name=web");
    expect(requests.find(({ path }) => path.startsWith("/containers/create"))?.json).toEqual({
      Image: "127.0.0.1:5000/nginx:1.9",
      Hostname: UUID,
      Labels: { [MARK]: UUID },
      Env: ["A=b=c"],
      Cmd: ["nginx", "-g", "daemon off;"],
      HostConfig: { Memory: 536_870_912 },
    });
  });

  it("finds what an earlier run made, and makes no second", async () => {
    const { engine, lines } = engineOf({ ...made, [LIST]: { json: [summary()] } });
    expect(await engine.createContainer(wanted)).toMatchObject({ kind: "written" });
    expect(lines().filter((line) => line.startsWith("POST"))).toEqual([]);
  });

  it("sees that the fetching failed under a status of success", async () => {
    const { engine } = engineOf({
      [LIST]: { json: [] },
      [IMAGE]: text(404, "No such image"),
      [PULL]: { text: '{"status":"Pulling"}\n{"errorDetail":{"message":"denied"},"error":"denied"}\n' },
    });
    expect(await engine.createContainer(wanted)).toEqual({ kind: "refused", status: 404, reason: "denied" });
  });

  it.each([
    ["an engine", { status: 409, json: { message: 'Conflict. The container name "/web" is already in use by "x"' } }],
    ["classic Swarm", text(409, "Conflict: The name web is already assigned to x")],
  ])("leaves a name to the one who has it, says %s", async (_, answer) => {
    const { engine } = engineOf({ [LIST]: { json: [] }, [IMAGE]: {}, "POST /containers/create": answer });
    expect(await engine.createContainer(wanted)).toMatchObject({
      kind: "taken",
      reason: expect.stringMatching(/^Conflict/),
    });
  });
});

describe("an action", () => {
  const there = { [LIST]: { json: [summary()] } };
  it.each([
    ["start", "start", 304, ""],
    ["stop", "stop", 304, ""],
    ["pause", "pause", 409, "Container c1 is already paused"],
    ["unpause", "unpause", 500, "Container c1 is not paused"],
  ] as const)("%s is done when it is so already", async (action, path, status, words) => {
    const { engine } = engineOf({ ...there, [`POST /containers/c1/${path}`]: text(status, words) });
    expect(await engine.act(action, reference)).toEqual({ kind: "done" });
  });

  it("is refused where the state is in the way, as a conflict whichever engine says it", async () => {
    const { engine } = engineOf({ ...there, "POST /containers/c1/pause": text(500, "Container c1 is not running") });
    expect(await engine.act("pause", reference)).toMatchObject({ kind: "refused", status: 409 });
  });

  it("on one that is gone finds it missing", async () => {
    const { engine } = engineOf({ [LIST]: { json: [] } });
    expect(await engine.act("start", reference)).toEqual({ kind: "missing" });
  });
});

describe("removing", () => {
  it.each([
    ["not there", { [LIST]: { json: [] } }, { kind: "removed" }],
    ["there", { [LIST]: { json: [summary()] }, "DELETE /containers/c1": { status: 204 } }, { kind: "removed" }],
    [
      "gone meanwhile",
      { [LIST]: { json: [summary()] }, "DELETE /containers/c1": text(404, "no") },
      { kind: "removed" },
    ],
    [
      "going",
      {
        [LIST]: { json: [summary()] },
        "DELETE /containers/c1": text(409, "removal of container c1 is already in progress"),
      },
      { kind: "removing" },
    ],
    [
      "running, says classic Swarm",
      { [LIST]: { json: [summary()] }, "DELETE /containers/c1": text(500, "You cannot remove a running container") },
      { kind: "refused", status: 409, reason: "You cannot remove a running container" },
    ],
  ])("one that is %s", async (_, script, outcome) => {
    expect(await engineOf(script).engine.remove("container", reference, { isForced: false })).toEqual(outcome);
  });

  it("forced says so to the engine", async () => {
    const { engine, lines } = engineOf({ [LIST]: { json: [summary()] }, "DELETE /containers/c1": { status: 204 } });
    await engine.remove("container", reference, { isForced: true });
    expect(lines()[1]).toBe("DELETE /containers/c1?v=1&force=1");
  });
});

describe("logs", () => {
  const found = { [LIST]: { json: [summary()] }, "GET /containers/c1/json": detail({ Running: true }) };
  const LOGS = "GET /containers/c1/logs";

  it("are all streams in their order, without the frames", async () => {
    const bytes = Buffer.concat([frame(1, "out\n"), frame(2, "err\n"), frame(1, "süß\n")]);
    const { engine } = engineOf({ ...found, [LOGS]: { bytes } });
    expect(await engine.readLogs(reference)).toEqual({
      kind: "output",
      text: "out\nerr\nsüß\n",
      isCut: false,
      exitCode: null,
    });
  });

  it("of a terminal have no frames", async () => {
    const tty = detail({ Running: true }, { Config: { Labels: { [MARK]: UUID }, Tty: true } });
    const { engine } = engineOf({ ...found, "GET /containers/c1/json": tty, [LOGS]: { text: "a\r\nb\r\n" } });
    expect(await engine.readLogs(reference)).toMatchObject({ text: "a\nb\n" });
  });

  it("that are too long are told from nearer their end", async () => {
    const long = { bytes: frame(1, "x".repeat(limits.containerEngine.outputBytes)) };
    const { engine, lines } = engineOf({ ...found, [LOGS]: [long, { bytes: frame(1, "the end\n") }] });
    expect(await engine.readLogs(reference)).toMatchObject({ text: "the end\n", isCut: true });
    expect(
      lines()
        .slice(2)
        .map((line) => line.replace(/.*tail=/, "")),
    ).toEqual(["5000", "500"]);
    const always = engineOf({ ...found, [LOGS]: long });
    const cut = await always.engine.readLogs(reference);
    expect(cut).toMatchObject({ kind: "output", isCut: true });
    expect(cut.kind === "output" && cut.text.length).toBeLessThanOrEqual(limits.containerEngine.outputBytes);
  });
});

it("a command's words are passed on as they are, and its exit code comes back", async () => {
  const { engine, requests } = engineOf({
    [LIST]: { json: [summary()] },
    "POST /containers/c1/exec": { status: 201, json: { Id: "e1" } },
    "POST /exec/e1/start": { bytes: Buffer.concat([frame(1, "hello\n"), frame(2, "oh\n")]) },
    "GET /exec/e1/json": { json: { Running: false, ExitCode: 3 } },
  });
  const words = ["sh", "-c", "echo $HOME; exit 3"];
  expect(await engine.execute(reference, words)).toEqual({
    kind: "output",
    text: "hello\noh\n",
    isCut: false,
    exitCode: 3,
  });
  expect(requests[1]?.json).toMatchObject({ Cmd: words, AttachStdout: true, AttachStderr: true, Tty: false });
});

describe("nodes", () => {
  const pairs = (indent: string) => [
    ["Role", "primary"],
    ["Strategy", "spread"],
    ["Filters", "health, port"],
    ["Nodes", "2"],
    [" node1", "10.0.0.3:2376"],
    [`${indent}Status`, "Healthy"],
    [`${indent}Containers`, "0 (0 Running, 0 Paused, 0 Stopped)"],
    [" node2", "10.0.0.4:2376"],
    [`${indent}Status`, "Unhealthy"],
    [`${indent}Error`, "Cannot connect to the Docker daemon"],
  ];
  it.each([
    ["1.2.9", { SystemStatus: pairs("  └ ") }],
    ["older ones", { DriverStatus: pairs(" └ ") }],
  ])("of classic Swarm %s are read out of what it tells people", async (_, info) => {
    const { engine } = engineOf({ "GET /info": { json: { Name: "manager", ...info } } });
    expect(await engine.list("node")).toMatchObject({
      objects: [
        { name: "node1", isReady: true, addresses: ["10.0.0.3"], reason: null },
        { name: "node2", isReady: false, addresses: ["10.0.0.4"], reason: "Cannot connect to the Docker daemon" },
      ],
    });
    expect(await engine.checkHealth()).toMatchObject({ isHealthy: false, reasons: { "node2.Ready": "False" } });
  });

  it("of an engine alone are the engine", async () => {
    const info = { Name: "host", SystemStatus: null, DriverStatus: [["Backing Filesystem", "extfs"]] };
    const { engine } = engineOf({ "GET /info": { json: info } });
    expect(await engine.list("node")).toMatchObject({ objects: [{ name: "host", isReady: true }] });
  });
});
