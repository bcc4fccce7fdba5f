/**
 * The cloud's configuration from this machine: the environment, clouds.yaml and secure.yaml where openstacksdk looks for
 * them (`OS_CLIENT_CONFIG_FILE`, the working directory, ~/.config/openstack, /etc/openstack), and the PEM files they name.
 */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { textOf } from "../errors.ts";
import { readCloudConfig } from "./cloud-config.ts";
import type { CloudConfig, CloudConfigOutcome } from "./cloud-config.ts";
import type { FetchHttpOptions } from "./fetch-http.ts";

export interface ConfigPlaces {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Searched in this order for clouds.yaml and for secure.yaml. */
  readonly folders: readonly string[];
}

/** Where this process looks. */
export function systemConfigPlaces(): ConfigPlaces {
  const home = process.env["XDG_CONFIG_HOME"] ?? join(homedir(), ".config");
  return { environment: process.env, folders: [process.cwd(), join(home, "openstack"), "/etc/openstack"] };
}

/** The configured cloud. Files that cannot be read or are not YAML are problems too. */
export async function loadCloudConfig(places: ConfigPlaces): Promise<CloudConfigOutcome> {
  const { environment } = places;
  if (!environment["OS_CLOUD"]) return readCloudConfig(environment, {});
  try {
    return readCloudConfig(environment, {
      clouds: await readFirst(places.folders, "clouds", environment["OS_CLIENT_CONFIG_FILE"]),
      secure: await readFirst(places.folders, "secure", environment["OS_CLIENT_SECURE_FILE"]),
    });
  } catch (error) {
    // A file that is there but cannot serve: the reader is a person at start-up.
    return { kind: "invalid", problems: [textOf(error)] };
  }
}

/** What the HTTP port needs to speak to this cloud. Throws, naming the file, when one cannot be read. */
export function readTlsOptions(config: CloudConfig): FetchHttpOptions {
  const { verify, cacertPath, certPath, keyPath } = config;
  return {
    verify,
    ...(cacertPath ? { authorities: [readText(cacertPath)] } : {}),
    ...(certPath ? { clientCertificate: { certificate: readText(certPath), key: readText(keyPath ?? certPath) } } : {}),
  };
}

async function readFirst(folders: readonly string[], stem: string, named: string | undefined): Promise<unknown> {
  const candidates = folders.flatMap((folder) => [`${stem}.yaml`, `${stem}.yml`].map((name) => join(folder, name)));
  const path = named ?? candidates.find((candidate) => existsSync(candidate));
  if (path === undefined) return undefined;
  const content = readText(path);
  // Loaded when a file is there alone: functions that are configured by variables start without a YAML parser.
  const { parse } = await import("yaml");
  try {
    return parse(content, { maxAliasCount: 100 });
  } catch (error) {
    // The parser's message quotes the file, which may hold passwords: its first line names the place alone.
    const place = /at line \d+, column \d+/.exec(textOf(error))?.[0] ?? "";
    throw new Error(`${path} is not YAML ${place}`.trim(), { cause: error });
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // The system's message names the path and what is wrong with it.
    throw new Error(`cannot read a file of the cloud's configuration: ${textOf(error)}`, { cause: error });
  }
}
