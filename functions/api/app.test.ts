import type { Json } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import { describe, expect, test } from "vitest";
import { createApp } from "./app.ts";
import { defineRoute } from "./route.ts";
import type { Route } from "./route.ts";
import { createFakePorts, TOKENS } from "./testing/fake-ports.ts";
import { describeBody } from "./wire/reader.ts";
import { z } from "zod";

/** Routes of a resource that only echoes, to see what the wrapper does. */
const routes: readonly Route[] = [
  defineRoute({
    method: "POST",
    path: "/v1/bays",
    rule: "bay:create",
    body: describeBody({ kind: "object", schema: z.object({}) }, (given) => given),
    answers: {},
    run: (_request, { body }) => Promise.resolve({ status: 201, body: { got: body ?? null } }),
  }),
  defineRoute({
    method: "GET",
    path: "/v1/bays/:ident",
    rule: "bay:get",
    answers: {},
    run: ({ ident, minor, base }) => Promise.resolve({ status: 200, body: { ident, minor, base } }),
  }),
  defineRoute({
    method: "DELETE",
    path: "/v1/bays/:ident",
    rule: "nobody:may",
    answers: {},
    run: () => Promise.resolve({ status: 204 }),
  }),
  defineRoute({
    method: "PATCH",
    path: "/v1/bays/:ident",
    rule: "bay:update",
    answers: {},
    run: () => Promise.reject(new Error("secret detail of a bug")),
  }),
];

const ports = createFakePorts();
const collections = { bays: () => Promise.resolve(routes) };
const app = createApp(ports, collections);

interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends a request as a member of project a. */
function call(path: string, { method = "GET", headers = {}, body }: Call = {}): Promise<Response> {
  const all = { "x-auth-token": TOKENS.memberA, "content-type": "application/json", ...headers };
  return Promise.resolve(app.request(path, { method, headers: all, ...(body !== undefined && { body }) }));
}

async function bodyOf(response: Response): Promise<Record<string, Json>> {
  return (await response.json()) as Record<string, Json>;
}

describe("public documents", () => {
  test("GET / needs no token, carries no version headers, and is read by both generations", async () => {
    const response = await app.request("http://magnum.test:9511/");
    expect(response.status).toBe(200);
    expect(response.headers.get("openstack-api-version")).toBeNull();
    expect(response.headers.get("vary")).toBeNull();
    const body = await bodyOf(response);
    expect(Object.keys(body)).toEqual(["name", "description", "versions", "default_version"]);
    expect(body["versions"]).toEqual([
      {
        id: "v1",
        links: [{ href: "http://magnum.test:9511/v1/", rel: "self" }],
        status: "CURRENT",
        max_version: "1.14",
        min_version: "1.1",
      },
    ]);
  });

  test.each(["/v1", "/v1/", "/v1.json"])("GET %s needs no token and names what is served", async (path) => {
    const response = await app.request(path);
    expect(response.status).toBe(200);
    expect(response.headers.get("openstack-api-version")).toBe("container-infrastructure-management 1.1");
    const body = await bodyOf(response);
    expect(Object.keys(body)).toEqual(["id", "media_types", "links", "bays"]);
    expect(body["bays"]).toEqual([
      { href: "http://localhost/v1/bays/", rel: "self" },
      { href: "http://localhost/bays/", rel: "bookmark" },
    ]);
  });

  test.each(["/healthcheck", "/healthcheck/", "/healthcheck.json"])("GET %s answers OK in plain text", async (path) => {
    const response = await app.request(path);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("OK");
  });
});

describe("authentication", () => {
  test.each([
    ["none", {}],
    ["unknown", { "x-auth-token": "nonsense" }],
    ["huge", { "x-auth-token": "x".repeat(limits.api.tokenBytes + 1) }],
  ])("a request with a token that is %s gets keystonemiddleware's 401", async (_what, headers) => {
    for (const path of ["/v1/bays/x", "/v2", "/v1/nothing"]) {
      const response = await app.request(path, { headers });
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe('Keystone uri="http://keystone.test/v3"');
      expect(await bodyOf(response)).toEqual({
        error: { code: 401, title: "Unauthorized", message: "The request you have made requires authentication." },
      });
    }
  });

  test("while Keystone is away: 503 with a time to come back", async () => {
    const response = await app.request("/v1/bays/x", { headers: { "x-auth-token": TOKENS.unavailable } });
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("3");
    expect(Object.keys(await bodyOf(response))[0]).toBe("fault");
  });

  test("a token for no project is refused", async () => {
    const response = await app.request("/v1/bays/x", { headers: { "x-auth-token": TOKENS.unscoped } });
    expect(response.status).toBe(403);
  });

  test("what policy does not define is denied, by the rule's name", async () => {
    const response = await call("/v1/bays/x", { method: "DELETE" });
    expect(response.status).toBe(403);
    expect(JSON.stringify(await bodyOf(response))).toContain("nobody:may");
  });
});

