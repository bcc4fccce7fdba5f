/** Another master key takes over without a pause: the job wraps the data keys anew, and then the old key may go. */
import { changeSpecification, readSpecification } from "@jeroboam/core/bay/specification-store";
import { createKeyPair, keyPairShape } from "@jeroboam/core/certificate/key-pair";
import { limits } from "@jeroboam/core/limits";
import { changeGroupSpecification, readGroupSpecification } from "@jeroboam/core/node-group/group-specification-store";
import { changeRecord, findRecord } from "@jeroboam/core/operation/record-store";
import { encrypt } from "@jeroboam/core/secret/aes-gcm";
import { createMemoryMasterKey, keyNamed } from "@jeroboam/core/secret/memory-master-key";
import { createSecrets } from "@jeroboam/core/secret/secrets";
import { expect, test } from "vitest";
import { bayOf, groupsOf } from "../faults/bay-world.ts";
import { settledWorld } from "./settled-world.ts";

const CERTIFICATE = "none";

/** A world whose bay is sealed by real data keys, and a process that ran before all that follows. */
async function sealedWorld() {
  const { world, acts, round } = await settledWorld();
  const masterKey = createMemoryMasterKey();
  const process = () => createSecrets({ table: world.table, masterKey, clock: world.clock });
  const running = process();
  Object.assign(world.ports, { masterKey, sealer: running.sealer });
  return { world, acts, round, masterKey, running, process };
}

test("after a rotation a round wraps every data key anew; the old key can go, and everything opens", async () => {
  const { round, masterKey, running, process } = await sealedWorld();
  const projects = Array.from({ length: limits.reconciliation.pageItems + 3 }, (_, nth) => `project-${nth}`);
  const sealed = await Promise.all(
    projects.map((project) => running.sealer.seal(`secret of ${project}`, "c", project)),
  );
  const webhook = await running.webhookSealer.seal("signing key", "w", "project-0");
  const all = projects.length + 1;
  expect((await round("seals")).counts).toEqual({ "data-keys": all, "wrapped-by-first": all });

  masterKey.use("second");
  const late = await running.sealer.seal("late", "c", "project-late");
  const dry = await round("seals", true);
  expect(dry.counts).toMatchObject({ "wrapped-by-first": all, "wrapped-by-second": 1, "data-key-of-old-key": all });
  expect(dry.findings.every(({ outcome }) => outcome === "would")).toBe(true);

  expect((await round("seals")).counts).toEqual({
    "data-keys": all + 1,
    "wrapped-by-second": all + 1,
    "data-key-rewrapped": all,
  });
  masterKey.remove("first");
  for (const { sealer, webhookSealer } of [running, process()]) {
    for (const [nth, text] of sealed.entries()) expect(await sealer.open(text, "c")).toBe(`secret of project-${nth}`);
    expect(await sealer.open(late, "c")).toBe("late");
    expect(await webhookSealer.open(webhook, "w")).toBe("signing key");
  }
});

test("a bay that is being made while the key is rotated comes to its end, and its trust still opens", async () => {
  const { world, acts, round, masterKey, process } = await sealedWorld();
  await acts.resize(3);
  masterKey.use("second");
  // The round comes to rest only when the bay's operation has, too.
  await round("seals");
  expect(await bayOf(world)).toMatchObject({ status: "UPDATE_COMPLETE" });
  masterKey.remove("first");
  world.ports = Object.assign(world.ports, { sealer: process().sealer });
  expect((await round("seals")).counts["wrapped-by-first"]).toBeUndefined();
});

