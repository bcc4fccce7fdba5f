import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseWorkers } from "./choose-workers.ts";

const workers = ["0", "1", "4"].map((index) => ({
  index,
  serverId: `0000000${index}-2222-4333-8444-555555555555`,
  name: `blue-minion-${index}`,
  privateAddress: `10.0.0.${index}`,
}));
const indexes = (choice: ReturnType<typeof chooseWorkers>) =>
  choice.kind === "chosen" ? choice.workers.map(({ index }) => index) : choice;

describe("a bay that shrinks loses", () => {
  test.each([
    ["the server that is named", ["00000001-2222-4333-8444-555555555555"], ["1"]],
    ["the server that is named in capitals", ["00000001-2222-4333-8444-555555555555".toUpperCase()], ["1"]],
    ["the worker of a named index, which need not be its place", ["4"], ["4"]],
    ["the node that is named", ["blue-minion-0"], ["0"]],
  ])("%s", (_, named, expected) => {
    const loads = [{ name: named[0] ?? "", units: 99 }];
    expect(indexes(chooseWorkers({ workers, remaining: 2, named, loads }))).toEqual(expected);
  });

  test("those with the least to do, where none is named", () => {
    const loads = [
      { name: "blue-minion-0", units: 1 },
      { name: "blue-minion-1", units: 7 },
      { name: "10.0.0.4", units: 5 },
    ];
    expect(indexes(chooseWorkers({ workers, remaining: 1, named: [], loads }))).toEqual(["0", "4"]);
  });

  test("a node that the engine says nothing of before one with work", () => {
    const loads = [{ name: "blue-minion-4", units: 1 }];
    expect(indexes(chooseWorkers({ workers, remaining: 2, named: [], loads }))).toEqual(["1"]);
  });

  test("a worker that never got a server before all others", () => {
    const broken = [...workers, { index: "2", serverId: null, name: null, privateAddress: null }];
    expect(indexes(chooseWorkers({ workers: broken, remaining: 3, named: [], loads: [] }))).toEqual(["2"]);
  });

  test("the newest, where the engine says nothing", () => {
    expect(indexes(chooseWorkers({ workers, remaining: 1, named: [], loads: [] }))).toEqual(["4", "1"]);
  });

  test("nothing, when a name fits no worker", () => {
    const choice = chooseWorkers({ workers, remaining: 1, named: ["1", "blue-master-0", "9"], loads: [] });
    expect(choice).toEqual({ kind: "unknown", named: ["blue-master-0", "9"] });
  });

  test("all that are named, though the count stays: they are replaced", () => {
    expect(indexes(chooseWorkers({ workers, remaining: 3, named: ["1"], loads: [] }))).toEqual(["1"]);
  });

  test("as many as the count says, each once, and the named among them", () => {
    const arbitrary = fc.record({
      remaining: fc.nat(5),
      named: fc.subarray(["0", "1", "4"]),
      loads: fc.array(fc.record({ name: fc.constantFrom("blue-minion-0", "blue-minion-1"), units: fc.nat(9) })),
    });
    fc.assert(
      fc.property(arbitrary, ({ remaining, named, loads }) => {
        const chosen = indexes(chooseWorkers({ workers, remaining, named, loads }));
        if (!Array.isArray(chosen)) return false;
        const count = Math.max(named.length, Math.min(3, Math.max(0, 3 - remaining)));
        return new Set(chosen).size === count && chosen.length === count && named.every((one) => chosen.includes(one));
      }),
    );
  });
});
