import { describe, expect, it } from "vitest";
import { MARK } from "./container-engine.ts";
import { openEngine } from "./open-engine.ts";
import { scriptEngine } from "./scripted-engine.ts";

const UUID = "11111111-2222-4333-8444-555555555555";
const ID = `/v2/apps/jeroboam-${UUID}`;
const reference = { uuid: UUID, name: "web" };

const engineOf = (script: Parameters<typeof scriptEngine>[0]) => {
  const scripted = scriptEngine(script);
  const bay = {
    coe: "mesos",
    apiAddress: "172.24.4.10",
    masterAddresses: ["172.24.4.11"],
    authority: null,
    client: null,
  } as const;
  return { engine: openEngine(scripted.http, bay), requests: scripted.requests, lines: scripted.lines };
};

const app = (more: object = {}) => ({
  id: `/jeroboam-${UUID}`,
  instances: 1,
  tasksRunning: 0,
  labels: { [MARK]: UUID, "jeroboam-name": "web" },
  container: { type: "DOCKER", docker: { image: "nginx" } },
  ...more,
});
const there = (more: object = {}) => ({ [`GET ${ID}`]: { json: { app: app(more) } } });
const gone = { [`GET ${ID}`]: { status: 404, json: { message: "App does not exist" } } };

it.each([
  [{ instances: 0 }, "Stopped", null],
  [{ tasksRunning: 1, tasks: [{ host: "10.0.0.5" }] }, "Running", null],
  [{ lastTaskFailure: { message: "no such image", state: "TASK_FAILED" } }, "Error", "no such image"],
  [{}, "Unknown", null],
])("an app with %o is %s", async (more, state, reason) => {
  expect(await engineOf(there(more)).engine.find("container", reference)).toMatchObject({
    object: { uuid: UUID, name: "web", image: "nginx", state, reason },
  });
});

it("an app is made stopped, under an id that is the record's, with our mark", async () => {
  const { engine, requests } = engineOf({ "POST /v2/apps": { status: 201, json: {} }, ...there({ instances: 0 }) });
  const wanted = {
    uuid: UUID,
    name: "web",
    image: "nginx",
    command: ["a", "b"],
    memoryBytes: 67_108_865,
    environment: { A: "b" },
  };
  expect(await engine.createContainer(wanted)).toMatchObject({ kind: "written", object: { state: "Stopped" } });
  expect(requests[0]?.json).toEqual({
    id: `/jeroboam-${UUID}`,
    labels: { [MARK]: UUID, "jeroboam-name": "web" },
    container: { type: "DOCKER", docker: { image: "nginx" } },
    args: ["a", "b"],
    mem: 65,
    env: { A: "b" },
    instances: 0,
  });
});

describe("an action", () => {
  it.each([
    ["start", `PUT ${ID}?force=true`, { instances: 1 }],
    ["stop", `PUT ${ID}?force=true`, { instances: 0 }],
    ["reboot", `POST ${ID}/restart?force=true`, undefined],
  ] as const)("%s is a deployment", async (action, line, json) => {
    const { engine, requests, lines } = engineOf({ ...there(), [line]: { json: { deploymentId: "d" } } });
    expect(await engine.act(action, reference)).toEqual({ kind: "done" });
    expect(lines()[1]).toBe(line);
    expect(requests[1]?.json).toEqual(json);
  });

  it("on what is gone makes nothing anew", async () => {
    const { engine, lines } = engineOf(gone);
    expect(await engine.act("start", reference)).toEqual({ kind: "missing" });
    expect(lines()).toEqual([`GET ${ID}`]);
  });

  it("that Mesos has not is said by name", async () => {
    const { engine } = engineOf({});
    expect(await engine.act("pause", reference)).toEqual({
      kind: "unsupported",
      coe: "mesos",
      action: "pause a container",
    });
    expect(await engine.execute(reference, ["ls"])).toMatchObject({ kind: "unsupported" });
    expect(await engine.readLogs(reference)).toMatchObject({ kind: "unsupported" });
    expect(await engine.list("pod")).toMatchObject({ kind: "unsupported", action: "run pods" });
  });
});

it("removing goes on until the app is gone, and touches no other", async () => {
  const { engine } = engineOf({ ...there(), [`DELETE ${ID}?force=true`]: { json: {} } });
  expect(await engine.remove("container", reference, { isForced: false })).toEqual({ kind: "removing" });
  expect(await engineOf(gone).engine.remove("container", reference, { isForced: false })).toEqual({ kind: "removed" });
  const foreign = engineOf(there({ labels: {} }));
  expect(await foreign.engine.remove("container", reference, { isForced: false })).toEqual({ kind: "removed" });
  expect(foreign.requests).toHaveLength(1);
});

describe("nodes", () => {
  const slaves = [
    { id: "s1", hostname: "172.24.4.12", pid: "slave(1)@10.0.0.5:5051", active: true },
    { id: "s2", hostname: "172.24.4.13", pid: "slave(1)@10.0.0.6:5051", active: false },
  ];

  it("come from the master that leads; where a follower points is not gone to", async () => {
    const follower = { status: 307, headers: { location: "//169.254.169.254:5050/slaves" } };
    const { engine, lines } = engineOf({ "GET /slaves": [follower, { json: { slaves } }] });
    expect(await engine.list("node")).toMatchObject({
      objects: [
        { name: "172.24.4.12", isReady: true, addresses: ["10.0.0.5"] },
        { name: "172.24.4.13", isReady: false },
      ],
    });
    expect(lines()).toEqual(["GET /slaves", "GET /slaves"]);
  });

  it("cannot be had while no master leads", async () => {
    const { engine } = engineOf({
      "GET /slaves": { status: 503, text: "No leader elected" },
      "GET /ping": { text: "pong" },
    });
    expect(await engine.list("node")).toMatchObject({ kind: "unreachable", cause: "broken" });
    expect(await engine.checkHealth()).toMatchObject({ kind: "unreachable" });
  });
});
