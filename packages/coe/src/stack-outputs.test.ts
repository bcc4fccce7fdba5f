import { describe, expect, test } from "vitest";
import { listOutput, textOutput, workersOutput } from "./stack-outputs.ts";

const server = "11111111-2222-4333-8444-555555555555";
const keys = { refs: "refs_map", names: "names", addresses: "addresses" };

describe("outputs", () => {
  test("that are missing, null, empty or of another kind are null", () => {
    for (const value of [undefined, null, "", 7, {}]) expect(textOutput({ key: value }, "key")).toBeNull();
    for (const value of [undefined, null, "10.0.0.5", {}]) expect(listOutput({ key: value }, "key")).toBeNull();
  });

  test("of a group leave out members that have no value yet", () => {
    expect(listOutput({ key: ["10.0.0.5", null, "", "10.0.0.6"] }, "key")).toEqual(["10.0.0.5", "10.0.0.6"]);
  });
});

describe("workers", () => {
  test("are matched by the order of their indexes, not of the map's keys or their spelling", () => {
    const outputs = {
      refs_map: { "10": server, "2": "kube-minion", "0": "0" },
      names: ["blue-minion-0", "blue-minion-2", "blue-minion-10"],
      addresses: ["10.0.0.4", "10.0.0.5", "10.0.0.6"],
    };
    expect(workersOutput(outputs, keys)).toEqual([
      { index: "0", serverId: null, name: "blue-minion-0", privateAddress: "10.0.0.4" },
      { index: "2", serverId: null, name: "blue-minion-2", privateAddress: "10.0.0.5" },
      { index: "10", serverId: server, name: "blue-minion-10", privateAddress: "10.0.0.6" },
    ]);
  });

  test("keep names and addresses unknown rather than wrong when the lists do not match the group", () => {
    const outputs = { refs_map: { "0": server, "1": server }, names: ["blue-minion-1"], addresses: null };
    expect(workersOutput(outputs, keys)).toEqual([
      { index: "0", serverId: server, name: null, privateAddress: null },
      { index: "1", serverId: server, name: null, privateAddress: null },
    ]);
  });

  test("are none when the stack names none", () => {
    expect(workersOutput({}, keys)).toEqual([]);
    expect(workersOutput({ refs_map: null }, keys)).toEqual([]);
  });
});
