/**
 * A bay's servers, each in namespaces of its own on a network of the bay, with what the sandbox's Heat tells them. A server
 * that has booted goes on running, so that others can join it, until it is removed or the bay is closed.
 */
import type { ChildProcess } from "node:child_process";
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { BayTypeInput } from "@jeroboam/coe/bay-type";
import { fileTemplates } from "@jeroboam/coe/file-templates";
import { sampleBay } from "@jeroboam/coe/sample-bay";
import { seedBayTypes } from "@jeroboam/coe/seed-bay-types";
import type { KeyAndCertificate } from "@jeroboam/core/certificate/authority";
import { createAuthority } from "@jeroboam/core/certificate/authority";
import { systemClock } from "@jeroboam/core/clock/system-clock";
import { systemRandom } from "@jeroboam/core/random/system-random";
import type { Image } from "./images.ts";
import { publish } from "./publishers.ts";
import { firstBootsOf } from "./user-data.ts";

const HOSTS = [
  "container.example.org",
  "identity.example.org",
  "cloud.test",
  "dl.k8s.io",
  "github.com",
  "get.helm.sh",
  "flannel-io.github.io",
  "charts.example.org",
  "download.docker.com",
];
/** Those that the sandbox has, by their `os_distro`. */
const IMAGES: Readonly<Record<string, string>> = {
  "fedora-atomic": "fedora-21-atomic-3",
  coreos: "coreos-stable",
  ubuntu: "ubuntu-24.04",
  "fedora-coreos": "fedora-coreos-latest",
};
/** What nodes make their addresses of. */
export const CALLBACK_SECRET = "0123.4567.89.keyOfCallbacks_-0";
const CALLBACK = `https://container.example.org/v1/callbacks/${CALLBACK_SECRET}`;
const BOOT_TIMEOUT_MS = 150_000;

export const openssl = (...words: string[]): string =>
  execFileSync("openssl", words, { encoding: "utf8", stdio: "pipe" });

export interface Asked {
  readonly from: string;
  readonly host: string;
  readonly path: string;
  readonly method: string;
  readonly body: string;
  readonly status: number;
}

/** What a server's first boot came to. */
export interface Boot {
  readonly name: string;
  readonly address: string;
  readonly status: number;
  readonly log: string;
  /** What it asked of the world, in order. */
  readonly asked: readonly Asked[];
  /** How the stand-ins were called. */
  readonly calls: readonly string[];
  /** A file's path outside, where it can be looked at while the server is up. */
  readonly pathOf: (path: string) => string;
  readonly read: (path: string) => string;
  readonly modeOf: (path: string) => string;
}

export interface Bay {
  readonly certificate: string;
  /** Of the authority that comes to replace it. */
  readonly nextCertificate: string;
  /** What all servers find in their metadata from now on, and with it what the service does. */
  mark(name: "certificate_rotation" | "master_upgrade", text: string): void;
  /** What a master is told that is made now, or comes to it: that of a bay with these labels. */
  offer(labels: Readonly<Record<string, string>>): void;
  /** Everything that was asked of the world so far, in order. */
  asked(): readonly Asked[];
  boot(node: string): Promise<Boot>;
  /** Runs a command on a server that is up. */
  run(node: string, ...words: string[]): string;
  /** The server is no more, nor is its disk. */
  remove(node: string): Promise<void>;
  close(): Promise<void>;
}

export interface BayOptions {
  /** A function of what publishers' digests are. */
  readonly bay?: (digests: Readonly<Record<string, string>>) => Partial<BayTypeInput>;
  /** What is published is not what its checksum says. */
  readonly isTampered?: boolean;
  readonly image?: Image;
  /** Programs of the image that are real ones: where they are here, by their names. */
  readonly programs?: Readonly<Record<string, string>>;
  /** What publishers have besides; what user data says otherwise. */
  readonly published?: Readonly<Record<string, string>>;
  readonly replaced?: readonly (readonly [string, string])[];
}

