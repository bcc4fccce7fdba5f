/** What every bay type's templates keep to; Heat's own view of them is scripts/check-templates.py. */
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { fileTemplates } from "./file-templates.ts";
import { sampleBay, sampleBays } from "./sample-bay.ts";
import { seedBayTypes } from "./seed-bay-types.ts";

const parameterSchema = z.object({ type: z.string(), hidden: z.boolean().optional() }).loose();
const templateSchema = z.object({
  parameters: z.record(z.string(), parameterSchema),
  resources: z
    .record(z.string(), z.object({ type: z.string(), properties: z.unknown().optional() }).loose())
    .default({}),
});
const readTemplate = (text: string): z.infer<typeof templateSchema> => templateSchema.parse(parse(text));
const isNodeTemplate = (name: string, text: string): boolean =>
  name.endsWith(".yaml") && text.startsWith("heat_template");

/** Every map in a template that has this key. */
function mapsWith(key: string, value: unknown): Record<string, unknown>[] {
  if (Array.isArray(value)) return value.flatMap((item) => mapsWith(key, item));
  if (typeof value !== "object" || value === null) return [];
  const map = value as Record<string, unknown>;
  return [...(Object.hasOwn(map, key) ? [map] : []), ...Object.values(map).flatMap((item) => mapsWith(key, item))];
}

