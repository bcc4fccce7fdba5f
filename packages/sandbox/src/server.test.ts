import { expect, test } from "vitest";
import { serveSandbox } from "./server.ts";
import type { ServedSandbox } from "./server.ts";

async function withServer(run: (served: ServedSandbox) => Promise<void>): Promise<void> {
  const served = await serveSandbox({ port: 0 });
  try {
    await run(served);
  } finally {
    await served.close();
  }
}

const auth = {
  identity: {
    methods: ["password"],
    password: { user: { name: "demo", password: "secret", domain: { id: "default" } } },
  },
  scope: { project: { name: "demo", domain: { id: "default" } } },
};

const login = (url: string) => fetch(`${url}/v3/auth/tokens`, { method: "POST", body: JSON.stringify({ auth }) });

test("the catalog leads to services that answer there", () =>
  withServer(async ({ url }) => {
    const answer = await login(url);
    const token = answer.headers.get("X-Subject-Token") ?? "";
    const { token: body } = (await answer.json()) as {
      token: { catalog: { type: string; endpoints: { url: string }[] }[] };
    };
    const paths: Record<string, string> = {
      orchestration: "/stacks",
      compute: "/servers",
      network: "/v2.0/networks",
      image: "/v2/images",
      identity: "/auth/projects",
    };
    for (const [type, path] of Object.entries(paths)) {
      const endpoint = body.catalog.find((one) => one.type === type)?.endpoints[0]?.url ?? "";
      const found = await fetch(endpoint + path, { headers: { "X-Auth-Token": token } });
      expect([type, found.status]).toEqual([type, 200]);
    }
  }));

test("a delay is waited, a cut connection is cut, and a lost reply has had its effect", () =>
  withServer(async ({ url, sandbox }) => {
    sandbox.knobs.add({ kind: "request", service: "keystone", effect: "delay", delayMs: 60, times: 1 });
    const startMs = performance.now();
    const first = await login(url);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(55);
    const token = first.headers.get("X-Subject-Token") ?? "";
    const { token: body } = (await first.json()) as { token: { project: { id: string } } };
    const stacks = `${url}/orchestration/v1/${body.project.id}/stacks`;
    const create = (name: string) =>
      fetch(stacks, {
        method: "POST",
        headers: { "X-Auth-Token": token },
        body: JSON.stringify({ stack_name: name, template: "heat_template_version: 2018-08-31\nresources: {}\n" }),
      });
    sandbox.knobs.add({ kind: "request", service: "heat", method: "POST", effect: "cut", times: 1 });
    await expect(create("cut")).rejects.toThrow("fetch failed");
    sandbox.knobs.add({
      kind: "request",
      service: "heat",
      method: "POST",
      path: "*/stacks",
      effect: "lose-reply",
      times: 1,
    });
    await expect(create("lost")).rejects.toThrow("fetch failed");
    expect(sandbox.inventory().stacks.map((one) => one.name)).toEqual(["lost"]);
    expect((await create("kept")).status).toBe(201);
  }));

test("the knobs are turned and read over HTTP", () =>
  withServer(async ({ url }) => {
    const send = async (method: string, path: string, body?: unknown) => {
      const answer = await fetch(`${url}/sandbox${path}`, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return { status: answer.status, body: text === "" ? undefined : (JSON.parse(text) as unknown) };
    };
    expect((await send("PATCH", "/settings", { bootMs: 5 })).body).toMatchObject({ bootMs: 5, signals: "auto" });
    expect((await send("PATCH", "/settings", { bootMs: -5 })).status).toBe(400);
    expect((await send("PATCH", "/settings", { bootsMs: 5 })).status).toBe(400);
    const rule = (
      await send("POST", "/rules", { kind: "request", service: "heat", effect: "status", status: 503, times: 2 })
    ).body as { id: string };
    expect((await send("POST", "/rules", { kind: "request", effect: "explode" })).status).toBe(400);
    expect(await fetch(`${url}/orchestration/v1/x/stacks`)).toMatchObject({ status: 503 });
    expect((await send("GET", "/rules")).body).toMatchObject([{ id: rule.id, times: 1 }]);
    expect((await send("DELETE", `/rules/${rule.id}`)).status).toBe(204);
    expect((await send("DELETE", `/rules/${rule.id}`)).status).toBe(404);
    const token = (await login(url)).headers.get("X-Subject-Token") ?? "";
    expect((await fetch(`${url}/v3/auth/projects`, { headers: { "X-Auth-Token": token } })).status).toBe(200);
    expect((await send("POST", "/tokens/expire")).status).toBe(204);
    expect((await fetch(`${url}/v3/auth/projects`, { headers: { "X-Auth-Token": token } })).status).toBe(401);
    expect((await send("GET", "/inventory")).body).toMatchObject({ stacks: [], trusts: [] });
    expect((await send("GET", "/counts")).body).toMatchObject({
      "keystone GET /v3/auth/projects": 2,
      "heat GET (503)": 1,
    });
    expect((await send("POST", "/reset")).status).toBe(204);
    expect((await send("GET", "/settings")).body).toMatchObject({ bootMs: 2_000 });
  }));

test("a body that is too large is refused before it is read to its end", () =>
  withServer(async ({ url }) => {
    const answer = await fetch(`${url}/v3/auth/tokens`, {
      method: "POST",
      body: new Uint8Array(9 * 1024 * 1024),
    }).catch(() => undefined);
    expect(answer?.status ?? 413).toBe(413);
  }));
