/**
 * Stands in for the services of an image with ZooKeeper, Mesos and Marathon: `mesos.ts NAME`. Each reads the settings that
 * its package reads, and answers when the one it relies on does.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { networkInterfaces } from "node:os";
import { connect, createServer as createTcpServer } from "node:net";
import { give, note, persist } from "./stand-in.ts";

const program = process.argv[2] ?? "";
const own = Object.values(networkInterfaces())
  .flatMap((all) => all ?? [])
  .map(({ address }) => address);
const isOwn = (address: string | undefined): boolean => own.includes(address ?? "");

/** One file a setting; the name of none begins with anything but a letter. */
function settingsIn(folder: string): Readonly<Record<string, string>> {
  if (!existsSync(folder)) return {};
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(`${folder}/${name}`, "utf8").trim()]),
  );
}

function serve(host: string, port: number, path: string, body: string): void {
  createServer(({ url }, response) => {
    response.writeHead(url === path ? 200 : 404).end(body);
  }).listen(port, host);
}

/** Until one server of a `zk://` address takes a connection. */
const reachZookeeper = (address: string, path: string): Promise<unknown> => {
  const [, servers = ""] = new RegExp(`^zk://([^/]+)/${path}$`).exec(address) ?? give(`${address} names no ${path}`);
  const [host = "", port = ""] = (servers.split(",")[0] ?? "").split(":");
  return persist(
    () =>
      new Promise((resolve, reject) => {
        const socket = connect(Number(port), host, () => resolve(socket.end()));
        socket.on("error", reject);
      }),
  );
};

if (program === "zookeeper") {
  const text = readFileSync("/etc/zookeeper/conf/zoo.cfg", "utf8");
  const settings = new Map(
    text
      .trim()
      .split("\n")
      .map((line) => line.split("=") as [string, string]),
  );
  const number = readFileSync(`${settings.get("dataDir") ?? ""}/myid`, "utf8").trim();
  const server = settings.get(`server.${number}`);
  note(`zookeeper is ${number}: ${server ?? "none"}`);
  if (!isOwn(server?.split(":")[0])) give(`server.${number} is not this node`);
  createTcpServer((socket) => socket.end()).listen(Number(settings.get("clientPort")));
} else if (program === "marathon") {
  const settings = settingsIn("/etc/marathon/conf");
  note(`marathon ${JSON.stringify([settings, process.env["MARATHON_MASTER"], process.env["MARATHON_ZK"]])}`);
  if (settings["master"] !== process.env["MARATHON_MASTER"]) give("files and environment differ");
  await reachZookeeper(process.env["MARATHON_MASTER"] ?? "", "mesos");
  await reachZookeeper(process.env["MARATHON_ZK"] ?? "", "marathon");
  serve("0.0.0.0", 8080, "/ping", "pong");
} else {
  const settings = settingsIn(`/etc/${program}`);
  note(`${program} ${JSON.stringify(settings)}`);
  const masters = readFileSync("/etc/mesos/zk", "utf8").trim();
  if (!isOwn(settings["ip"])) give(`${settings["ip"] ?? ""} is not this node`);
  await reachZookeeper(masters, "mesos");
  if (program === "mesos-master") {
    serve(settings["ip"] ?? "", 5050, "/health", "");
  } else {
    const master = /^zk:\/\/([^:]+)/.exec(masters)?.[1] ?? "";
    await persist(async () => {
      if (!(await fetch(`http://${master}:5050/health`)).ok) throw new Error("no master");
    });
    serve(settings["ip"] ?? "", 5051, "/metrics/snapshot", '{"slave\\/registered":1.0,"slave\\/uptime_secs":3}');
  }
}
setInterval(() => {}, 1_000_000);
