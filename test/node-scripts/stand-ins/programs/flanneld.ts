/** Stands in for flannel's daemon: takes a part of the network that etcd names, and says which where Docker's unit looks. */
import { mkdirSync, writeFileSync } from "node:fs";
import { ask, give, identityOf, note, optionsOf, ready } from "./stand-in.ts";

const words = process.argv.slice(2);
note(`flanneld ${words.join(" ")}`);
const options = optionsOf(words);
const option = (name: string): string => options.get(name) ?? give(`-${name} is missing`);
const etcd = identityOf(option("etcd-cafile"), option("etcd-certfile"), option("etcd-keyfile"));
const [endpoint = ""] = option("etcd-endpoints").split(",");
const keys = `${endpoint}/v2/keys${option("etcd-prefix")}`;
const { body } = await ask(`${keys}/config`, etcd);
const found = JSON.parse(body) as { node: { value: string } };
const { Network: network } = JSON.parse(found.node.value) as { Network: string };
const [first, second] = network.split(".");
const subnet = `${first}.${second}.${option("iface").split(".").at(-1)}`;
const form = "application/x-www-form-urlencoded";
const lease = `value=${encodeURIComponent(JSON.stringify({ PublicIP: option("iface") }))}`;
const { status } = await ask(`${keys}/subnets/${subnet}.0-24`, etcd, "PUT", lease, form);
if (status >= 300) give(`etcd: ${status}`);
mkdirSync("/run/flannel", { recursive: true });
writeFileSync(
  "/run/flannel/subnet.env",
  `FLANNEL_NETWORK=${network}\nFLANNEL_SUBNET=${subnet}.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n`,
);
ready();
setInterval(() => {}, 1_000_000);
