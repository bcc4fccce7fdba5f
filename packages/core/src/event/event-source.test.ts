import { expect, test } from "vitest";
import { nodeGroupKey, nodeGroupShape } from "../node-group/node-group.ts";
import { newRecord } from "../operation/record-store.ts";
import { eventSource } from "./event-source.ts";

test("what happens to a node group is told to its bay's project", () => {
  const group = {
    uuid: "g",
    bayUuid: "b",
    bayCreatedAtMs: 0,
    projectId: "p",
    name: "gpu",
    role: "worker",
    status: "CREATE_COMPLETE",
    statusReason: null,
    nodeCount: 2,
    limits: { min: 0, max: null },
    stackId: null,
    createdAtMs: 0,
    updatedAtMs: null,
  } as const;
  const { subject } = eventSource(nodeGroupShape, newRecord(nodeGroupKey("p", "b", "g"), group));
  expect(subject).toMatchObject({ type: "node-group", uuid: "g", projectId: "p", bayUuid: "b" });
});