describe("paths", () => {
  test.each([
    ["/v1/bays/x", "x"],
    ["/v1/bays/x/", "x"],
    ["/bays/x", "x"],
    ["/v1/bays/x.json", "x"],
    ["/v1/bays/a.b", "a.b"],
    ["/v1/bays/%C3%BC%20y", "ü y"],
    ["/v1/bays/a%2Fb", "a/b"],
    ["/v1/bays/%", "%"],
  ])("%s names the item %s", async (path, ident) => {
    const response = await call(path);
    expect(response.status).toBe(200);
    expect(await bodyOf(response)).toMatchObject({ ident });
  });

  test.each(["/v2", "/v1/nothing", "/v1/bays/x/y", "/v1/clusters.json", "/v1//bays"])(
    "%s is 404 in the envelope, without version headers",
    async (path) => {
      const response = await call(path);
      expect(response.status).toBe(404);
      expect(response.headers.get("openstack-api-version")).toBeNull();
      const body = await bodyOf(response);
      expect(body["errors"]).toMatchObject([{ code: "", status: 404, title: "Not Found", detail: "", links: [] }]);
    },
  );

  test.each([
    ["PUT", "/v1/bays/x", "DELETE, GET, PATCH"],
    ["OPTIONS", "/v1/bays/x", "DELETE, GET, PATCH"],
    ["HEAD", "/v1/bays/x", "DELETE, GET, PATCH"],
    ["POST", "/v1/bays/x", "DELETE, GET, PATCH"],
    ["PUT", "/v1/bays", "POST"],
  ])("%s %s is 405 with Allow: %s", async (method, path, allow) => {
    const response = await call(path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe(allow);
    expect((await response.text()) === "").toBe(method === "HEAD");
  });

  test.each(["DELETE", "PATCH"])("%s of a collection is 400: the item's name is missing", async (method) => {
    const response = await call("/v1/bays", { method });
    expect(response.status).toBe(400);
    expect(JSON.stringify(await bodyOf(response))).toContain("Missing argument");
  });
});

describe("versions", () => {
  test.each([
    [{}, 1],
    [{ "openstack-api-version": "container-infra 1.9" }, 9],
    [{ "openstack-api-version": "container-infrastructure 1.10" }, 10],
    [{ "openstack-api-version": "container-infrastructure-management 1.14" }, 14],
    [{ "openstack-api-version": "whatever LATEST" }, 14],
    [{ "x-openstack-magnum-api-version": "latest" }, 14],
    [{ "x-openstack-magnum-api-version": "1.1" }, 1],
    [{ "openstack-api-version": "container-infra 1.3", "x-openstack-magnum-api-version": "1.7" }, 3],
  ])("%j puts 1.%d in force", async (headers, minor) => {
    const response = await call("/v1/bays/x", { headers });
    expect(response.status).toBe(200);
    expect(await bodyOf(response)).toMatchObject({ minor });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "openstack-api-version": `container-infrastructure-management 1.${minor}`,
      "openstack-api-minimum-version": "container-infrastructure-management 1.1",
      "openstack-api-maximum-version": "container-infrastructure-management 1.14",
      "x-openstack-magnum-api-version": `1.${minor}`,
      "x-openstack-magnum-api-minimum-version": "1.1",
      "x-openstack-magnum-api-maximum-version": "1.14",
    });
    expect(response.headers.get("vary")).toContain("OpenStack-API-Version");
  });

  test.each([
    "compute 1.5",
    "container-infra",
    "",
    "container-infra 1",
    "container-infra abc",
    "a b c",
    "x 1.1, y 1.2",
  ])("OpenStack-API-Version: %j is 406 without version headers", async (header) => {
    const response = await call("/v1/bays/x", { headers: { "openstack-api-version": header } });
    expect(response.status).toBe(406);
    expect(response.headers.get("openstack-api-version")).toBeNull();
    expect((await bodyOf(response))["errors"]).toMatchObject([{ code: "", status: 406, title: "Not Acceptable" }]);
  });

  test.each([
    [{ "openstack-api-version": "container-infra 1.0" }, "1.0"],
    [{ "openstack-api-version": "container-infra 0.9" }, "0.9"],
    [{ "openstack-api-version": "container-infra 1.15" }, "1.15"],
    [{ "openstack-api-version": "container-infra 2.0" }, "2.0"],
    [{ "x-openstack-magnum-api-version": "1.15" }, "1.15"],
  ])("%j is 406 with the range, echoing what was asked", async (headers, asked) => {
    const response = await call("/v1/bays/x", { headers: { accept: "application/json", ...headers } });
    expect(response.status).toBe(406);
    expect(response.headers.get("openstack-api-version")).toBe(`container-infrastructure-management ${asked}`);
    const body = await bodyOf(response);
    expect(Object.keys(body)).toEqual(["fault", "error_message", "errors"]);
    expect(body["errors"]).toEqual([
      {
        code: "magnum.microversion-unsupported",
        title: "Requested microversion is unsupported",
        description: expect.stringContaining(asked) as string,
        max_version: "1.14",
        min_version: "1.1",
        links: [{ rel: "help", href: "http://docs.openstack.org/api-guide/compute/microversions.html" }],
      },
    ]);
  });
});

