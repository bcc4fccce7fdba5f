/**
 * Every bay type's stack, in every sample variant, built by the sandbox's Heat: templates, parameters and outputs fit
 * together when resources have ids and addresses. Heat's own opinion of the templates is scripts/check-templates.py.
 */
import { beforeEach, describe, expect, test } from "vitest";
import type { BayType, BayTypeInput, HeatStackDefinition } from "@jeroboam/coe/bay-type";
import { readBayTypes } from "@jeroboam/coe/file-bay-types";
import { fileTemplates } from "@jeroboam/coe/file-templates";
import { sampleBays } from "@jeroboam/coe/sample-bay";
import { seedBayTypes } from "@jeroboam/coe/seed-bay-types";
import type { Heat, StackRef } from "@jeroboam/core/openstack/heat";
import { createHeat } from "@jeroboam/core/openstack/heat";
import type { Stack } from "@jeroboam/core/openstack/heat-schemas";
import type { SandboxWorld } from "./sandbox-world.ts";
import { createSandboxWorld } from "./sandbox-world.ts";

const openGate = {
  pass: <Result>(_name: string, run: () => Promise<Result>) => run(),
  moment: () => Promise.resolve(),
};
const images = {
  "fedora-atomic": "fedora-21-atomic-3",
  coreos: "coreos-stable",
  ubuntu: "ubuntu-24.04",
  "fedora-coreos": "fedora-coreos-latest",
  flatcar: "flatcar-stable",
  // The sandbox's servers run nothing: any image of theirs will do.
  debian: "ubuntu-24.04",
};

/** Those that come with the service, and what docs/bay-types.md shows how to add. */
const all = [...seedBayTypes(fileTemplates()), ...(await readBayTypes("docs/examples/bay-types"))];

/** What a type can build of the samples; of the service's own that is all of them. */
const buildable = (bayType: BayType) =>
  Object.entries(sampleBays(bayType)).filter(([, bay]) => bayType.checkSpec(bay).length === 0);

let world: SandboxWorld;
let heat: Heat;

beforeEach(async () => {
  world = await createSandboxWorld(openGate);
  const person = { kind: "password" as const, user: { name: "demo", domain: { id: "default" } }, password: "secret" };
  const project = { name: "demo", domain: { id: "default" } };
  heat = createHeat(world.sessions.user(person, { kind: "project", project }));
});

/** The sample with what this cloud has. */
function inSandbox(bayType: BayType, bay: BayTypeInput): BayTypeInput {
  const image = Object.entries(images).find(([os]) => os === bayType.provides[0]?.os);
  return {
    ...bay,
    imageId: image?.[1] ?? "",
    keypairId: bay.keypairId === null ? null : "default",
    // The existing network has no router, so no floating IP reaches it.
    ...(bay.fixedNetwork === "lan" && { floatingIpEnabled: false }),
    fixedNetwork: bay.fixedNetwork === "lan" ? "private" : bay.fixedNetwork,
    fixedSubnet: bay.fixedSubnet === "lan-a" ? "private-subnet" : bay.fixedSubnet,
  };
}

async function settle(ref: StackRef) {
  for (let looks = 0; looks < 40; looks++) {
    world.clock.advance(10_000);
    const found = await heat.getStack(ref);
    if (found.kind !== "found") throw new Error(found.kind);
    if (found.value.stack_status.endsWith("_IN_PROGRESS")) continue;
    const whole = await heat.getStack(ref, { outputs: true });
    if (whole.kind === "found") return whole.value;
  }
  throw new Error("the stack does not settle");
}

async function create(definition: HeatStackDefinition) {
  const made = await heat.createStack({ ...definition, disableRollback: true });
  if (made.kind !== "made") throw new Error(JSON.stringify(made));
  const ref = { name: definition.name, id: made.id };
  return { ref, stack: await settle(ref) };
}

function outputsOf(stack: Stack) {
  return Object.fromEntries((stack.outputs ?? []).map((output) => [output.output_key, output.output_value]));
}

describe.each(all.map((bayType) => ({ name: bayType.name, bayType })))("$name", ({ bayType }) => {
  test.each(buildable(bayType))("is built with addresses for all: %s", async (_, sample) => {
    const bay = inSandbox(bayType, sample);
    const { stack } = await create(bayType.stackFor(bay));
    expect([stack.stack_status, stack.stack_status_reason]).toEqual([
      "CREATE_COMPLETE",
      "Stack CREATE completed successfully",
    ]);
    const outputs = bayType.readOutputs(outputsOf(stack), bay);
    expect(outputs.apiAddress).toMatch(/\d+\.\d+\.\d+\.\d+/);
    expect(outputs.masterAddresses).toHaveLength(bay.masterCount);
    expect(outputs.nodeAddresses).toHaveLength(bay.nodeCount);
    expect(outputs.workers).toHaveLength(bay.nodeCount);
    for (const worker of outputs.workers) {
      expect(worker.serverId).toMatch(/^[0-9a-f-]{36}$/);
      expect(worker.name).toMatch(/^blue-[a-z]+-\d+$/);
      expect(worker.privateAddress).toMatch(/^\d+\./);
    }
  });

  test("a scale-down takes out the workers it names, and no server is made anew", async () => {
    const bay = inSandbox(bayType, { ...sampleBays(bayType)["defaults"]!, nodeCount: 3 });
    const { ref, stack } = await create(bayType.stackFor(bay));
    const [first, second, third] = bayType.readOutputs(outputsOf(stack), bay).workers;
    const smaller = bayType.stackFor({ ...bay, nodeCount: 2, workersToRemove: [second!] });
    const updated = await heat.updateStack(ref, {
      keepsExisting: false,
      template: smaller,
      parameters: smaller.parameters,
    });
    expect(updated).toEqual({ kind: "accepted" });
    const after = await settle(ref);
    expect(after.stack_status).toBe("UPDATE_COMPLETE");
    expect(bayType.readOutputs(outputsOf(after), bay).workers).toEqual([first, third]);
  });

  test("newer boot scripts replace no server", async () => {
    const bay = inSandbox(bayType, sampleBays(bayType)["defaults"]!);
    const definition = bayType.stackFor(bay);
    const { ref, stack } = await create(definition);
    const scripts = Object.entries(definition.files).map(([name, text]) => [
      name,
      name.endsWith(".sh") ? `${text}\n` : text,
    ]);
    const newer = { ...definition, files: Object.fromEntries(scripts) };
    await heat.updateStack(ref, { keepsExisting: false, template: newer, parameters: newer.parameters });
    const after = await settle(ref);
    expect(after.stack_status).toBe("UPDATE_COMPLETE");
    expect(bayType.readOutputs(outputsOf(after), bay)).toEqual(bayType.readOutputs(outputsOf(stack), bay));
  });
});