export async function openBay(typeName: string, options: BayOptions = {}): Promise<Bay> {
  const folder = mkdtempSync(join(tmpdir(), "node-scripts-"));
  const at = (...names: string[]): string => join(folder, ...names);
  const make = () => createAuthority({ clock: systemClock, random: systemRandom }, "blue");
  const [authority, next] = [await make(), await make()];
  makeAuthorities(folder, authority, next);
  const digests = publish(folder, { isTampered: options.isTampered ?? false });
  for (const [path, content] of Object.entries(options.published ?? {})) writeInto(at("published", path), content);
  writeFileSync(at("hosts"), HOSTS.join("\n"));
  const bayType = seedBayTypes(fileTemplates()).find(({ name }) => name === typeName);
  if (!bayType) throw new Error(typeName);
  const firstBoots = await firstBootsOf(
    bayType,
    sampleBay({
      imageId: IMAGES[bayType.provides[0]?.os ?? ""] ?? "",
      completionUrl: CALLBACK,
      openstackCa: readFileSync(at("world-ca.crt"), "utf8"),
      nodeCount: 1,
      ...options.bay?.(digests),
    }),
  );
  const world = await startWorld(folder);
  const servers = new Map<string, Server>();

  const remove = async (node: string): Promise<void> => {
    await servers.get(node)?.stop();
    servers.delete(node);
    rmSync(at(node), { recursive: true, force: true });
  };
  return {
    certificate: authority.certificate,
    nextCertificate: next.certificate,
    mark: (name, text) => writeFileSync(at(`mark-${name}`), text),
    offer: (labels) =>
      writeFileSync(
        at("versions"),
        JSON.stringify(bayType.upgrade?.masters?.versionsOf({ networkDriver: null, labels })),
      ),
    asked: () => askedIn(at("asked.jsonl")),
    async boot(node) {
      const firstBoot = firstBoots.get(`blue-${node}`);
      if (!firstBoot) throw new Error(`no user data for ${node}`);
      let address = "";
      for (const [path, content] of Object.entries(options.image ?? {})) {
        writeInto(at(node, "files", path), content, content.startsWith("#!") ? 0o755 : 0o644);
      }
      for (const { path, mode, content } of firstBoot.files) {
        // The sandbox's own address, under which no name stands here.
        const replaced = [["http://cloud.test", "https://cloud.test"] as const, ...(options.replaced ?? [])];
        const text = replaced.reduce((all, [from, to]) => all.replaceAll(from, to), content);
        address = /NODE_IP='([^']+)'/.exec(text)?.[1] ?? address;
        writeInto(at(node, "files", path), text, mode);
      }
      const programs = Object.entries(options.programs ?? {}).map((entry) => `${entry.join(" ")}\n`);
      writeInto(at(node, "programs"), programs.join(""));
      const before = askedIn(at("asked.jsonl")).length;
      const server = await startServer(folder, node, { start: firstBoot.start, address, world });
      servers.set(node, server);
      // The server's disk is mounted where it alone sees it.
      const pathOf = (path: string): string => join(`/proc/${server.pid}/root`, at(node, "root"), path);
      const read = (path: string): string => readFileSync(pathOf(path), "utf8");
      return {
        name: `blue-${node}`,
        address,
        status: server.status,
        log: readFileSync(at(node, "boot.log"), "utf8"),
        asked: askedIn(at("asked.jsonl"))
          .slice(before)
          .filter(({ from }) => from === address),
        calls: read("run/calls").trim().split("\n"),
        pathOf,
        read,
        modeOf: (path) => (statSync(pathOf(path)).mode & 0o777).toString(8),
      };
    },
    run(node, ...words) {
      const server = servers.get(node);
      if (!server) throw new Error(`${node} is not up`);
      const within = ["--target", String(server.pid), "--mount", "--net", "--pid"];
      return execFileSync("nsenter", [...within, "chroot", at(node, "root"), ...words], {
        encoding: "utf8",
        stdio: "pipe",
      });
    },
    remove,
    async close() {
      await Promise.all([...servers.keys()].map(remove));
      world.child.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function writeInto(path: string, content: string, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  chmodSync(path, mode);
}

const askedIn = (path: string): readonly Asked[] =>
  existsSync(path)
    ? readFileSync(path, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Asked)
    : [];

interface World {
  readonly child: ChildProcess;
  readonly network: string;
}

/** Its process ends with this one, for it reads from it. */
async function startWorld(folder: string): Promise<World> {
  const script = join(import.meta.dirname, "world.sh");
  const child = spawn("unshare", ["--net", "bash", script, folder, process.execPath], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await lineOf(child, /ready/);
  return { child, network: `/proc/${child.pid ?? 0}/ns/net` };
}

interface Server {
  readonly status: number;
  /** Of the first process within, as it is known here. */
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

async function startServer(
  folder: string,
  node: string,
  { start, address, world }: { readonly start: string; readonly address: string; readonly world: World },
): Promise<Server> {
  const words = ["--mount", "--net", "--uts", "--pid", "--fork", "--kill-child", "--propagation", "private", "bash"];
  const script = join(import.meta.dirname, "node.sh");
  const own = [join(folder, node), folder, start, address, world.network, process.execPath];
  const child = spawn("unshare", [...words, script, ...own], { stdio: ["pipe", "pipe", "pipe"] });
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  const [, status = ""] = await lineOf(child, /^booted (\d+)$/m).catch((error: unknown) => {
    throw new Error(`${node}: ${String(error)}\n${logsIn(join(folder, node))}`);
  });
  const children = readFileSync(`/proc/${child.pid ?? 0}/task/${child.pid ?? 0}/children`, "utf8");
  return {
    status: Number(status),
    pid: Number(children.trim().split(" ")[0]),
    stop() {
      child.kill("SIGKILL"); // unshare lets all others pass
      return ended;
    },
  };
}

/** What the boot script said and what each service said. */
function logsIn(folder: string): string {
  const services = join(folder, "services");
  const files = existsSync(services) ? readdirSync(services).filter((name) => name.endsWith(".log")) : [];
  return [join(folder, "boot.log"), ...files.map((name) => join(services, name))]
    .filter((path) => existsSync(path))
    .map((path) => `--- ${path}\n${readFileSync(path, "utf8").slice(-4000)}`)
    .join("\n");
}

/** Waits for what a process says. */
function lineOf(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let text = "";
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`not within ${BOOT_TIMEOUT_MS} ms: ${text}`));
    }, BOOT_TIMEOUT_MS);
    const look = (part: Buffer): void => {
      text += part.toString();
      const found = pattern.exec(text);
      if (!found) return;
      clearTimeout(timer);
      resolve(found);
    };
    child.stdout?.on("data", look);
    child.stderr?.on("data", (part: Buffer) => (text += part.toString()));
    child.on("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`ended with ${code}: ${text}`));
    });
  });
}