describe("content", () => {
  test.each(["*/*", "application/json", "", "text/html, */*;q=0.1", "application/*"])(
    "Accept: %j is served",
    async (accept) => {
      expect((await call("/v1/bays/x", { headers: { accept } })).status).toBe(200);
    },
  );

  test.each(["text/html", "text/plain", "application/xml", "application/json;q=0"])(
    "Accept: %s is 406",
    async (accept) => {
      expect((await call("/v1/bays/x", { headers: { accept } })).status).toBe(406);
    },
  );

  test.each(["application/json", "application/json; charset=utf-8"])("a body of %s is read", async (type) => {
    const response = await call("/v1/bays", { method: "POST", body: '{"a":["ü"]}', headers: { "content-type": type } });
    expect(await bodyOf(response)).toEqual({ got: { a: ["ü"] } });
  });

  test.each([
    ["of another type", "a=b", "application/x-www-form-urlencoded"],
    ["that is cut short", '{"a":', "application/json"],
    ["nested too deep", "[".repeat(21) + "]".repeat(21), "application/json"],
    ["nested far too deep", "[".repeat(500_000), "application/json"],
  ])("a body %s is 400", async (_what, body, type) => {
    const response = await call("/v1/bays", { method: "POST", body, headers: { "content-type": type } });
    expect(response.status).toBe(400);
  });

  test("brackets within strings are no nesting", async () => {
    const body = JSON.stringify({ text: `${"[".repeat(100)}\\"${"{".repeat(100)}` });
    expect((await call("/v1/bays", { method: "POST", body })).status).toBe(201);
  });

  test("a body larger than the limit is 413, whether or not its length is told", async () => {
    const large = new Uint8Array(limits.api.bodyBytes + 1).fill(32);
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(large);
        controller.close();
      },
    });
    for (const body of [large, stream]) {
      const headers = { "x-auth-token": TOKENS.memberA, "content-type": "application/json" };
      const init = { method: "POST", body, headers, duplex: "half" as const };
      const response = await app.request("/v1/bays", init);
      expect(response.status).toBe(413);
      expect(Object.keys(await bodyOf(response))[0]).toBe("fault");
    }
  });

  test("an unknown query argument is 400 and named", async () => {
    const response = await call("/v1/bays/x?colour=blue");
    expect(response.status).toBe(400);
    expect(JSON.stringify(await bodyOf(response))).toContain("colour");
  });
});

