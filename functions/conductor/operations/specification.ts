/** The steps that complete a bay's specification before its stack: certificates, and the nodes' own credential. */
import { bayModelUseKey } from "@jeroboam/core/bay-model/bay-model";
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import { nodeUserName, ownKeypair, secretContext } from "@jeroboam/core/bay/bay";
import { changeSpecification, readSpecification } from "@jeroboam/core/bay/specification-store";
import type { Issuer } from "@jeroboam/core/certificate/rotation";
import { asSettled, isProvisional } from "@jeroboam/core/operation/provisional";
import type { Step } from "@jeroboam/core/operation/record";
import { done, failed } from "@jeroboam/core/operation/record";
import type { Cloud, ConductorPorts, NodeUser } from "../ports.ts";

const SPECIFICATION_MISSING = "the bay's specification is missing";
const DELETED_BEFORE = "the bay was deleted before this request for it came through";

/** The length of the nodes' password before its encoding. */
const PASSWORD_BYTES = 24;

/**
 * What was provisional until the bay existed stays for good. A specification is there before its bay and goes only with
 * it: one that is missing here tells of a bay that was made, and deleted, before the record came; that is to go too.
 */
export const settleItems: Step<ConductorPorts, Bay> = {
  name: "settle-items",
  async run({ table }, { state: bay }) {
    if (!(await changeSpecification(table, bay, () => ({}))))
      return failed(DELETED_BEFORE, { status: "DELETE_IN_PROGRESS" });
    const mark = await table.get(bayModelUseKey(bay.bayModelId, bay.uuid));
    if (mark && isProvisional(mark)) {
      // Refused: somebody settled it just now.
      await table.put({ ...asSettled(mark), revision: mark.revision + 1 }, { revision: mark.revision });
    }
    return done();
  },
};

/** Makes the bay's certificate authority and the conductor's client certificate; found again once written. */
export const ensureCertificates: Step<ConductorPorts, Bay> = {
  name: "ensure-certificates",
  async run(ports, { state: bay }) {
    const specification = await readSpecification(ports.table, bay);
    if (!specification) return failed(SPECIFICATION_MISSING);
    if (specification.certificates) return done();
    const made = await makeIssuer(ports, bay);
    // Another conductor's, if it was quicker, are as good.
    await changeSpecification(ports.table, bay, (current) => (current.certificates ? {} : { certificates: made }));
    return done();
  },
};

/** A new authority of the bay's, with the conductor's client certificate of it. */
export async function makeIssuer({ certificates, sealer }: ConductorPorts, bay: Bay): Promise<Issuer> {
  const { authority, client } = await certificates.make(bay.name ?? bay.uuid);
  return {
    caCertificate: authority.certificate,
    caKeySealed: await sealer.seal(authority.privateKey, secretContext(bay, "ca-key"), bay.projectId),
    clientCertificate: client.certificate,
    clientKeySealed: await sealer.seal(client.privateKey, secretContext(bay, "client-key"), bay.projectId),
  };
}

/** Makes the user by which the bay's nodes ask our API; its password is written before the user is made. */
export const ensureNodeCredential: Step<ConductorPorts, Bay> = {
  name: "ensure-node-credential",
  async run(ports, { state: bay }, { signal }) {
    const { table } = ports;
    const userName = nodeUserName(bay);
    const passwordSealed = await drawPassword(ports, bay);
    const specification = await changeSpecification(table, bay, (current) =>
      current.nodeCredential ? {} : { nodeCredential: { user: null, userName, passwordSealed } },
    );
    const credential = specification?.nodeCredential;
    if (!credential) return failed(SPECIFICATION_MISSING);
    if (credential.user) return done();
    const made = await tellKeystone(ports, bay, specification, signal);
    if (made.kind === "gone") return failed(SPECIFICATION_MISSING);
    if (made.kind === "refused") return failed(`the credential of the bay's nodes could not be made: ${made.reason}`);
    await changeSpecification(table, bay, (current) =>
      current.nodeCredential
        ? { nodeCredential: { ...current.nodeCredential, user: { id: made.id, domainId: made.domainId } } }
        : {},
    );
    return done();
  },
};

/** A new one for the bay's nodes, sealed. */
export function drawPassword({ random, sealer }: ConductorPorts, bay: Bay): Promise<string> {
  const fresh = Buffer.from(random.bytes(PASSWORD_BYTES)).toString("base64url");
  return sealer.seal(fresh, secretContext(bay, "node-password"), bay.projectId);
}

/**
 * Has Keystone know the nodes' user by the password that stands there. A call that was long under way may come behind that
 * of a renewal, or of the bay's delete, of which nobody else would know: what stands there by then is told too, and where
 * nothing does the user goes. Each further turn is another renewal's.
 */
export async function tellKeystone(
  ports: ConductorPorts,
  bay: Bay,
  specification: BaySpecification,
  signal: AbortSignal,
): Promise<Awaited<ReturnType<Cloud["ensureNodeUser"]>> | { readonly kind: "gone" }> {
  const { table, cloud, sealer } = ports;
  const { nodeCredential } = specification;
  if (!nodeCredential) return { kind: "gone" };
  const password = await sealer.open(nodeCredential.passwordSealed, secretContext(bay, "node-password"));
  const told = await cloud.ensureNodeUser(nodeUserOf(bay, specification, password), signal);
  if (told.kind === "refused") return told;
  const standing = await readSpecification(table, bay);
  if (!standing) {
    await removeUser(ports, bay, specification, signal);
    return { kind: "gone" };
  }
  const isLate = standing.nodeCredential?.passwordSealed !== nodeCredential.passwordSealed;
  return isLate ? tellKeystone(ports, bay, standing, signal) : told;
}

/** The nodes' user, with the key pair that only it could have; unknown: it has none. */
export function removeUser(
  { cloud }: ConductorPorts,
  bay: Bay,
  specification: BaySpecification | undefined,
  signal: AbortSignal,
): Promise<void> {
  const hasKeypair = specification !== undefined && ownKeypair(bay, specification) !== undefined;
  return cloud.removeNodeUser({ name: nodeUserName(bay), hasKeypair }, signal);
}

/** The nodes' user as Keystone is to have it. */
function nodeUserOf(bay: Bay, specification: BaySpecification, password: string): NodeUser {
  const sshPublicKey = ownKeypair(bay, specification)?.publicKey;
  return { name: nodeUserName(bay), password, projectId: bay.projectId, ...(sshPublicKey && { sshPublicKey }) };
}
