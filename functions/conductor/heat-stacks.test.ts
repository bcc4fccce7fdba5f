import { createHeat } from "@jeroboam/core/openstack/heat";
import { scriptSession } from "@jeroboam/core/openstack/scripted-session";
import { describe, expect, test } from "vitest";
import { createStacks } from "./heat-stacks.ts";

const BARE = "/stacks/bay-1/id-1?resolve_outputs=false";
const WITH_OUTPUTS = "/stacks/bay-1/id-1?resolve_outputs=true";
const outputs = [{ output_key: "api_address", output_value: "10.0.0.1" }];

const reply = (status: string, more: object = {}) => ({
  json: { stack: { id: "id-1", stack_name: "bay-1", stack_status: status, ...more } },
});

function setUp(script: Parameters<typeof scriptSession>[0]) {
  const { http, session } = scriptSession(script);
  return { http, stacks: createStacks(createHeat(session)) };
}

describe("a look at a stack", () => {
  const known = { name: "bay-1", id: "id-1" };

  test("at work is one request, which costs Heat no outputs", async () => {
    const { http, stacks } = setUp({ [`GET ${BARE}`]: reply("UPDATE_IN_PROGRESS") });
    expect(await stacks.find(known)).toMatchObject({ progress: "IN_PROGRESS", outputs: {} });
    expect(http.lines()).toEqual([`GET ${BARE}`]);
  });

  test("at work has its outputs where they are asked for", async () => {
    const { http, stacks } = setUp({ [`GET ${WITH_OUTPUTS}`]: reply("UPDATE_IN_PROGRESS", { outputs }) });
    expect(await stacks.find(known, { outputsAtWork: true })).toMatchObject({ outputs: { api_address: "10.0.0.1" } });
    expect(http.lines()).toEqual([`GET ${WITH_OUTPUTS}`]);
  });

  test.each(["CREATE_COMPLETE", "UPDATE_FAILED"])("that is %s brings its outputs", async (status) => {
    const { http, stacks } = setUp({
      [`GET ${BARE}`]: reply(status),
      [`GET ${WITH_OUTPUTS}`]: reply(status, { outputs }),
    });
    expect(await stacks.find(known)).toMatchObject({ outputs: { api_address: "10.0.0.1" } });
    expect(http.lines()).toEqual([`GET ${BARE}`, `GET ${WITH_OUTPUTS}`]);
  });

  test("whose id is not known goes by its name", async () => {
    const headers = { location: "http://orchestration.test/v1/p/stacks/bay-1/id-1" };
    const { stacks } = setUp({
      "GET /stacks/bay-1": { status: 302, headers },
      [`GET ${BARE}`]: reply("CREATE_IN_PROGRESS"),
    });
    expect(await stacks.find({ name: "bay-1", id: null })).toMatchObject({ id: "id-1", progress: "IN_PROGRESS" });
  });

  test("that is gone finds none", async () => {
    const { stacks } = setUp({ "GET /stacks/bay-1/id-1": { status: 404, json: {} } });
    expect(await stacks.find(known)).toBeUndefined();
  });
});
