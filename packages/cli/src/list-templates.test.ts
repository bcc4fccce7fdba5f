import { describe, expect, test } from "vitest";
import { createBayTypes } from "@jeroboam/coe/bay-types";
import { fileTemplates } from "@jeroboam/coe/file-templates";
import { seedBayTypes } from "@jeroboam/coe/seed-bay-types";
import { listTemplates } from "./list-templates.ts";

const bayTypes = createBayTypes(
  seedBayTypes(fileTemplates()).filter(({ name }) => name.startsWith("magnum_vm_")),
  { disabled: ["magnum_vm_ubuntu_mesos"] },
);
const plain = { details: false, paths: false };

describe("jeroboam template list", () => {
  test("with details has the columns of Magnum's own tool, sorted by name (bay-era sheet 14)", () => {
    expect(listTemplates(bayTypes, { ...plain, details: true }).split("\n")).toEqual([
      "+------------------------+---------+-------------+---------------+------------+",
      "| Name                   | Enabled | Server_Type | OS            | COE        |",
      "+------------------------+---------+-------------+---------------+------------+",
      "| magnum_vm_atomic_k8s   | True    | vm          | fedora-atomic | kubernetes |",
      "| magnum_vm_atomic_swarm | True    | vm          | fedora-atomic | swarm      |",
      "| magnum_vm_coreos_k8s   | True    | vm          | coreos        | kubernetes |",
      "| magnum_vm_ubuntu_mesos | False   | vm          | ubuntu        | mesos      |",
      "+------------------------+---------+-------------+---------------+------------+",
    ]);
  });

  test("shows the template's path last, where it is asked for", () => {
    const [, head, , ...rows] = listTemplates(bayTypes, { ...plain, paths: true, disabled: true }).split("\n");
    expect(head).toMatch(/^\| Name +\| Enabled +\| Template Path +\|$/);
    expect(rows[0]).toContain("| mesos/ubuntu/mesoscluster.yaml |");
    expect(rows).toHaveLength(2);
  });

  test("shows only those that may be used, where that is asked for", () => {
    const lines = listTemplates(bayTypes, { ...plain, enabled: true });
    expect(lines).not.toContain("mesos");
    expect(lines).toContain("magnum_vm_atomic_k8s");
  });
});
