/**
 * A cloud that has whatever is asked for, for tests, but for names that say what is wrong with them: `gone…` is nowhere,
 * `twins…` is two, `locked…` is somebody else's; `diskless…` is a flavor without a root disk. Images are few. Of
 * key pairs `only-USER` is that user's alone, and of `each…` everybody has another.
 */
import type { CloudLookups, Lookup } from "@jeroboam/core/bay/cloud-references";
import type { Image } from "@jeroboam/core/openstack/glance";

const DISTROS: Readonly<Record<string, string | null>> = {
  atomic: "fedora-atomic",
  "atomic-25": "fedora-atomic",
  "fedora-21-atomic-3": "fedora-atomic",
  mesos: "ubuntu",
  noble: "ubuntu",
  plain: null,
  windows: "windows",
};

export function createFakeLookups(note: (asked: string) => void, userId = ""): CloudLookups {
  const lookUp = async <Value>(what: string, name: string, value: Value): Promise<Lookup<Value>> => {
    note(`${what} ${name}`);
    await Promise.resolve();
    if (name.startsWith("gone")) return { kind: "missing" };
    if (name.startsWith("twins")) return { kind: "ambiguous", ids: ["one", "two"] };
    if (name.startsWith("locked")) return { kind: "refused", cause: "forbidden", reason: `${what} refused: not yours` };
    return { kind: "found", value };
  };
  return {
    image(name) {
      const isKnown = Object.hasOwn(DISTROS, name) || /^(gone|twins|locked)/.test(name);
      if (!isKnown) return Promise.resolve({ kind: "missing" });
      const image: Image = { id: `image-${name}`, name, status: "active", os_distro: DISTROS[name] ?? null };
      return lookUp("image", name, image);
    },
    flavor: (name) =>
      lookUp("flavor", name, { id: name, name, vcpus: 1, ram: 2_048, disk: name.startsWith("diskless") ? 0 : 20 }),
    keypair: (name) =>
      name.startsWith("only-") && name !== `only-${userId}`
        ? Promise.resolve({ kind: "missing" })
        : lookUp("keypair", name, { name, ...(name.startsWith("each") && { public_key: `ssh-rsa ${userId} remark` }) }),
    network: (name) =>
      lookUp("network", name, {
        id: `network-${name}`,
        name,
        "router:external": name.startsWith("inside") ? false : null,
      }),
    // A subnet of the network that its name holds: `net.subnet`; else of the network `net`.
    subnet: (name) =>
      lookUp("subnet", name, {
        id: name,
        name,
        network_id: `network-${name.includes(".") ? name.split(".")[0] : "net"}`,
      }),
    project: (id) => lookUp("project", id, { id, name: `project ${id}` }),
  };
}
