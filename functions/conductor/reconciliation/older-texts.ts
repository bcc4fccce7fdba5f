/**
 * Texts that were sealed before projects had data keys, by the master key itself (`v1.` and `k1.`): what a bay, its node
 * groups, key pairs and hooks hold of them is counted by the key that sealed it, and sealed anew by the project's data key,
 * so that the old master key may go. What hangs on a bay is looked at before the bay's own item is written: as long as that
 * one holds such a text, the next round looks again; a bay that holds none costs no question.
 */
import type { Bay, BaySpecification } from "@jeroboam/core/bay/bay";
import {
  bayKey,
  bayOfSpecificationItem,
  bayShape,
  delegationContext,
  secretContext,
  specificationFromItem,
} from "@jeroboam/core/bay/bay";
import { changeSpecification } from "@jeroboam/core/bay/specification-store";
import { keyContext, keyPairShape } from "@jeroboam/core/certificate/key-pair";
import { textOf, Transient } from "@jeroboam/core/errors";
import { hookShape, secretContext as hookContext } from "@jeroboam/core/hook/hook";
import type { Delegation } from "@jeroboam/core/identity/delegation";
import { bayRecords } from "@jeroboam/core/listing/project-record";
import { limits } from "@jeroboam/core/limits";
import type { NodeGroup } from "@jeroboam/core/node-group/node-group";
import {
  groupDelegationContext,
  groupOfSpecificationItem,
  groupSpecificationFromItem,
  nodeGroupKey,
  nodeGroupShape,
} from "@jeroboam/core/node-group/node-group";
import { changeGroupSpecification } from "@jeroboam/core/node-group/group-specification-store";
import type { RecordShape } from "@jeroboam/core/operation/record";
import { typeOfItem } from "@jeroboam/core/operation/record";
import { changeRecord, findRecord } from "@jeroboam/core/operation/record-store";
import type { Finding } from "@jeroboam/core/reconciliation/job";
import type { Item, Key } from "@jeroboam/core/table/table";
import type { ConductorPorts } from "../ports.ts";

/** One text, and what it opens for. */
interface SealedText {
  readonly text: string;
  readonly context: string;
}

/** What is left in one record, by the names of the keys that sealed it; and what was found and done. */
export interface OlderTexts {
  readonly left: readonly string[];
  readonly findings: readonly Finding[];
}

const NONE: OlderTexts = { left: [], findings: [] };

/** Whether a text needs the master key that sealed it. */
const isOlder = ({ text }: SealedText): boolean => /^(?:v1|k1)\./.test(text);

/** A key of the file tells its id; which of KMS's it was, only KMS can tell. */
const sealerOf = ({ text }: SealedText): string => (text.startsWith("k1.") ? "kms" : (text.split(".")[1] ?? ""));

/** The cold item of a bay or of a node group, with what hangs on it. */
export async function resealOlder(ports: ConductorPorts, item: Item, isDryRun: boolean): Promise<OlderTexts> {
  const bayUuid = bayOfSpecificationItem(item);
  return bayUuid === undefined ? resealGroup(ports, item, isDryRun) : resealBay(ports, item, bayUuid, isDryRun);
}

async function resealBay(ports: ConductorPorts, item: Item, uuid: string, isDryRun: boolean): Promise<OlderTexts> {
  const specification = specificationFromItem(item);
  const texts = textsOfBay({ uuid }, specification).filter(isOlder);
  if (texts.length === 0) return NONE;
  const bay = await findRecord(ports.table, bayShape, bayKey(specification.delegation.projectId, uuid));
  if (!bay) return NONE;
  const { projectId } = bay.state;
  const hanging = await resealHanging(ports, bay.state, isDryRun);
  const what = { projectId, bayId: uuid, name: `bay ${uuid}` };
  // Not before all that hangs on it: it is by this one that the next round finds them.
  const own = await reseal(ports, texts, { ...what, isDryRun: isDryRun || hanging.left.length > 0 }, async (sealed) => {
    await changeSpecification(ports.table, bay.state, (current) => replaced(current, sealed));
  });
  return { left: [...hanging.left, ...own.left], findings: [...hanging.findings, ...own.findings] };
}

function textsOfBay(bay: Pick<Bay, "uuid">, specification: BaySpecification): readonly SealedText[] {
  const { certificates, nodeCredential, delegation } = specification;
  return [
    ...(certificates
      ? [
          { text: certificates.caKeySealed, context: secretContext(bay, "ca-key") },
          { text: certificates.clientKeySealed, context: secretContext(bay, "client-key") },
        ]
      : []),
    ...(nodeCredential ? [{ text: nodeCredential.passwordSealed, context: secretContext(bay, "node-password") }] : []),
    ...textsOfDelegation(delegation, delegationContext(bay)),
  ];
}

