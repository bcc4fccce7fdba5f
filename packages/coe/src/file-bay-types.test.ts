import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BayTypesRefused, installedBayTypes, readBayTypes } from "./file-bay-types.ts";
import { fileTemplates } from "./file-templates.ts";
import { sampleBay } from "./sample-bay.ts";
import { seedBayTypes } from "./seed-bay-types.ts";

const EXAMPLE = join(import.meta.dirname, "../../../docs/examples/bay-types");
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bay-types-"));
  cpSync(EXAMPLE, folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const description = () => join(folder, "docker_debian_v1/bay-type.yaml");
const change = (from: string | RegExp, to: string) =>
  writeFileSync(description(), readFileSync(description(), "utf8").replace(from, to));

describe("a folder of bay types", () => {
  test("adds them to those of the service, to be found by their platform", async () => {
    const bayTypes = await installedBayTypes({ JEROBOAM_BAY_TYPES: folder });
    const found = bayTypes.find({ serverType: "vm", os: "debian", coe: "swarm-mode" });
    expect(found).toMatchObject({ kind: "found", bayType: { name: "docker_debian_v1" } });
    expect(bayTypes.list()).toHaveLength(seedBayTypes(fileTemplates()).length + 1);
  });

  test("passes what its template declares, and the service's own fragments with it", async () => {
    const [bayType] = await readBayTypes(folder);
    const bay = sampleBay({ nodeCount: 3, labels: { docker_log_lines: "500" } });
    expect(bayType?.checkSpec(bay)).toEqual([]);
    const { parameters, files } = bayType?.stackFor(bay) ?? { parameters: {}, files: {} };
    expect(parameters).toMatchObject({ number_of_nodes: 3, log_lines: 500, bay_uuid: bay.uuid });
    expect(parameters).not.toHaveProperty("master_lb_enabled");
    expect(Object.keys(files)).toEqual(
      expect.arrayContaining(["node/prologue.sh", "docker_debian_v1/docker-options.sh"]),
    );
  });

  test.each([
    ["an attribute that reaches no parameter", "registry_enabled", { registryEnabled: true }],
    ["more masters than it builds", "master_count", { masterCount: 3, masterLbEnabled: true }],
    ["a network that it would not join", "fixed_network", { fixedNetwork: "lan" }],
    ["a label out of its range", "labels.docker_log_lines", { labels: { docker_log_lines: "7" } }],
    ["a driver it does not have", "volume_driver", { volumeDriver: "rexray" }],
  ])("refuses %s", async (_, field, overrides) => {
    const [bayType] = await readBayTypes(folder);
    expect(bayType?.checkSpec(sampleBay(overrides)).map((problem) => problem.field)).toContain(field);
  });
});

describe("what is wrong with a folder is told with its place", () => {
  test.each<[string, string | RegExp, string, string]>([
    ["an unknown key", "template: bay.yaml", "template: bay.yaml\ncolour: red", "Unrecognized key"],
    ["a COE that there is not", "coe: swarm-mode", "coe: nomad", "coe:"],
    ["a template that is not there", "template: bay.yaml", "template: stack.yaml", "stack.yaml"],
    [
      "a parameter the template has not",
      "  flavor: flavor_id",
      "  flavour: flavor_id",
      "parameters.flavour: the template declares no flavour",
    ],
    [
      "an attribute that there is not",
      "flavor: flavor_id",
      "flavor: flavor",
      "flavor is neither labels.NAME nor one of",
    ],
    ["a label that nobody described", "labels.docker_log_lines", "labels.log", "labels.log is not described"],
    [
      "a label that goes nowhere",
      "  log_lines: labels.docker_log_lines\n",
      "",
      "labels.docker_log_lines: becomes no parameter",
    ],
    ["an output the template has not", "refs: refs_map", "refs: refs", "the template has no output refs"],
    ["no YAML", "name: docker_debian_v1", "name: [", "docker_debian_v1"],
  ])("%s", async (_, from, to, message) => {
    change(from, to);
    await expect(readBayTypes(folder)).rejects.toThrow(BayTypesRefused);
    await expect(readBayTypes(folder)).rejects.toThrow(message);
  });

  test("a parameter that nothing fills", async () => {
    const template = join(folder, "docker_debian_v1/bay.yaml");
    writeFileSync(
      template,
      readFileSync(template, "utf8").replace("parameters:\n", "parameters:\n  rack: {type: string}\n"),
    );
    await expect(readBayTypes(folder)).rejects.toThrow("bay.yaml: parameter rack has no default, and nothing fills it");
  });

  test("a name that is taken, a choice of one that is not there, a folder that holds none", async () => {
    change("name: docker_debian_v1", "name: magnum_vm_atomic_k8s");
    await expect(installedBayTypes({ JEROBOAM_BAY_TYPES: folder })).rejects.toThrow("same name");
    await expect(installedBayTypes({ JEROBOAM_ENABLED_BAY_TYPES: "k9s" })).rejects.toThrow("no bay type is named k9s");
    mkdirSync(join(folder, "empty"));
    await expect(readBayTypes(join(folder, "empty"))).rejects.toThrow("no folder in");
    await expect(readBayTypes(join(folder, "nowhere"))).rejects.toThrow("is not there");
  });
});

test("an operator chooses which may be used", async () => {
  const bayTypes = await installedBayTypes({ JEROBOAM_ENABLED_BAY_TYPES: "k8s_ubuntu_v1, k8s_flatcar_v1" });
  expect(bayTypes.list().map(({ name }) => name)).toEqual(["k8s_flatcar_v1", "k8s_ubuntu_v1"]);
  const fewer = await installedBayTypes({ JEROBOAM_DISABLED_BAY_TYPES: "magnum_vm_ubuntu_mesos" });
  expect(fewer.find({ serverType: "vm", os: "ubuntu", coe: "mesos" })).toMatchObject({ kind: "disabled" });
});

test("every template of the service that stands for a bay is some bay type's", () => {
  const named = new Set(seedBayTypes(fileTemplates()).map(({ templatePath }) => templatePath));
  const templates = readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" }).filter(
    (path) =>
      path.endsWith(".yaml") &&
      /^ {2}bay_uuid:/m.test(readFileSync(join(import.meta.dirname, path), "utf8").split("resources:")[0] ?? ""),
  );
  expect(templates.filter((path) => !named.has(path) && !path.endsWith("kubeworkers.yaml"))).toEqual([]);
});
