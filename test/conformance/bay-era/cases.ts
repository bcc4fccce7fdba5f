/**
 * Cases of the bay-era sheet as tables: one request each, and what must come back. Reads and refusals share a world, and
 * a refusal must come in the envelope and have written nothing; what changes something has a world of its own.
 */
import type { Json, JsonObject } from "@jeroboam/core/json";
import { beforeAll, describe, expect, test } from "vitest";
import type { Answer, Call } from "../api-harness.ts";
import { expectRefusal } from "../api-harness.ts";
import type { World } from "./world.ts";
import { createWorld, filled } from "./world.ts";

export interface Case extends Pick<Call, "as" | "headers" | "text"> {
  readonly name: string;
  /** `GET /v1/bays/{blue}`: names in braces stand for the world's uuids, in bodies too. */
  readonly request: string;
  readonly body?: Json;
  readonly status: number;
  /** A refusal says this. */
  readonly says?: string;
  /** The reply holds at least this. */
  readonly has?: JsonObject;
  /** The reply's keys, no more and no fewer; of a list's first item where `of` names the list. */
  readonly keys?: readonly string[];
  readonly of?: string;
  /** A header of the reply, and what it is like. */
  readonly header?: readonly [name: string, like: RegExp];
}

export function describeCases(title: string, cases: readonly Case[]): void {
  describe(`the sheet: ${title}`, () => {
    let shared: World;
    beforeAll(async () => {
      shared = await createWorld();
    });
    test.each(cases.map((one) => [one.name, one.request, one] as const))("%s: %s", async (_name, _request, one) => {
      const isRead = one.request.startsWith("GET ") || one.status >= 300;
      await expectCase(isRead ? shared : await createWorld(), one);
    });
  });
}

async function expectCase(world: World, one: Case): Promise<void> {
  const [method = "", path = ""] = filled(world.ids, one.request).split(" ");
  const { as, headers, text } = one;
  const body = one.body === undefined ? undefined : (JSON.parse(filled(world.ids, JSON.stringify(one.body))) as Json);
  const call: Call = {
    ...(as && { as }),
    ...(headers && { headers }),
    ...(text !== undefined && { text }),
    ...(body !== undefined && { body }),
  };
  if (one.says !== undefined) return expectRefusal(world, one.status, one.says, method, path, call);
  const answer = await world.call(method, path, call);
  expect({ status: answer.status, body: answer.body }).toMatchObject({ status: one.status });
  expectBody(world, one, answer);
}

function expectBody(world: World, { has, keys, of, header }: Case, { body, headers }: Answer): void {
  if (has) expect(body).toMatchObject(JSON.parse(filled(world.ids, JSON.stringify(has))) as JsonObject);
  if (keys) expect(Object.keys(itemOf(body, of)).toSorted()).toEqual([...keys].toSorted());
  if (header) expect(headers.get(header[0]) ?? "absent").toMatch(header[1]);
}

function itemOf(body: JsonObject, list: string | undefined): JsonObject {
  if (list === undefined) return body;
  const items = body[list];
  const [first] = Array.isArray(items) ? items : [];
  if (typeof first !== "object" || first === null || Array.isArray(first)) throw new Error(`${list} is empty`);
  return first;
}