/** The bay's, and the one that replaces it, by the service's own code; and one for every name in the world. */
function makeAuthorities(folder: string, bay: KeyAndCertificate, next: KeyAndCertificate): void {
  const at = (name: string): string => join(folder, name);
  for (const [name, { certificate, privateKey }] of Object.entries({ "bay-ca": bay, "next-ca": next })) {
    writeFileSync(at(`${name}.crt`), certificate);
    writeFileSync(at(`${name}.key`), privateKey);
  }
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const root = ["-keyout", at("world-ca.key"), "-out", at("world-ca.crt"), "-days", "2", "-subj", "/CN=world"];
  openssl("req", "-x509", ...key, ...root);
  openssl("req", ...key, "-keyout", at("world.key"), "-out", at("world.csr"), "-subj", "/CN=world.test");
  writeFileSync(at("world.ext"), `subjectAltName=${HOSTS.map((host) => `DNS:${host}`).join(",")}`);
  const signing = ["-CA", at("world-ca.crt"), "-CAkey", at("world-ca.key"), "-CAcreateserial", "-days", "2"];
  openssl("x509", "-req", "-in", at("world.csr"), ...signing, "-extfile", at("world.ext"), "-out", at("world.crt"));
}

export const signals = ({ asked }: Boot) =>
  asked
    .filter(({ path }) => path.endsWith("/signal"))
    .map(({ body }) => JSON.parse(body) as { status: string; reason: string });
export const callbacks = ({ asked }: Boot) => asked.filter(({ path }) => path.startsWith("/v1/callbacks/"));
