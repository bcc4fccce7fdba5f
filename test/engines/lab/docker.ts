/** A real dockerd over TLS, with an image made of Debian's busybox: as root, in mounts and control groups of its own. */
import { cpSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { createBayIdentity } from "./bay-identity.ts";
import { findProgram, freePort, openLab, run, until } from "./processes.ts";
import type { Lab } from "./processes.ts";
import { writeServerCertificate } from "./server-certificate.ts";
import { IMAGE } from "../place.ts";
import type { Place } from "../place.ts";

/** Undefined where everything is there; else what to install. */
export function whyNoDocker(): string | undefined {
  if (process.getuid?.() !== 0) return "a dockerd is started by root alone";
  const missing = ["dockerd", "containerd", "runc", "busybox", "openssl", "ip"].filter((name) => !findProgram(name));
  return missing.length === 0
    ? undefined
    : `${missing.join(", ")} not found (Debian: docker.io containerd runc busybox-static openssl iproute2)`;
}

const READY_WITHIN_MS = 30_000;

/** `isSwarm`: a manager of swarm mode, in a network of its own. */
export async function startDocker({ isSwarm }: { readonly isSwarm: boolean }): Promise<Place> {
  const lab = openLab();
  try {
    const identity = await createBayIdentity();
    const network = isSwarm ? makeNetwork(lab) : undefined;
    const address = network?.address ?? "127.0.0.1";
    const port = await freePort();
    const files = await writeServerCertificate(identity, lab.folder, [address]);
    const daemon = [
      "unshare",
      "--mount",
      "--propagation",
      "private",
      findProgram("dockerd") ?? "dockerd",
      "--data-root",
      join(lab.folder, "data"),
      "--exec-root",
      join(lab.folder, "exec"),
      "--pidfile",
      join(lab.folder, "docker.pid"),
      "--config-file",
      join(lab.folder, "none.json"),
      "-H",
      `unix://${join(lab.folder, "docker.sock")}`,
      "-H",
      `tcp://${address}:${port}`,
      "--tlsverify",
      "--tlscacert",
      files.authority,
      "--tlscert",
      files.certificate,
      "--tlskey",
      files.key,
      "--shutdown-timeout=1",
      "--iptables=false",
      "--ip6tables=false",
      "--storage-driver",
      "vfs",
      ...(isSwarm ? [] : ["--bridge=none"]),
    ];
    run("sh", "-c", `echo '{}' > ${join(lab.folder, "none.json")}`);
    const [command = "", ...options] = network ? ["nsenter", `--net=/run/netns/${network.name}`, ...daemon] : daemon;
    lab.start("dockerd", command, options);
    const socket = join(lab.folder, "docker.sock");
    const answers = async (): Promise<boolean> =>
      run("curl", "-sf", "--unix-socket", socket, "http://docker/_ping") === "OK";
    await until("dockerd", answers, READY_WITHIN_MS).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${lab.tail("dockerd")}`);
    });
    importImage(lab, socket);
    if (isSwarm) initSwarm(socket);
    return {
      coe: isSwarm ? "swarm-mode" : "swarm",
      apiAddress: `https://${address}:${port}`,
      identity,
      client: identity.client,
      hasTls: true,
      strangersSee: "certificate",
      close: () => lab.close(),
    };
  } catch (error) {
    await lab.close();
    throw error;
  }
}

/** A network namespace that this one reaches over a pair of interfaces. */
function makeNetwork(lab: Lab): { name: string; address: string } {
  const number = process.pid % 16_384;
  const name = `engines${number}`;
  // 100.64.0.0/10 is for such inner links.
  const [outside, inside] = [1, 2].map((last) => `100.${64 + (number >> 8)}.${number & 255}.${last}`);
  run("ip", "netns", "add", name);
  lab.defer(() => void run("ip", "netns", "delete", name));
  run("ip", "link", "add", `eo${number}`, "type", "veth", "peer", "name", `ei${number}`, "netns", name);
  run("ip", "address", "add", `${outside ?? ""}/30`, "dev", `eo${number}`);
  run("ip", "link", "set", `eo${number}`, "up");
  const within = ["--net=/run/netns/" + name, "ip"] as const;
  run("nsenter", ...within, "address", "add", `${inside ?? ""}/30`, "dev", `ei${number}`);
  run("nsenter", ...within, "link", "set", `ei${number}`, "up");
  run("nsenter", ...within, "link", "set", "lo", "up");
  return { name, address: inside ?? "" };
}

const COMMANDS = ["sh", "echo", "sleep", "cat", "env", "hostname", "true", "false"];

function importImage(lab: Lab, socket: string): void {
  const bin = join(lab.folder, "image", "bin");
  mkdirSync(bin, { recursive: true });
  cpSync(findProgram("busybox") ?? "busybox", join(bin, "busybox"), { dereference: true });
  for (const name of COMMANDS) symlinkSync("busybox", join(bin, name));
  const tar = join(lab.folder, "image.tar");
  run("tar", "-C", join(lab.folder, "image"), "-cf", tar, ".");
  const [repository = "", tag = ""] = IMAGE.split(":");
  const change = encodeURIComponent('CMD ["sleep", "1000000"]');
  const query = `fromSrc=-&repo=${repository}&tag=${tag}&changes=${change}`;
  run("curl", "-sSf", "--unix-socket", socket, "-X", "POST", "-T", tar, `http://docker/images/create?${query}`);
}

function initSwarm(socket: string): void {
  const body = JSON.stringify({ ListenAddr: "127.0.0.1:2377", AdvertiseAddr: "127.0.0.1", Spec: {} });
  const json = ["-H", "Content-Type: application/json", "-d", body];
  run("curl", "-sSf", "--unix-socket", socket, ...json, "http://docker/swarm/init");
}
