import { beforeEach, expect, test } from "vitest";
import type { TestBay } from "../test-bay.ts";
import { createTestBay } from "../test-bay.ts";

let bay: TestBay;

beforeEach(async () => {
  bay = await createTestBay(["SWARM_PORT='2376'", "SWARM_IMAGE='swarm:1.2.9'", "TLS_DISABLED='False'"], 2376);
  await bay.ask("POST", "/images/create?fromImage=busybox&tag=1.35");
});

const create = async (name: string, words: string[]): Promise<string> =>
  (await bay.ask("POST", `/containers/create?name=${name}`, { body: { Image: "busybox:1.35", Cmd: words } })).body.Id;
const statusOf = async (id: string): Promise<string> =>
  (await bay.ask("GET", `/containers/${id}/json`)).body.State.Status;

test("a container's state follows from its program and the clock: it stands still while it is paused", async () => {
  const id = await create("one", ["sh", "-c", "echo begins; sleep 10; echo ends >&2; exit 3"]);
  expect(await statusOf(id)).toBe("created");
  expect((await bay.ask("POST", `/containers/${id}/start`)).status).toBe(204);
  expect((await bay.ask("POST", `/containers/${id}/start`)).status).toBe(304);
  bay.pass(4_000);
  expect((await bay.ask("POST", `/containers/${id}/pause`)).status).toBe(204);
  bay.pass(60_000);
  expect(await statusOf(id)).toBe("paused");
  expect((await bay.ask("POST", `/containers/${id}/unpause`)).status).toBe(204);
  bay.pass(5_000);
  expect(await statusOf(id)).toBe("running");
  bay.pass(1_000);
  const { State: state } = (await bay.ask("GET", `/containers/${id}/json`)).body;
  expect(state).toMatchObject({ Status: "exited", ExitCode: 3 });
  const logs = await bay.ask("GET", `/containers/${id}/logs?stdout=1&stderr=1`);
  expect(logs.text).toContain("begins\n");
  expect(logs.text).toContain("ends\n");
});

test("Swarm names the node of each container, spreads them, and answers refusals in plain text", async () => {
  for (const name of ["a1", "b1", "c1"]) await create(name, ["sleep", "100"]);
  const listed = (await bay.ask("GET", "/containers/json?all=1")).body as { Names: string[] }[];
  expect(new Set(listed.map(({ Names: [name = ""] }) => name.split("/")[1])).size).toBe(3);
  const again = await bay.ask("POST", "/containers/create?name=a1", { body: { Image: "busybox:1.35" } });
  expect(again.status).toBe(409);
  expect(again.text).toMatch(/^Conflict: The name a1 is already assigned/);
  expect((await bay.ask("GET", "/containers/nope/json")).text).toBe("No such container nope\n");
  const info = (await bay.ask("GET", "/info")).body;
  expect(info.SystemStatus).toContainEqual(["Nodes", "3"]);
});

test("an image that nobody fetched is missing; one of a registry that cannot be is not fetched", async () => {
  const made = await bay.ask("POST", "/containers/create", { body: { Image: "other:1" } });
  expect(made.status).toBe(404);
  const pulled = await bay.ask("POST", "/images/create?fromImage=registry.invalid/other&tag=1");
  expect(pulled.status).toBe(500);
});

test("swarm mode keeps as many tasks as a service wants, and refuses an update of an old version", async () => {
  const swarm = await createTestBay(["SWARM_PORT='2376'", "TLS_DISABLED='False'"], 2376);
  const spec = (replicas: number) => ({
    Name: "web",
    TaskTemplate: { ContainerSpec: { Image: "busybox:1.35", Args: ["echo", "hello"] } },
    Mode: { Replicated: { Replicas: replicas } },
  });
  const { ID: id } = (await swarm.ask("POST", "/services/create", { body: spec(2) })).body;
  swarm.pass(1_000);
  const tasks = (await swarm.ask("GET", "/tasks")).body as { Status: { State: string } }[];
  expect(tasks.map(({ Status: { State: state } }) => state)).toEqual(["complete", "complete"]);
  const { Version: version } = (await swarm.ask("GET", `/services/${id}`)).body;
  const update = (index: number) => swarm.ask("POST", `/services/${id}/update?version=${index}`, { body: spec(0) });
  expect((await update(version.Index)).status).toBe(200);
  expect((await update(version.Index)).text).toContain("update out of sequence");
  expect((await swarm.ask("GET", `/services/${id}/logs?stdout=1`)).text).toContain("hello\n");
  expect((await swarm.ask("DELETE", `/services/${id}`)).status).toBe(200);
});
