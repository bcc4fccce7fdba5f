import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bayShard } from "@jeroboam/core/bay/bay";
import { groupStackTags, nodeNamePrefix, ownerOfTags, stackName, stackTags } from "./stack-name.ts";

const uuid = fc.uuid();
const name = fc.option(fc.oneof(fc.string({ maxLength: 300 }), fc.string({ unit: "binary", maxLength: 300 })), {
  nil: null,
});

describe("a stack's name", () => {
  test("is one Heat takes, whatever the bay is called", () => {
    fc.assert(
      fc.property(uuid, name, (uuid, name) => {
        expect(stackName({ uuid, name })).toMatch(/^[a-zA-Z][a-zA-Z0-9_.-]{0,254}$/);
      }),
    );
  });

  test("differs between any two bays, also if they have the same name", () => {
    fc.assert(
      fc.property(uuid, uuid, name, name, (one, other, oneName, otherName) => {
        fc.pre(one !== other);
        expect(stackName({ uuid: one, name: oneName })).not.toBe(stackName({ uuid: other, name: otherName }));
      }),
    );
  });

  test("shows the bay's name and uuid", () => {
    const uuid = "5a1d7c52-90f4-4be0-8a55-0d6f4f6a2b02";
    expect(stackName({ uuid, name: "blue" })).toBe(`blue-${uuid}`);
    expect(stackName({ uuid, name: null })).toBe(`bay-${uuid}`);
    expect(stackName({ uuid, name: "3rd bay" })).toBe(`bay-3rd-bay-${uuid}`);
    expect(stackName({ uuid, name: "Bläu" })).toBe(`Bl-u-${uuid}`);
  });
});

describe("the names of nodes", () => {
  test("start with a DNS label that leaves room for role and index", () => {
    fc.assert(
      fc.property(uuid, name, (uuid, name) => {
        expect(`${nodeNamePrefix({ uuid, name })}-minion-123456`).toMatch(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/);
      }),
    );
  });

  test("keep the bay's name where it is a label already", () => {
    expect(nodeNamePrefix({ uuid: "5a1d7c52-90f4-4be0-8a55-0d6f4f6a2b02", name: "blue-2" })).toBe("blue-2");
  });
});

test("tags list all our stacks, one bay's, or those of a shard of the table's index", () => {
  const uuid = "5a1d7c52-90f4-4a6f-9b1e-0c1d2e3f4a5b";
  expect(stackTags(uuid)).toEqual(["jeroboam", `jeroboam-bay-${uuid}`, `jeroboam-shard-${bayShard(uuid)}`]);
  expect(ownerOfTags(stackTags(uuid))).toEqual({ bayUuid: uuid, groupUuid: undefined });
  expect(ownerOfTags(groupStackTags({ bayUuid: uuid, uuid: "g" }))).toEqual({ bayUuid: uuid, groupUuid: "g" });
  expect(ownerOfTags(["jeroboam", "production"])).toBeUndefined();
});