describe("every reply", () => {
  const REQUEST_ID = /^req-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

  test.each(["/", "/v1", "/healthcheck", "/v1/bays/x", "/v2", "/v1/bays/x?a=b"])(
    "%s carries an id and the security headers",
    async (path) => {
      const response = await call(path);
      expect(response.headers.get("x-openstack-request-id")).toMatch(REQUEST_ID);
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(response.headers.get("cache-control")).toBe("no-store");
    },
  );

  test("a refusal is read in full by every client: fault first, JSON in a string, and a list", async () => {
    const body = await bodyOf(await call("/v1/bays", { method: "POST", body: "{" }));
    expect(Object.keys(body)).toEqual(["fault", "error_message", "errors"]);
    const text = (body["fault"] as { message: string }).message;
    expect(JSON.parse(body["error_message"] as string)).toEqual({
      debuginfo: null,
      faultcode: "Client",
      faultstring: text,
    });
    const [entry] = body["errors"] as Record<string, Json>[];
    expect(Object.keys(entry!)).toEqual(["request_id", "code", "status", "title", "detail", "links"]);
    expect(entry).toMatchObject({ code: "client", status: 400, title: text.split(".")[0], detail: text, links: [] });
  });

  test("a bug is 500 whose text tells nothing but the request's id; the log has the rest", async () => {
    const response = await call("/v1/bays/x", { method: "PATCH" });
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(text).not.toContain("secret detail");
    const requestId = response.headers.get("x-openstack-request-id");
    expect(text).toContain(requestId);
    expect(ports.log.lines.find((line) => line.event === "request-crashed")?.facts).toMatchObject({
      requestId,
      reason: "secret detail of a bug",
    });
  });

  test("the log has one line a request, with the caller's global id, without token or query", async () => {
    ports.log.lines.length = 0;
    const globalId = "req-00000000-0000-4000-8000-000000000001";
    await call("/v1/bays/x?password=hunter2", { headers: { "x-openstack-request-id": globalId } });
    await call("/v1/bays/x", { headers: { "x-openstack-request-id": `${globalId}; forged` } });
    const lines = ports.log.lines.filter((line) => line.event === "request");
    expect(lines).toHaveLength(2);
    expect(lines[0]?.facts).toMatchObject({
      method: "GET",
      path: "/v1/bays/x",
      status: 400,
      projectId: "a",
      globalRequestId: globalId,
    });
    expect(lines[1]?.facts).not.toHaveProperty("globalRequestId");
    const written = JSON.stringify(ports.log.lines);
    expect(written).not.toContain("hunter2");
    expect(written).not.toContain(TOKENS.memberA);
    expect(written).not.toContain("forged");
  });
});

describe("links begin", () => {
  const headers = { "x-forwarded-proto": "https", "x-forwarded-host": "api.test", "x-forwarded-prefix": "/magnum" };
  const baseOf = async (links: Parameters<typeof createFakePorts>[0], extra: Record<string, string>): Promise<Json> => {
    const linked = createApp(createFakePorts(links), collections);
    const response = await linked.request("http://inside:9511/v1/bays/x", {
      headers: { "x-auth-token": TOKENS.memberA, ...extra },
    });
    return (await bodyOf(response))["base"] ?? null;
  };

  test("where the caller reached us", async () => {
    expect(await baseOf({ links: { kind: "request", trustForwarded: false } }, headers)).toBe("http://inside:9511");
  });

  test("where the proxy was reached, when proxies are trusted and say sensible things", async () => {
    const links = { kind: "request", trustForwarded: true } as const;
    expect(await baseOf({ links }, headers)).toBe("https://api.test/magnum");
    const hostile = {
      "x-forwarded-host": 'x"><script>',
      "x-forwarded-proto": "javascript",
      "x-forwarded-prefix": "//evil",
    };
    expect(await baseOf({ links }, hostile)).toBe("http://inside:9511");
  });

  test("where configuration says, whatever the headers say", async () => {
    const links = { kind: "fixed", base: "https://magnum.example/container/" } as const;
    expect(await baseOf({ links }, headers)).toBe("https://magnum.example/container");
  });
});

test("what could not be loaded, and a description without it, are there as soon as it can be", async () => {
  let isBroken = true;
  const bays = (): Promise<readonly Route[]> =>
    isBroken ? Promise.reject(new Error("no more files may be open")) : Promise.resolve(routes);
  const app = createApp(createFakePorts(), { bays });
  const statuses = (): Promise<readonly number[]> =>
    Promise.all(
      ["/v1/bays/x", "/v1/openapi.json"].map(async (path) => {
        const headers = { "x-auth-token": TOKENS.memberA };
        return (await app.request(`http://magnum.test:9511${path}`, { headers })).status;
      }),
    );
  expect(await statuses()).toEqual([500, 500]);
  isBroken = false;
  expect(await statuses()).toEqual([200, 200]);
});