const textsOfDelegation = (delegation: Delegation, context: string): readonly SealedText[] =>
  delegation.kind === "trust" ? [{ text: delegation.sealedTrustId, context }] : [];

async function resealGroup(ports: ConductorPorts, item: Item, isDryRun: boolean): Promise<OlderTexts> {
  const uuid = groupOfSpecificationItem(item);
  if (uuid === undefined) return NONE;
  const { delegation } = groupSpecificationFromItem(item);
  const texts = textsOfDelegation(delegation, groupDelegationContext({ uuid })).filter(isOlder);
  if (texts.length === 0) return NONE;
  const { projectId } = delegation;
  const bayId = item.pk.slice(item.pk.indexOf("#") + 1);
  const group = await findRecord<NodeGroup>(ports.table, nodeGroupShape, nodeGroupKey(projectId, bayId, uuid));
  if (!group) return NONE;
  return reseal(ports, texts, { projectId, bayId, name: `node group ${uuid}`, isDryRun }, async (sealed) => {
    await changeGroupSpecification(ports.table, group.state, (current) => replaced(current, sealed));
  });
}

async function resealHanging(ports: ConductorPorts, bay: Bay, isDryRun: boolean): Promise<OlderTexts> {
  const { items } = await ports.table.queryIndex("type", bayRecords(bay.uuid), { limit: limits.container.ofBay });
  const all: OlderTexts[] = [];
  for (const { pk, sk } of items) {
    const item = await ports.table.get({ pk, sk });
    const type = item && typeOfItem(item);
    if (type === keyPairShape.type)
      all.push(
        await resealRecord(ports, keyPairShape, { pk, sk }, isDryRun, ({ uuid, privateKeySealed }) =>
          privateKeySealed === null ? [] : [{ text: privateKeySealed, context: keyContext(uuid) }],
        ),
      );
    if (type === hookShape.type)
      all.push(
        await resealRecord(ports, hookShape, { pk, sk }, isDryRun, ({ uuid, secretSealed }) => [
          { text: secretSealed, context: hookContext(uuid) },
        ]),
      );
  }
  return { left: all.flatMap(({ left }) => left), findings: all.flatMap(({ findings }) => findings) };
}

async function resealRecord<State extends { uuid: string; projectId: string; bayUuid: string }>(
  ports: ConductorPorts,
  shape: RecordShape<State>,
  key: Key,
  isDryRun: boolean,
  textsIn: (state: State) => readonly SealedText[],
): Promise<OlderTexts> {
  const record = await findRecord(ports.table, shape, key);
  const texts = record ? textsIn(record.state).filter(isOlder) : [];
  if (!record || texts.length === 0) return NONE;
  const { uuid, projectId, bayUuid: bayId } = record.state;
  return reseal(ports, texts, { projectId, bayId, name: `${shape.type} ${uuid}`, isDryRun }, async (sealed) => {
    await changeRecord<State, never>(ports, shape, key, (current) => ({
      kind: "write",
      record: { ...current, state: replaced(current.state, sealed) },
    }));
  });
}

interface What {
  readonly projectId: string;
  readonly bayId: string;
  readonly name: string;
  readonly isDryRun: boolean;
}

/** Seals each anew and has the record written. */
async function reseal(
  ports: Pick<ConductorPorts, "sealer">,
  texts: readonly SealedText[],
  { projectId, bayId, name, isDryRun }: What,
  write: (sealed: ReadonlyMap<string, string>) => Promise<void>,
): Promise<OlderTexts> {
  const keys = texts.map(sealerOf);
  const finding = { what: "text-of-master-key", projectId, bayId };
  const detail = `${name} holds ${texts.length} texts that ${[...new Set(keys)].join(", ")} sealed itself`;
  if (isDryRun) return { left: keys, findings: [{ ...finding, outcome: "would", detail }] };
  try {
    const sealed = new Map<string, string>();
    for (const { text, context } of texts)
      sealed.set(text, await ports.sealer.seal(await ports.sealer.open(text, context), context, projectId));
    await write(sealed);
    return { left: [], findings: [{ ...finding, what: "text-resealed", outcome: "done", detail }] };
  } catch (error) {
    // One whose key is lost is no reason to leave the others as they are.
    if (error instanceof Transient) throw error;
    return { left: keys, findings: [{ ...finding, outcome: "told", detail: `${detail}: ${textOf(error)}` }] };
  }
}

/** Sealed texts are like nothing else: where one still stands the new one takes its place. */
function replaced<Value>(value: Value, sealed: ReadonlyMap<string, string>): Value {
  return JSON.parse(
    JSON.stringify(value, (_key, each: unknown) => (typeof each === "string" ? (sealed.get(each) ?? each) : each)),
  ) as Value;
}
