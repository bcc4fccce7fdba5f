/** The cloud's services as one session may ask them. */
import type { CloudLookups } from "../bay/cloud-references.ts";
import { findImage } from "./glance.ts";
import { findNetwork, findSubnet } from "./neutron.ts";
import { getProject } from "./keystone-directory.ts";
import { findFlavor, findKeypair } from "./nova.ts";
import type { CloudSession } from "./session.ts";

export function createCloudLookups(session: CloudSession): CloudLookups {
  return {
    image: (nameOrId) => findImage(session, nameOrId),
    flavor: (nameOrId) => findFlavor(session, nameOrId),
    keypair: (name) => findKeypair(session, name),
    network: (nameOrId) => findNetwork(session, nameOrId),
    subnet: (nameOrId) => findSubnet(session, nameOrId),
    project: (id) => getProject(session, id),
  };
}
