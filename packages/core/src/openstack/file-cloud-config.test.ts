import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadCloudConfig, readTlsOptions } from "./file-cloud-config.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "clouds-"));
  for (const name of ["here", "home", "etc"]) mkdirSync(join(root, name));
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (path: string, content: string): void => writeFileSync(join(root, path), content);
const load = (environment: Record<string, string>) =>
  loadCloudConfig({ environment, folders: ["here", "home", "etc"].map((name) => join(root, name)) });
const cloud = (user: string): string =>
  `clouds: {lab: {auth: {auth_url: "https://k", username: ${user}, password: pw, project_id: p}}}`;

const user = (name: string) => ({ config: { credentials: { user: { name } } } });

test("the first clouds.yaml in the order of the folders counts, unless a variable names another", async () => {
  write("etc/clouds.yaml", cloud("from-etc"));
  expect(await load({ OS_CLOUD: "lab" })).toMatchObject(user("from-etc"));
  write("home/clouds.yml", cloud("from-home"));
  expect(await load({ OS_CLOUD: "lab" })).toMatchObject(user("from-home"));
  write("here/clouds.yaml", cloud("from-here"));
  expect(await load({ OS_CLOUD: "lab" })).toMatchObject(user("from-here"));
  write("named.yaml", cloud("named"));
  expect(await load({ OS_CLOUD: "lab", OS_CLIENT_CONFIG_FILE: join(root, "named.yaml") })).toMatchObject(user("named"));
});

test("secure.yaml is found on its own", async () => {
  write("here/clouds.yaml", cloud("u"));
  write("etc/secure.yaml", "clouds: {lab: {auth: {password: better}}}");
  expect(await load({ OS_CLOUD: "lab" })).toMatchObject({ config: { credentials: { password: "better" } } });
});

test("a file that cannot serve is named, what it holds is not shown", async () => {
  write("here/clouds.yaml", "clouds: {lab: {auth: {password: canary");
  const outcome = await load({ OS_CLOUD: "lab" });
  expect(outcome).toMatchObject({
    kind: "invalid",
    problems: [expect.stringContaining("here/clouds.yaml is not YAML")],
  });
  expect(JSON.stringify(outcome)).not.toContain("canary");
  const missing = await load({ OS_CLOUD: "lab", OS_CLIENT_CONFIG_FILE: join(root, "none.yaml") });
  expect(missing).toMatchObject({ problems: [expect.stringContaining("none.yaml")] });
});

test("the PEM files become what the HTTP port trusts and shows", () => {
  write("ca.pem", "CA");
  write("us.pem", "CERT AND KEY");
  const config = {
    authUrl: "https://k/v3",
    interface: "public" as const,
    credentials: { kind: "token" as const, token: "t" },
    verify: true,
  };
  const paths = { cacertPath: join(root, "ca.pem"), certPath: join(root, "us.pem") };
  expect(readTlsOptions({ ...config, ...paths })).toEqual({
    verify: true,
    authorities: ["CA"],
    clientCertificate: { certificate: "CERT AND KEY", key: "CERT AND KEY" },
  });
  expect(readTlsOptions(config)).toEqual({ verify: true });
  expect(() => readTlsOptions({ ...config, cacertPath: join(root, "none.pem") })).toThrow(/none\.pem/);
});
