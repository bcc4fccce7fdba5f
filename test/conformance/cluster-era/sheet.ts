/**
 * Cases of the cluster sheet as tables: a request to a small world that is always the same, and what must come back. What
 * is refused must come in the envelope and must have written nothing; what is routed nowhere needs no envelope's details.
 *
 * The world: of project a the template `prod` (labels kube_tag, team) and the cluster `blue` made from it, complete; of
 * project b the private template `theirs` and the cluster `red`; of the administrators' the public template `shared` and
 * the hidden one `old`.
 */
import type { JsonObject } from "@jeroboam/core/json";
import { describe, expect, test } from "vitest";
import type { Call, Harness } from "../api-harness.ts";
import { CLUSTER_TEMPLATE, createHarness, expectRefusal, textIn } from "../api-harness.ts";

export interface World {
  readonly api: Harness;
  readonly blue: string;
  readonly red: string;
  readonly prod: string;
}

export interface SheetCase {
  readonly of: string;
  readonly method?: string;
  readonly path: string;
  readonly as?: Call["as"];
  /** A version, or a whole header. */
  readonly version?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Call["body"];
  readonly text?: string;
  readonly status: number;
  /** In a refusal's text. */
  readonly says?: string;
  /** In the reply's body. */
  readonly shows?: JsonObject;
  /** Shown after it at this path. */
  readonly after?: { readonly path: string; readonly shows: JsonObject; readonly version?: string };
}

export async function createWorld(): Promise<World> {
  const api = createHarness();
  const template = async (name: string, changes: JsonObject, as: NonNullable<Call["as"]>): Promise<string> => {
    const body = { ...CLUSTER_TEMPLATE, name, ...changes };
    const made = await api.call("POST", "/v1/clustertemplates", { as, body });
    expect(made.status).toBe(201);
    return textIn(made.body, "uuid");
  };
  const cluster = async (name: string, of: string, as: NonNullable<Call["as"]>): Promise<string> => {
    const made = await api.call("POST", "/v1/clusters", {
      as,
      body: { name, cluster_template_id: of, keypair: "ops" },
    });
    expect(made.status).toBe(202);
    return textIn(made.body, "uuid");
  };
  const prod = await template("prod", { labels: { kube_tag: "v1", team: "a" } }, "memberA");
  await template("theirs", {}, "memberB");
  await template("shared", { public: true }, "admin");
  await template("old", { public: true, hidden: true }, "admin");
  const blue = await cluster("blue", "prod", "memberA");
  const red = await cluster("red", "theirs", "memberB");
  await api.settle(blue, { status: "CREATE_COMPLETE" });
  return { api, blue, red, prod };
}

const ROUTED = new Set([405, 406]);

export function sheet(section: string, cases: readonly SheetCase[]): void {
  describe(`cluster sheet ${section}`, () => {
    test.each(cases.map((one) => [nameOf(one), one] as const))("%s", async (_name, one) => {
      const { api } = await createWorld();
      const { method = "GET", path, status, says = "", shows, after } = one;
      const call = callOf(one);
      if (status >= 400 && !ROUTED.has(status)) return await expectRefusal(api, status, says, method, path, call);
      const answer = await api.call(method, path, call);
      expect({ status: answer.status, body: answer.body }).toMatchObject({ status, body: shows ?? {} });
      expect(JSON.stringify(answer.body)).toContain(says);
      const seen = after && (await api.call("GET", after.path, callOf({ ...after, ...(one.as && { as: one.as }) })));
      expect(seen?.body ?? {}).toMatchObject(after?.shows ?? {});
    });
  });
}

function nameOf({ of, method = "GET", path, version, status }: SheetCase): string {
  return `${of}: ${method} ${path}${version === undefined ? "" : ` at ${version}`} is ${status}`;
}

function callOf({ as, version, headers, body, text }: Partial<SheetCase>): Call {
  const header = version === undefined ? undefined : version.includes(" ") ? version : `container-infra ${version}`;
  return {
    ...(as && { as }),
    headers: { ...headers, ...(header !== undefined && { "openstack-api-version": header }) },
    ...(body !== undefined && { body }),
    ...(text !== undefined && { text }),
  };
}
