/** Docker's objects as the API shows them: one engine's, and classic Swarm's with the node that each is on (engine sheet 2.5, 3). */
import type { Json, JsonMap } from "../../json.ts";
import { findFlavor } from "../../nova/compute.ts";
import { agentStopped } from "../faults.ts";
import type { EngineNode } from "../records.ts";
import { listContainers, stateOf } from "./containers.ts";
import type { Container, Place } from "./containers.ts";

interface View extends Place {
  readonly now: number;
  readonly isClassic: boolean;
}

/** The nodes that run containers and answer: masters too, whose agents are known to the managers as the workers' are. */
export const nodesOf = (view: Place): EngineNode[] => allNodes(view).filter((one) => isWell(view, one));

const allNodes = ({ cloud, engine }: Place): EngineNode[] =>
  cloud.engines.nodes.group(engine.id).filter(({ setup }) => setup === "done");

export const isWell = ({ cloud, engine }: Place, node: EngineNode): boolean =>
  node.lostAtMs === null && agentStopped(cloud, engine, node) === null;

const NEVER = "0001-01-01T00:00:00Z";
const iso = (ms: number | null): string => (ms === null ? NEVER : new Date(ms).toISOString());

function since(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 1) return "Less than a second";
  if (seconds < 60) return `${seconds} second${seconds === 1 ? "" : "s"}`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return minutes === 1 ? "About a minute" : `${minutes} minutes`;
  const hours = Math.floor(minutes / 60);
  return hours === 1 ? "About an hour" : `${hours} hours`;
}

function sentenceOf(view: View, one: Container): string {
  const { status, startedAtMs, finishedAtMs, exitCode } = stateOf(one, view.now);
  switch (status) {
    case "created":
      return "Created";
    case "running":
      return `Up ${since(view.now - (startedAtMs ?? 0))}`;
    case "paused":
      return `Up ${since(view.now - (startedAtMs ?? 0))} (Paused)`;
    case "exited":
      return `Exited (${exitCode}) ${since(view.now - (finishedAtMs ?? 0))} ago`;
    default:
      return status satisfies never;
  }
}

export function summaryOf(view: View, one: Container): JsonMap {
  const node = view.cloud.engines.nodes.get(one.nodeId);
  return {
    Id: one.id,
    Names: [view.isClassic && node ? `/${node.name}/${one.name}` : `/${one.name}`],
    Image: one.image,
    ImageID: "",
    Command: [...(one.entrypoint ?? []), ...(one.command ?? [])].join(" "),
    Created: Math.floor(one.createdAtMs / 1_000),
    Ports: [],
    Labels: one.labels,
    State: stateOf(one, view.now).status,
    Status: sentenceOf(view, one),
    HostConfig: { NetworkMode: "default" },
    NetworkSettings: { Networks: {} },
    Mounts: [],
  };
}

export function detailOf(view: View, one: Container): JsonMap {
  const { status, startedAtMs, finishedAtMs, exitCode } = stateOf(one, view.now);
  const node = view.cloud.engines.nodes.get(one.nodeId);
  const [path = "", ...given] = [...(one.entrypoint ?? []), ...(one.command ?? [])];
  return {
    Id: one.id,
    Created: iso(one.createdAtMs),
    Path: path,
    Args: given,
    State: {
      Status: status,
      Running: status === "running" || status === "paused",
      Paused: status === "paused",
      Restarting: false,
      OOMKilled: false,
      Dead: false,
      Pid: status === "running" || status === "paused" ? 1_000 : 0,
      ExitCode: exitCode,
      Error: one.error,
      StartedAt: iso(startedAtMs),
      FinishedAt: iso(finishedAtMs),
    },
    Image: "",
    Name: `/${one.name}`,
    RestartCount: 0,
    Config: {
      Hostname: one.hostname,
      Image: one.image,
      Env: one.environment,
      Cmd: one.command,
      Entrypoint: one.entrypoint,
      Labels: one.labels,
      Tty: one.hasTerminal,
    },
    HostConfig: one.hostConfig,
    NetworkSettings: { IPAddress: "", Networks: {}, Ports: {} },
    ...(view.isClassic &&
      node && {
        Node: {
          ID: node.id,
          IP: node.privateAddress,
          Addr: `${node.privateAddress}:2375`,
          Name: node.name,
          ...sizeOf(view, node),
          Labels: {},
        },
      }),
  };
}

export function sizeOf({ cloud }: Place, node: EngineNode): { Cpus: number; Memory: number } {
  const server = cloud.nova.servers.get(node.id);
  const flavor = server && findFlavor(cloud, server.flavorId);
  return { Cpus: flavor?.vcpus ?? 1, Memory: (flavor?.ramMb ?? 1_024) * 1024 * 1024 };
}

const GIB = 1024 ** 3;

export function infoOf(view: View): JsonMap {
  const containers = listContainers(view);
  const count = (status: string): number => containers.filter((one) => stateOf(one, view.now).status === status).length;
  const nodes = allNodes(view);
  const sizes = nodes.map((node) => sizeOf(view, node));
  const common: JsonMap = {
    ID: view.engine.id,
    Containers: containers.length,
    ContainersRunning: count("running"),
    ContainersPaused: count("paused"),
    ContainersStopped: count("exited") + count("created"),
    Images: view.cloud.engines.objects.group(`${view.engine.id}/images`).length,
    NCPU: sizes.reduce((sum, { Cpus }) => sum + Cpus, 0),
    MemTotal: sizes.reduce((sum, { Memory }) => sum + Memory, 0),
    Name: nodes.find(({ role }) => role === "master")?.name ?? "",
  };
  if (!view.isClassic) return { ...common, ServerVersion: "20.10.24", Driver: "overlay2", DriverStatus: [] };
  const blocks = nodes.flatMap((node) => blockOf(view, node));
  return {
    ...common,
    ServerVersion: "swarm/1.2.9",
    SystemStatus: [
      ["Role", "primary"],
      ["Strategy", "spread"],
      ["Filters", "health, port, containerslots, dependency, affinity, constraint, whitelist"],
      ["Nodes", String(nodes.length)],
      ...blocks,
    ],
  };
}

function blockOf(view: View, node: EngineNode): Json[][] {
  const own = listContainers(view).filter(({ nodeId }) => nodeId === node.id);
  const count = (status: string): number => own.filter((one) => stateOf(one, view.now).status === status).length;
  const { Cpus, Memory } = sizeOf(view, node);
  const well = isWell(view, node);
  return [
    [` ${node.name}`, `${node.privateAddress}:2375`],
    ["  └ ID", node.id],
    ["  └ Status", well ? "Healthy" : "Unhealthy"],
    [
      "  └ Containers",
      `${own.length} (${count("running")} Running, ${count("paused")} Paused, ${count("exited") + count("created")} Stopped)`,
    ],
    ["  └ Reserved CPUs", `0 / ${Cpus}`],
    ["  └ Reserved Memory", `0 B / ${(Memory / GIB).toFixed(2)} GiB`],
    ["  └ Labels", "kernelversion=6.1.0, operatingsystem=linux, storagedriver=overlay2"],
    ...(well ? [] : [["  └ Error", "Cannot connect to the docker engine endpoint"]]),
    ["  └ UpdatedAt", new Date(view.now).toISOString()],
    ["  └ ServerVersion", "20.10.24"],
  ];
}
