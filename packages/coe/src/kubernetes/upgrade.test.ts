/** Which upgrades a Kubernetes bay takes: steps that its masters come along, or can live with where they keep their version. */
import { describe, expect, test } from "vitest";
import type { BayType, UpgradeScope } from "../bay-type.ts";
import { fileTemplates } from "../file-templates.ts";
import { sampleBay } from "../sample-bay.ts";
import { seedBayTypes } from "../seed-bay-types.ts";

const types = seedBayTypes(fileTemplates());
const kubernetes = types.filter(({ coe }) => coe === "kubernetes");
const following = kubernetes.filter(({ upgrade }) => upgrade?.masters);

test("is for Kubernetes; other types have none", () => {
  expect(types.filter(({ upgrade }) => upgrade).map(({ name }) => name)).toEqual(kubernetes.map(({ name }) => name));
});

test("masters come along in the types of today", () => {
  expect(following.map(({ name }) => name).toSorted()).toEqual([
    "k8s_fedora_coreos_v1",
    "k8s_flatcar_v1",
    "k8s_ubuntu_v1",
  ]);
});

/** Versions that the type knows, by patch, and by minor versions further. */
const tagsOf =
  ({ templatePath }: BayType) =>
  (patch: number, step = 0): string =>
    `v1.${(templatePath.includes("kubeadm") ? 33 : 20) + step}.${patch}`;

function checkerOf({ upgrade }: BayType) {
  const problems = (from: string, to: string, scope: UpgradeScope, more: object = {}) =>
    upgrade?.checkUpgrade(
      sampleBay({ labels: { kube_tag: from } }),
      sampleBay({ labels: { kube_tag: to }, ...more }),
      scope,
    );
  const says = (from: string, to: string, scope: UpgradeScope) =>
    problems(from, to, scope)?.find(({ field }) => field === "labels.kube_tag")?.message;
  return { problems, says };
}

const named = (some: readonly BayType[]) => some.map((bayType) => ({ name: bayType.name, bayType }));

describe.each(named(kubernetes))("$name", ({ name, bayType }) => {
  const tag = tagsOf(bayType);
  const { problems, says } = checkerOf(bayType);

  test("another image and a newer patch are taken where masters stay as they are", () => {
    expect(problems(tag(2), tag(2), "fixed-masters", { imageId: "newer" })).toEqual([]);
    expect(problems(tag(2), tag(4), "fixed-masters")).toEqual([]);
  });

  test.each([
    ["an older patch", tag(4), tag(2), "older"],
    ["an older minor version", tag(4), tag(9, -1), "older"],
    ["a newer minor version, which masters would have to come first to", tag(4), tag(0, 1), name],
    ["a tag that is no version", tag(4), "latest", "latest"],
  ])("%s is refused there", (_, from, to, expected) => {
    expect(says(from, to, "fixed-masters")).toContain(expected);
  });

  test("what speaks of more than versions must be as it is", () => {
    const fields = problems(tag(2), tag(2), "masters", { apiserverPort: 8443, externalNetworkId: "other" })?.map(
      ({ field }) => field,
    );
    expect(fields).toEqual(["apiserver_port", "external_network_id"]);
  });
});

describe.each(named(following))("$name with its masters", ({ bayType }) => {
  const tag = tagsOf(bayType);
  const { problems, says } = checkerOf(bayType);

  test("with its masters it takes a patch and the next minor version, of whatever patch", () => {
    for (const to of [tag(4), tag(9), tag(0, 1)]) expect(problems(tag(4), to, "masters")).toEqual([]);
  });

  test.each([
    ["two minor versions at once", tag(4), tag(0, 2), `to v1.34`],
    ["an older patch", tag(4), tag(2), "older"],
    ["an older minor version", tag(4), tag(9, -1), "older"],
  ])("with its masters, %s is refused", (_, from, to, expected) => {
    expect(says(from, to, "masters")).toContain(expected);
  });

  test("workers alone are taken to another image, and not beyond their masters", () => {
    expect(problems(tag(2), tag(2), "workers", { imageId: "newer" })).toEqual([]);
    for (const to of [tag(4), tag(0, 1)])
      expect(says(tag(2), to, "workers")).toContain(`masters are of version ${tag(2)}`);
    expect(says(tag(2), tag(1), "workers")).toContain("older");
  });

  test("what a master is told that comes to other versions is what one is told that is made now", () => {
    const input = sampleBay({ labels: { kube_tag: tag(2), container_infra_prefix: "registry.example/k8s/" } });
    const versions = bayType.upgrade?.masters?.versionsOf(input) ?? {};
    const { parameters } = bayType.stackFor(input);
    expect(versions).toMatchObject({ kube_tag: tag(2), kube_image_repository: "registry.example/k8s" });
    for (const [key, value] of Object.entries(versions)) expect([key, parameters[key] ?? ""]).toEqual([key, value]);
  });
});
