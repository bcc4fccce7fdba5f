import { describe, expect, test } from "vitest";
import { createBayTypes } from "./bay-types.ts";
import { fileTemplates } from "./file-templates.ts";
import { seedBayTypes } from "./seed-bay-types.ts";

const seed = seedBayTypes(fileTemplates());
const platform = { serverType: "vm", os: "fedora-atomic", coe: "kubernetes" };
const name = "magnum_vm_atomic_k8s";

describe("the registry", () => {
  test("finds a bay type by server type, OS and COE", () => {
    expect(createBayTypes(seed).find(platform)).toMatchObject({ kind: "found", bayType: { name } });
  });

  test("calls a platform unsupported if one part differs, and says what is supported", () => {
    for (const change of [{ serverType: "bm" }, { os: "windows" }, { coe: "nomad" }]) {
      const found = createBayTypes(seed).find({ ...platform, ...change });
      expect(found).toMatchObject({ kind: "unsupported" });
      expect(found.kind === "unsupported" && found.supported).toContainEqual(platform);
    }
  });

  test("tells a disabled bay type from an unknown one, but still knows it by name", () => {
    const bayTypes = createBayTypes(seed, { disabled: [name] });
    expect(bayTypes.find(platform)).toEqual({ kind: "disabled", name });
    expect(bayTypes.byName(name)?.name).toBe(name);
    expect(bayTypes.list().map((bayType) => bayType.name)).not.toContain(name);
  });

  test("with a list of enabled ones, all others are disabled", () => {
    expect(createBayTypes(seed, { enabled: [] }).find(platform)).toEqual({ kind: "disabled", name });
    expect(createBayTypes(seed, { enabled: [name] }).find(platform).kind).toBe("found");
  });

  test("refuses a choice of a name that does not exist", () => {
    expect(() => createBayTypes(seed, { disabled: ["magnum_vm_atomic_k9s"] })).toThrow("no bay type is named");
  });

  test("refuses two bay types of one name", () => {
    expect(() => createBayTypes([...seed, ...seed])).toThrow("same name");
  });
});
