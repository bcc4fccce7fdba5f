import { describe, expect, test } from "vitest";
import { createHeat } from "./heat.ts";
import { findFailures } from "./heat-failures.ts";
import { scriptSession } from "./scripted-session.ts";

/** Heat's form of an error. */
const fault = (status: number, type: string, message: string) => ({
  status,
  json: { code: status, title: "T", explanation: "E", error: { type, message, traceback: null } },
});

function setUp(script: Parameters<typeof scriptSession>[0]) {
  const { http, session } = scriptSession(script);
  return { http, heat: createHeat(session) };
}

const stack = {
  id: "id-1",
  stack_name: "bay-1",
  stack_status: "CREATE_COMPLETE",
  stack_status_reason: "Stack CREATE completed successfully",
  creation_time: "2026-01-01T00:00:00Z",
  updated_time: null,
  tags: ["jeroboam"],
  parent: null,
  parameters: { "OS::stack_id": "id-1", bay_uuid: "u" },
  outputs: [{ output_key: "api_address", output_value: "10.0.0.1", description: "" }],
  capabilities: [],
};
const ref = { name: "bay-1", id: "id-1" };

const wanted = {
  name: "bay-1",
  template: { heat_template_version: "2016-10-14" },
  files: { "kubeminion.yaml": "…" },
  environment: { parameter_defaults: {} },
  parameters: { number_of_minions: 2 },
  tags: ["jeroboam", "bay-u"],
  timeoutMinutes: 60,
  disableRollback: true,
};

describe("creating a stack", () => {
  test("sends all that makes it and returns its id", async () => {
    const { http, heat } = setUp({ "POST /stacks": { status: 201, json: { stack: { id: "id-1", links: [] } } } });
    expect(await heat.createStack(wanted)).toEqual({ kind: "made", id: "id-1" });
    expect(http.requests[0]?.json).toEqual({
      stack_name: "bay-1",
      template: wanted.template,
      files: wanted.files,
      environment: wanted.environment,
      parameters: { number_of_minions: 2 },
      disable_rollback: true,
      tags: "jeroboam,bay-u",
      timeout_mins: 60,
    });
  });

  test("tells apart a name that is taken, a fault in what was asked, a quota and a missing right", async () => {
    const by = async (reply: ReturnType<typeof fault>) => {
      const { heat } = setUp({ "POST /stacks": reply });
      return await heat.createStack(wanted);
    };
    expect(await by(fault(409, "StackExists", "The Stack (bay-1) already exists."))).toEqual({ kind: "exists" });
    const unknown = "Property error: : resources.s.properties.image: : No images matching {'name': 'x'}.";
    expect(await by(fault(400, "StackValidationFailed", unknown))).toEqual({
      kind: "rejected",
      reason: "Property error: resources.s.properties.image: No images matching {'name': 'x'}.",
    });
    const full = fault(400, "RequestLimitExceeded", "You have reached the maximum stacks per tenant, 512.");
    expect(await by(full)).toMatchObject({ kind: "refused", cause: "quota" });
    expect(await by(fault(403, "Forbidden", "You are not authorized"))).toEqual({
      kind: "refused",
      cause: "forbidden",
      reason: "orchestration refused: You are not authorized",
    });
  });
});

describe("finding a stack", () => {
  test("by name goes the way that Heat points to, at the address of the catalog", async () => {
    const location = "http://elsewhere.invalid/v1/p/stacks/bay-1/id-1";
    const { http, heat } = setUp({
      "GET /stacks/bay-1": { status: 302, headers: { location }, text: "found" },
      "GET http://orchestration.test/stacks/bay-1/id-1?resolve_outputs=false": { json: { stack } },
    });
    expect(await heat.findStack("bay-1")).toMatchObject({ kind: "found", value: { id: "id-1", tags: ["jeroboam"] } });
    expect(http.requests.every((request) => request.url.startsWith("http://orchestration.test/"))).toBe(true);
  });

  test("that is not there is missing; a redirect to nowhere is refused", async () => {
    const { heat } = setUp({
      "GET /stacks/none": fault(404, "EntityNotFound", "no"),
      "GET /stacks/odd": { status: 302, headers: { location: "http://h/stacks/%zz/%" } },
    });
    expect(await heat.findStack("none")).toEqual({ kind: "missing" });
    expect(await heat.findStack("odd")).toMatchObject({ kind: "refused" });
  });

  test("that was deleted is missing, though Heat shows it for a while", async () => {
    const deleted = { ...stack, stack_status: "DELETE_COMPLETE" };
    const { heat } = setUp({ "GET /stacks/bay-1/id-1": { json: { stack: deleted } } });
    expect(await heat.getStack(ref)).toEqual({ kind: "missing" });
  });

  test("resolves outputs when they are asked for, and reads its parameters", async () => {
    const { heat } = setUp({ "GET /stacks/bay-1/id-1?resolve_outputs=true": { json: { stack } } });
    expect(await heat.getStack(ref, { outputs: true })).toMatchObject({
      value: {
        parameters: { bay_uuid: "u" },
        outputs: [{ output_key: "api_address", output_value: "10.0.0.1" }],
      },
    });
  });
});

