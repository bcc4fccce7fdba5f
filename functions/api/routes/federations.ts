/**
 * /v1/federations: clusters run as one, which no Magnum ever did (cluster sheet 15: its conductors answer "not
 * implemented", and no row is ever made). So there are none to list, show, change or delete; making one is refused in
 * words, after the same checks that a real one would get. Nothing is accepted and then dropped.
 */
import { findBay } from "@jeroboam/core/bay/find-bay";
import { Rejected } from "@jeroboam/core/errors";
import { z } from "zod";
import type { ApiRequest, Route } from "../route.ts";
import { defineRoute } from "../route.ts";
import type { AttributeSet } from "../wire/attributes.ts";
import { invalid, readAttributes } from "../wire/attributes.ts";
import { readListQuery } from "../wire/list.ts";
import { COMMON_INTERNAL, patchReader } from "../wire/patch.ts";
import { labels, optional, reference } from "../wire/types.ts";
import { notFound } from "./bay-requests.ts";
import { describeBody } from "../wire/reader.ts";

const FEDERATION = {
  argument: "federation",
  schema: z.strictObject({
    name: optional(reference),
    hostcluster_id: reference,
    properties: labels.default({}),
    member_ids: z.array(reference, { error: "Value should be a list of texts" }).default([]),
  }),
  readOnly: ["links", "created_at", "updated_at"],
  ignored: ["uuid", "status", "status_reason"],
} satisfies AttributeSet<z.ZodObject>;

const PATCH = { internal: [...COMMON_INTERNAL], mandatory: [], dicts: ["properties"] };

const readQuery = readListQuery<never>({});

const listRoute = (path: string, rule: string): Route =>
  defineRoute({
    method: "GET",
    path,
    rule,
    query: readQuery,
    answers: { 200: { list: "federation", key: "federations" } },
    run(_request, { query }) {
      const { marker } = query.request;
      if (marker !== undefined) throw new Rejected(404, `Marker ${marker} could not be found.`);
      return Promise.resolve({ status: 200, body: { federations: [] } });
    },
  });

function absent({ ident }: ApiRequest): Promise<never> {
  return Promise.reject(notFound("Federation", ident));
}

export const federations: readonly Route[] = [
  listRoute("/v1/federations", "federation:get_all"),
  listRoute("/v1/federations/detail", "federation:detail"),
  defineRoute({ method: "GET", path: "/v1/federations/:ident", rule: "federation:get", answers: {}, run: absent }),
  defineRoute({
    method: "POST",
    path: "/v1/federations",
    rule: "federation:create",
    body: describeBody({ kind: "object", schema: FEDERATION.schema }, (given) => readAttributes(FEDERATION, given)),
    answers: {},
    async run({ ports, caller }, { body }) {
      const scope = { projectId: caller.projectId, allProjects: false };
      const host = await findBay(ports.table, scope, body.hostcluster_id);
      if (host.kind !== "found") throw notFound("Cluster", body.hostcluster_id);
      if (!body.properties["dns-zone"]) throw invalid("properties", body.properties, "Value should have a dns-zone");
      throw new Rejected(400, "Federations are not supported: nothing here can join clusters to one.");
    },
  }),
  defineRoute({
    method: "PATCH",
    path: "/v1/federations/:ident",
    rule: "federation:update",
    body: patchReader(PATCH),
    answers: {},
    run: absent,
  }),
  defineRoute({
    method: "DELETE",
    path: "/v1/federations/:ident",
    rule: "federation:delete",
    answers: {},
    run: absent,
  }),
];