test("what the master key sealed itself is counted by its key, sealed anew, and opens when that key has gone", async () => {
  const { world, acts, round, masterKey, process } = await sealedWorld();
  const bay = await bayOf(world);
  if (!bay) throw new Error("no bay");
  await acts.addGroup();
  await round("drift");
  // As records were written before there were data keys: `v1.<key>.<sealed>`.
  const old = (text: string, context: string): string =>
    `v1.first.${encrypt(keyNamed("first"), text, `v1.first.${context}`).toString("base64url")}`;
  const [group] = await groupsOf(world);
  if (!group) throw new Error("no group");
  const own = `bay/${bay.uuid}`;
  const trust = (context: string) => ({
    kind: "trust" as const,
    projectId: bay.projectId,
    trustorUserId: "alice",
    sealedTrustId: old("trust", context),
    trustDigest: null,
    expiresAtMs: null,
  });
  await changeSpecification(world.table, bay, () => ({
    certificates: {
      caCertificate: CERTIFICATE,
      caKeySealed: old("ca", `${own}/ca-key`),
      clientCertificate: CERTIFICATE,
      clientKeySealed: old("client", `${own}/client-key`),
    },
    nodeCredential: { user: null, userName: "n", passwordSealed: old("password", `${own}/node-password`) },
    delegation: trust(`${own}/delegation`),
  }));
  const groupContext = `node-group/${group.group.uuid}/delegation`;
  await changeGroupSpecification(world.table, group.group, () => ({ delegation: trust(groupContext) }));
  const pair = await createKeyPair(world.ports, {
    uuid: undefined,
    name: "pair",
    projectId: bay.projectId,
    userId: "alice",
    bayUuid: bay.uuid,
    caCertificate: null,
    certificate: null,
    privateKey: "new",
  });
  if (pair.kind !== "inserted") throw new Error(pair.kind);
  const pairContext = `x509keypair/${pair.record.state.uuid}/private-key`;
  await changeRecord(world.ports, keyPairShape, pair.record.key, (record) => ({
    kind: "write" as const,
    record: { ...record, state: { ...record.state, privateKeySealed: old("pair", pairContext) } },
  }));

  const dry = await round("seals", true);
  expect(dry.counts["sealed-by-first"]).toBe(6);
  expect(dry.findings.filter(({ what }) => what === "text-of-master-key")).toHaveLength(3);
  const done = await round("seals");
  expect(done.counts["sealed-by-first"]).toBeUndefined();
  expect(done.findings.filter(({ what }) => what === "text-resealed")).toHaveLength(3);
  expect((await round("seals")).findings).toEqual([]);

  masterKey.use("second");
  await round("seals");
  masterKey.remove("first");
  const { sealer } = process();
  const specification = await readSpecification(world.table, bay);
  const groups = await readGroupSpecification(world.table, group.group);
  const record = await findRecord(world.table, keyPairShape, pair.record.key);
  const trusts = [specification?.delegation, groups?.delegation].map((one) =>
    one?.kind === "trust" ? one.sealedTrustId : "",
  );
  const opened = await Promise.all([
    sealer.open(specification?.certificates?.caKeySealed ?? "", `${own}/ca-key`),
    sealer.open(specification?.certificates?.clientKeySealed ?? "", `${own}/client-key`),
    sealer.open(specification?.nodeCredential?.passwordSealed ?? "", `${own}/node-password`),
    sealer.open(trusts[0] ?? "", `${own}/delegation`),
    sealer.open(trusts[1] ?? "", groupContext),
    sealer.open(record?.state.privateKeySealed ?? "", pairContext),
  ]);
  expect(opened).toEqual(["ca", "client", "password", "trust", "trust", "pair"]);
});

test("a text whose key is lost is told of with its key, and the others are sealed anew all the same", async () => {
  const { world, round } = await sealedWorld();
  const bay = await bayOf(world);
  if (!bay) throw new Error("no bay");
  const lost = `v1.lost.${Buffer.alloc(40, 1).toString("base64url")}`;
  await changeSpecification(world.table, bay, () => ({
    nodeCredential: { user: null, userName: "n", passwordSealed: lost },
  }));
  const { counts, findings } = await round("seals");
  expect(counts["sealed-by-lost"]).toBe(1);
  expect(findings).toMatchObject([{ what: "text-of-master-key", outcome: "told", bayId: bay.uuid }]);
  expect((await readSpecification(world.table, bay))?.nodeCredential?.passwordSealed).toBe(lost);
});
