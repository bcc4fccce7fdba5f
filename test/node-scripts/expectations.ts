/** What holds of every server of every type, once it has booted. */
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Bay, Boot } from "./bay.ts";
import { callbackToken } from "@jeroboam/core/callback/callback";
import { CALLBACK_SECRET, callbacks, openssl, signals } from "./bay.ts";

/** The script ran to its end, and said so once to Heat and once to the service. */
export function expectSetUp(boot: Boot): void {
  expect([boot.status, boot.log]).toEqual([0, expect.stringContaining(" ready\n")]);
  expect(signals(boot)).toEqual([expect.objectContaining({ status: "SUCCESS", reason: `${boot.name} is set up` })]);
  const [called, ...others] = callbacks(boot).map(({ path }) => path);
  const word = called?.split(".").at(-2) ?? "";
  expect(word).toMatch(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect([called, others]).toEqual([`/v1/callbacks/${callbackToken(CALLBACK_SECRET, word)}`, []]);
  expect(JSON.parse(callbacks(boot)[0]?.body ?? "")).toMatchObject({ node: boot.name, status: "SUCCESS" });
}

const SECRETS = ["q7Kf0wXv2Zb9LrTn", "keyOfCallbacks_-0", "WAIT_TOKEN='", "PRIVATE KEY-----"];

/** What holds a credential, the key of callbacks or another, others than its owner and group cannot read. */
export function expectSecretsKept(boot: Boot): void {
  const open: string[] = [];
  let found = 0;
  for (const folder of ["etc", "opt", "srv", "var"]) {
    const top = boot.pathOf(folder);
    for (const name of readdirSync(top, { recursive: true, encoding: "utf8" })) {
      const path = join(top, name);
      const about = statSync(path, { throwIfNoEntry: false });
      if (!about?.isFile() || about.size > 1_000_000) continue;
      const text = readFileSync(path, "latin1");
      if (!SECRETS.some((secret) => text.includes(secret))) continue;
      found += 1;
      if ((about.mode & 0o007) !== 0) open.push(`${folder}/${name}`);
    }
  }
  expect(open).toEqual([]);
  expect(found).toBeGreaterThan(1);
  for (const file of ["heat-params", "node-params"]) expect(boot.modeOf(`etc/sysconfig/${file}`)).toBe("600");
}

/** What systemd itself says of the units that are there, of which these are to be started at each boot. */
export function expectUnits(bay: Bay, node: string, boot: Boot, names: readonly string[]): void {
  const units = names.map((name) => `${name}.service`);
  for (const name of names) expect(boot.calls).toContain(`systemctl enable ${name}`);
  expect(bay.run(node, "sh", "-c", `systemd-analyze verify --man=no ${units.join(" ")} 2>&1`)).toBe("");
}

/** Certificates of the bay's own authority, each with its key, whose subjects are these. */
export function expectCertificates(
  bay: Bay,
  boot: Boot,
  folder: string,
  subjects: Readonly<Record<string, string>>,
): void {
  const authority = boot.pathOf(`${folder}/ca.crt`);
  expect(readFileSync(authority, "utf8").trim()).toBe(bay.certificate.trim());
  for (const [name, subject] of Object.entries(subjects)) {
    const path = boot.pathOf(`${folder}/${name}`);
    openssl("verify", "-CAfile", authority, `${path}.crt`);
    expect(openssl("x509", "-noout", "-subject", "-in", `${path}.crt`)).toBe(`subject=${subject}\n`);
    const keyOf = (...words: string[]): string => openssl(...words);
    expect(keyOf("pkey", "-pubout", "-in", `${path}.key`)).toBe(
      keyOf("x509", "-noout", "-pubkey", "-in", `${path}.crt`),
    );
    expect([name, boot.modeOf(`${folder}/${name}.key`)]).toEqual([name, "440"]);
  }
}

/** The names and addresses that a certificate is for. */
export const namesIn = (path: string): readonly string[] =>
  openssl("x509", "-noout", "-ext", "subjectAltName", "-in", path)
    .split("\n")[1]
    ?.split(",")
    .map((name) => name.trim()) ?? [];
