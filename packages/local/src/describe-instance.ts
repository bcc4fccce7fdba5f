/** What a person reads once everything runs: where things are, what to source, what to try. */
import type { Instance } from "./instance.ts";
import { quoted } from "./openrc.ts";

export function describeInstance(
  { apiUrl, cloud, folder }: Pick<Instance, "apiUrl" | "cloud" | "folder">,
  { version, readyMs }: { readonly version: string; readonly readyMs: number },
): string {
  const isSandbox = cloud.kind === "sandbox";
  return [
    `Jeroboam ${version} is ready (${(readyMs / 1_000).toFixed(2)} s)`,
    "",
    `  Container API   ${apiUrl}/v1`,
    `  Keystone        ${cloud.authUrl}${isSandbox ? "   (sandbox: a small OpenStack in this process)" : ""}`,
    `  Data            ${folder.path}`,
    "",
    ...(isSandbox ? sandboxLines(folder.openrcPath) : cloudLines(apiUrl)),
    "",
    "Ctrl-C stops it; what goes on is taken up again at the next start.",
  ].join("\n");
}

function sandboxLines(openrcPath: string): readonly string[] {
  return [
    "In another terminal (clients: apt-get install python3-openstackclient python3-magnumclient):",
    "",
    `  . ${quoted(openrcPath)}`,
    "  openstack coe cluster template create k8s --coe kubernetes --image fedora-21-atomic-3 --external-network public",
    "  openstack coe cluster create first --cluster-template k8s --keypair default --node-count 2",
    "  openstack coe cluster show first",
  ];
}

function cloudLines(apiUrl: string): readonly string[] {
  return [
    "Clients find it by the catalog, where an administrator registers it once:",
    "",
    "  openstack service create --name magnum container-infra",
    `  openstack endpoint create container-infra public ${apiUrl}/v1`,
    "  openstack coe cluster template list",
  ];
}