describe("changing a stack", () => {
  test("keeps what is not named by PATCH, replaces by PUT", async () => {
    const { http, heat } = setUp({
      "PATCH /stacks/bay-1/id-1": { status: 202 },
      "PUT /stacks/bay-1/id-1": { status: 202 },
    });
    const parameters = { number_of_minions: 3 };
    const kept = { keepsExisting: true, parameters, clearParameters: ["old"], disableRollback: true };
    expect(await heat.updateStack(ref, kept)).toEqual({ kind: "accepted" });
    expect(http.requests[0]?.json).toEqual({ parameters, clear_parameters: ["old"], disable_rollback: true });
    const { template, files } = wanted;
    await heat.updateStack(ref, { keepsExisting: false, parameters, template: { template, files }, timeoutMinutes: 9 });
    expect(http.requests[1]?.json).toEqual({ parameters, template, files, timeout_mins: 9 });
  });

  test("that is gone, busy or asked wrongly says so", async () => {
    const { http, heat } = setUp({ "PATCH /stacks/bay-1/id-1": fault(404, "EntityNotFound", "no") });
    const change = () => heat.updateStack(ref, { keepsExisting: true, parameters: {} });
    expect(await change()).toEqual({ kind: "missing" });
    const message = "Stack bay-1 already has an action (UPDATE) in progress.";
    http.answer({ "PATCH /stacks/bay-1/id-1": fault(409, "ActionInProgress", message) });
    expect(await change()).toEqual({ kind: "busy", reason: message });
    http.answer({ "PATCH /stacks/bay-1/id-1": fault(400, "UserParameterMissing", "x was not provided") });
    expect(await change()).toEqual({ kind: "rejected", reason: "x was not provided" });
  });
});

test("deleting a stack tells whether it goes, is gone or is busy", async () => {
  const { http, heat } = setUp({ "DELETE /stacks/bay-1/id-1": { status: 204 } });
  expect(await heat.deleteStack(ref)).toEqual({ kind: "deleting" });
  http.answer({ "DELETE /stacks/bay-1/id-1": fault(404, "EntityNotFound", "no") });
  expect(await heat.deleteStack(ref)).toEqual({ kind: "gone" });
  http.answer({ "DELETE /stacks/bay-1/id-1": fault(409, "ActionInProgress", "wait") });
  expect(await heat.deleteStack(ref)).toEqual({ kind: "busy", reason: "wait" });
  http.answer({ "DELETE /stacks/bay-1/id-1": fault(403, "Forbidden", "no") });
  expect(await heat.deleteStack(ref)).toMatchObject({ kind: "refused", cause: "forbidden" });
});

test("stacks are listed in pages, by tags, over all projects when asked", async () => {
  const page = Array.from({ length: 500 }, (_, index) => ({ ...stack, id: `s-${index}` }));
  const { http, heat } = setUp({
    "GET /stacks": ({ url }) => ({ json: { stacks: url.includes("marker=s-499") ? [stack] : page } }),
  });
  const first = await heat.listStacks({ tags: ["jeroboam", "x"], isGlobal: true });
  expect(first).toMatchObject({ kind: "page", nextMarker: "s-499" });
  expect(http.lines()[0]).toBe(
    "GET /stacks?limit=500&sort_keys=creation_time&sort_dir=asc&tags=jeroboam%2Cx&global_tenant=true",
  );
  const second = await heat.listStacks({ tags: ["jeroboam", "x"] }, "s-499");
  expect(second).toMatchObject({ kind: "page", nextMarker: undefined, stacks: [{ id: "id-1" }] });
});

test("events come newest first, and signals reach a resource", async () => {
  const event = {
    id: "e-1",
    event_time: "2026-01-01T00:00:00Z",
    resource_name: "kube_minions",
    resource_status: "CREATE_FAILED",
    resource_status_reason: "x",
    physical_resource_id: null,
  };
  const { http, heat } = setUp({
    "GET /stacks/bay-1/id-1/events": { json: { events: [event] } },
    "POST /stacks/bay-1/id-1/resources/wait/signal": { status: 200 },
  });
  expect(await heat.listEvents(ref, 5)).toMatchObject({ kind: "found", value: [{ id: "e-1" }] });
  expect(http.lines()[0]).toContain("limit=5&sort_dir=desc");
  expect(await heat.signalResource(ref, "wait", { status: "SUCCESS" })).toEqual({ kind: "signalled" });
});

test("the causes of a failure are asked for in one call over all levels", async () => {
  const { http, heat } = setUp({
    "GET /stacks/bay-1/id-1/resources?nested_depth=6&status=FAILED": {
      json: {
        resources: [
          {
            resource_name: "kube_minions",
            resource_type: "OS::Nova::Server",
            resource_status: "CREATE_FAILED",
            resource_status_reason: "Conflict: resources.kube_minions: Port in use",
            physical_resource_id: "server-1",
            links: [{ rel: "stack", href: "http://h/v1/p/stacks/bay-1/id-1" }],
          },
        ],
      },
    },
    "GET /stacks/gone/id-2/resources": fault(404, "EntityNotFound", "no"),
  });
  expect(await findFailures(heat, ref)).toMatchObject({
    kind: "found",
    value: [{ sentence: "server kube_minions: Port in use", physicalId: "server-1" }],
  });
  expect(await findFailures(heat, { name: "gone", id: "id-2" })).toEqual({ kind: "missing" });
  expect(http.requests).toHaveLength(2);
});

test("what Heat cannot do now is thrown, not taken for an answer", async () => {
  const { heat } = setUp({ "POST /stacks": fault(500, "DBError", "gone away") });
  await expect(heat.createStack(wanted)).rejects.toThrow("orchestration answered 500: gone away");
});
