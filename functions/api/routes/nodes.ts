/** /v1/nodes: plain records, which clients of 2015 still make (bay-era sheet 3.3). Named by their uuids alone. */
import type { Node, NodeAttributes, WrittenNode } from "@jeroboam/core/container/node";
import { createNode, deleteNode, nodeShape, updateNode } from "@jeroboam/core/container/node";
import { Rejected } from "@jeroboam/core/errors";
import { isUuid } from "@jeroboam/core/identity/ident";
import type { ApiRequest, Route } from "../route.ts";
import { defineRoute } from "../route.ts";
import { viewBriefNode, viewNode } from "../views/nodes.ts";
import type { PatchOperation } from "../wire/patch.ts";
import { applyPatch, patchReader } from "../wire/patch.ts";
import { NODE_PATCH, readNodeWish } from "../wire/node.ts";
import type { RecordTarget } from "./project-records.ts";
import { commonSortKeys, listRoutes, madeBefore, requireRecord } from "./project-records.ts";

const NOUN = "Node";
const PATH = "/v1/nodes";

const NODES = {
  collection: "nodes",
  rules: "node",
  noun: NOUN,
  shape: nodeShape,
  sortKeys: {
    ...commonSortKeys<Node>(),
    type: ({ state }: RecordTarget<Node>["record"]) => state.type,
    image_id: ({ state }: RecordTarget<Node>["record"]) => state.imageId,
    ironic_node_id: ({ state }: RecordTarget<Node>["record"]) => state.ironicNodeId,
  },
  view: viewNode,
  viewBrief: viewBriefNode,
  answer: "node",
  answerBrief: "nodeBrief",
} as const;

export const nodes: readonly Route[] = [
  defineRoute({
    method: "POST",
    path: PATH,
    rule: "node:create",
    body: readNodeWish,
    answers: { 201: "node" },
    async run(request, { body }) {
      const { ports, caller, base, keyed } = request;
      const { projectId, userId } = caller;
      const uuid = body.uuid ?? keyed?.uuid;
      const made = await createNode(ports, { ...body, uuid, projectId, userId });
      const before = made.kind === "exists" ? await madeBefore(request, nodeShape, body.uuid) : undefined;
      const node = before ?? written(made, body);
      const headers = { Location: `${base}${PATH}/${node.uuid}` };
      return { status: 201, body: viewNode(node, base), headers };
    },
  }),
  ...listRoutes(NODES),
  defineRoute({
    method: "GET",
    path: `${PATH}/:ident`,
    rule: "node:get",
    find,
    answers: { 200: "node" },
    run: ({ base }, { target }) => Promise.resolve({ status: 200, body: viewNode(target.record.state, base) }),
  }),
  defineRoute({
    method: "PATCH",
    path: `${PATH}/:ident`,
    rule: "node:update",
    body: patchReader(NODE_PATCH),
    find,
    answers: { 200: "node" },
    async run({ ports, base, ident }, { body, target }) {
      const updated = await updateNode(ports, target.record.key, (node) => patched(node, body));
      return { status: 200, body: viewNode(written(updated, { uuid: ident }), base) };
    },
  }),
  defineRoute({
    method: "DELETE",
    path: `${PATH}/:ident`,
    rule: "node:delete",
    find,
    answers: { 204: null },
    async run({ ports, ident }, { target }) {
      if ((await deleteNode(ports, target.record)) === "absent") throw notFound(ident);
      return { status: 204 };
    },
  }),
];

function find(request: ApiRequest): Promise<RecordTarget<Node>> {
  if (!isUuid(request.ident)) throw new Rejected(400, "A node is named by its uuid.");
  return requireRecord(NODES, request);
}

function patched(node: Node, operations: readonly PatchOperation[]): NodeAttributes {
  const document = { type: node.type, image_id: node.imageId, ironic_node_id: node.ironicNodeId };
  const { uuid: _uuid, ...attributes } = readNodeWish(applyPatch(document, operations));
  const { ironicNodeId } = attributes;
  if (node.ironicNodeId !== null && ironicNodeId !== null && ironicNodeId !== node.ironicNodeId)
    throw new Rejected(409, `Node ${node.uuid} is associated with instance ${node.ironicNodeId}.`);
  return attributes;
}

function written(outcome: WrittenNode, { uuid }: { readonly uuid?: string | undefined }): Node {
  switch (outcome.kind) {
    case "written":
      return outcome.node;
    case "exists":
      throw new Rejected(409, `A node with UUID ${uuid ?? ""} already exists.`);
    case "taken":
      throw new Rejected(409, "Another node is associated with this ironic_node_id.");
    case "absent":
      throw notFound(uuid ?? "");
    default:
      return outcome satisfies never;
  }
}

function notFound(ident: string): Rejected {
  return new Rejected(404, `${NOUN} ${ident} could not be found.`);
}
