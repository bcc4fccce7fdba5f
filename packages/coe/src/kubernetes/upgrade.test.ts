/** Which upgrades a Kubernetes bay takes: those that its masters, which keep their version, can live with. */
import { describe, expect, test } from "vitest";
import { fileTemplates } from "../file-templates.ts";
import { sampleBay } from "../sample-bay.ts";
import { seedBayTypes } from "../seed-bay-types.ts";

const types = seedBayTypes(fileTemplates());
const kubernetes = types.filter(({ coe }) => coe === "kubernetes");

test("is for Kubernetes; other types have none", () => {
  expect(types.filter(({ upgrade }) => upgrade).map(({ name }) => name)).toEqual(kubernetes.map(({ name }) => name));
});

describe.each(kubernetes.map((bayType) => ({ name: bayType.name, bayType })))("$name", ({ name, bayType }) => {
  const isToday = bayType.templatePath.includes("kubeadm");
  const tag = (patch: number, step = 0): string => `v1.${(isToday ? 34 : 20) + step}.${patch}`;
  const problems = (from: string, to: string, more: object = {}) =>
    bayType.upgrade?.checkUpgrade(
      sampleBay({ labels: { kube_tag: from } }),
      sampleBay({ labels: { kube_tag: to }, ...more }),
    );

  test("another image and a newer patch are taken", () => {
    expect(problems(tag(2), tag(2), { imageId: "newer" })).toEqual([]);
    expect(problems(tag(2), tag(4))).toEqual([]);
  });

  test.each([
    ["an older patch", tag(4), tag(2), "older"],
    ["an older minor version", tag(4), tag(9, -1), "older"],
    ["a newer minor version, which masters would have to come first to", tag(4), tag(0, 1), name],
    ["a tag that is no version", tag(4), "latest", "latest"],
  ])("%s is refused", (_, from, to, says) => {
    expect(problems(from, to)?.find(({ field }) => field === "labels.kube_tag")?.message).toContain(says);
  });

  test("what speaks of more than workers must be as it is", () => {
    const fields = problems(tag(2), tag(2), { apiserverPort: 8443, externalNetworkId: "other" })?.map(
      ({ field }) => field,
    );
    expect(fields).toEqual(["apiserver_port", "external_network_id"]);
  });
});
