import { expect, test } from "vitest";
import { createBayTypes } from "./bay-types.ts";
import { unknownLabelsOf } from "./label-advice.ts";
import { seedBayTypes } from "./seed-bay-types.ts";

const atomic = createBayTypes(seedBayTypes(() => ({ template: "", files: {} }))).byName("magnum_vm_atomic_k8s");

test.each([
  ["kube_tagg", "kube_tag"],
  ["Kube_Tag", "kube_tag"],
  ["flanel_backend", "flannel_backend"],
  ["auto_healing_enable", "auto_healing_enabled"],
  ["team", null],
  ["x", null],
  ["k".repeat(255), null],
])("of the unknown label %s the nearest known one is %s", (label, nearest) => {
  if (!atomic) throw new Error("the bay type is not there");
  expect(unknownLabelsOf(atomic, { [label]: "1", kube_tag: "v1" })).toEqual([{ label, nearest }]);
});

test("labels that are read of bays of every type are known", () => {
  if (!atomic) throw new Error("the bay type is not there");
  const labels = { min_node_count: "1", auto_healing_enabled: "true", health_checks_enabled: "false" };
  expect(unknownLabelsOf(atomic, labels)).toEqual([]);
});