describe.each(seedBayTypes(fileTemplates()).map((bayType) => ({ name: bayType.name, bayType })))(
  "$name",
  ({ bayType }) => {
    const bays = Object.entries(sampleBays(bayType));
    const stack = bayType.stackFor(sampleBay());
    const template = readTemplate(stack.template);
    const nested = Object.entries(stack.files).filter(([name, text]) => isNodeTemplate(name, text));

    test.each(bays)("passes only declared parameters, and all required ones: %s", (_, bay) => {
      expect(bayType.checkSpec(bay)).toEqual([]);
      const passed = Object.keys(bayType.stackFor(bay).parameters);
      const required = Object.entries(template.parameters).filter(([, one]) => !("default" in one));
      expect(Object.keys(template.parameters)).toEqual(expect.arrayContaining(passed));
      expect(passed).toEqual(expect.arrayContaining(required.map(([name]) => name)));
    });

    test("is marked by the bay's uuid as a parameter", () => {
      expect(stack.parameters["bay_uuid"]).toBe(sampleBay().uuid);
      expect(template.parameters["bay_uuid"]).toBeDefined();
    });

    test("hides secrets in every template", () => {
      for (const text of [stack.template, ...nested.map(([, text]) => text)]) {
        for (const [name, one] of Object.entries(readTemplate(text).parameters)) {
          expect([name, one.hidden ?? false]).toEqual([
            name,
            /password|trust_id|secret|token|completion_url|^parts$/.test(name),
          ]);
        }
      }
    });

    test("carries every file that its templates name, and no other", () => {
      const named = new Set(
        [stack.template, ...nested.map(([, text]) => text)].flatMap((text) => [
          ...mapsWith("get_file", parse(text)).map((map) => map["get_file"]),
          ...mapsWith("type", parse(text))
            .map((map) => map["type"])
            .filter((type) => typeof type === "string" && type.endsWith(".yaml")),
        ]),
      );
      for (const type of Object.values(stack.environment.resource_registry))
        if (type.endsWith(".yaml")) named.add(type);
      expect(new Set(Object.keys(stack.files))).toEqual(named);
    });

    test("gives each nested template just the parameters it declares", () => {
      for (const [name, text] of nested) {
        const declared = Object.keys(readTemplate(text).parameters).sort();
        const calls = [stack.template, ...nested.map(([, other]) => other)].flatMap((other) =>
          mapsWith("type", parse(other)).filter(
            ({ type }) => type === name || stack.environment.resource_registry[String(type)] === name,
          ),
        );
        expect(calls.length).toBeGreaterThan(0);
        for (const call of calls) expect(Object.keys(call["properties"] as object).sort()).toEqual(declared);
      }
    });

    test("uses every parameter it declares", () => {
      for (const text of [stack.template, ...nested.map(([, text]) => text)]) {
        const used = new Set(mapsWith("get_param", parse(text)).flatMap((map) => [map["get_param"]].flat()));
        const unused = Object.keys(readTemplate(text).parameters).filter((name) => !used.has(name));
        // bay_uuid marks the stack even where no node needs it
        expect(unused.filter((name) => name !== "bay_uuid")).toEqual([]);
      }
    });

    test("fills every place of each node's heat-params, which only root may read", () => {
      for (const text of [stack.template, ...nested.map(([, text]) => text)]) {
        for (const replace of mapsWith("str_replace", parse(text)).filter(
          (map) => mapsWith("get_file", map).length > 0,
        )) {
          const { template: file, params } = replace["str_replace"] as {
            template: { get_file: string };
            params: object;
          };
          const source = stack.files[file.get_file] ?? "";
          if (!source.startsWith("#cloud-config")) continue; // a text that is put together, or a script
          expect(new Set(source.match(/@[A-Z0-9_]+@/g))).toEqual(new Set(Object.keys(params)));
          const modes = mapsWith("permissions", source.startsWith("#cloud-config") ? parse(source) : []);
          expect(modes.map((one) => one["permissions"]).filter((mode) => mode !== "0600")).toEqual([]);
        }
      }
    });

    test("never replaces a running server because its boot script is newer", () => {
      const servers = nested.flatMap(([, text]) =>
        Object.values(readTemplate(text).resources).filter((one) => one.type === "Jeroboam::Server"),
      );
      expect(servers.length).toBeGreaterThan(0);
      for (const server of servers) expect(server.properties).toMatchObject({ user_data_update_policy: "IGNORE" });
    });

    test("fetches by https alone, unless a laboratory allows plain HTTP", () => {
      const scripts = Object.entries(stack.files).filter(([name]) => name.endsWith(".sh"));
      for (const [name, text] of scripts) {
        expect([name, text.match(/http:\/\/(?!127\.0\.0\.1|169\.254\.169\.254\/)[a-z0-9]\S*/gi)]).toEqual([name, null]);
      }
      expect(bayType.stackFor(sampleBay()).parameters["plain_http_allowed"]).toBe(false);
    });

    test("boots from a volume by the environment alone", () => {
      const onVolume = bayType.stackFor(sampleBay({ labels: { boot_volume_size: "20", boot_volume_type: "ssd" } }));
      expect(stack.environment.resource_registry["Jeroboam::Server"]).toBe("OS::Nova::Server");
      expect(stack.environment.parameter_defaults).toEqual({});
      expect(onVolume.environment.parameter_defaults).toEqual({ boot_volume_size: 20, boot_volume_type: "ssd" });
      expect(onVolume.files[onVolume.environment.resource_registry["Jeroboam::Server"] ?? ""]).toContain(
        "boot_index: 0",
      );
    });

    test("defines the same bay the same way each time", () => {
      expect(bayType.stackFor(sampleBay())).toEqual(bayType.stackFor(sampleBay()));
    });

    test("refuses a password that a script or JSON would have to quote", () => {
      const { nodeCredential } = sampleBay();
      for (const password of ["it's", 'a"b', "a\\b", "a\nb"]) {
        const volumeDriver = bayType.coe === "mesos" ? "rexray" : null; // without it, Mesos' nodes get no password
        const bay = sampleBay({ volumeDriver, nodeCredential: { ...nodeCredential, password } });
        expect(() => bayType.stackFor(bay)).toThrow("password");
      }
    });

    test("passes an own authority so that a script can hold it", () => {
      const { parameters } = bayType.stackFor(sampleBay({ openstackCa: "-----BEGIN CERTIFICATE-----\nMIIB\n" }));
      expect(parameters["openstack_ca"]).toBe(btoa("-----BEGIN CERTIFICATE-----\nMIIB\n"));
    });

    test("describes every label it knows, and says which it does not", () => {
      for (const label of Object.values(bayType.labels.shape)) {
        expect((label as z.ZodType).description).toMatch(/\w+/);
      }
      expect(bayType.unknownLabels({ boot_volume_size: "20", kube_tagg: "v1" })).toEqual(["kube_tagg"]);
    });
  },
);
