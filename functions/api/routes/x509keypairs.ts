/**
 * /v1/x509keypairs: key pairs that people keep with a bay (bay-era sheet 3.8). The private key is sealed in the table and
 * shown to who asks for that one pair; lists show null in its place (sheet 16, number 40).
 */
import type { KeyPair } from "@jeroboam/core/certificate/key-pair";
import { createKeyPair, keyPairShape, openPrivateKey } from "@jeroboam/core/certificate/key-pair";
import { Rejected } from "@jeroboam/core/errors";
import { deleteProjectRecord } from "@jeroboam/core/listing/project-record";
import type { ApiRequest, Route } from "../route.ts";
import { defineRoute } from "../route.ts";
import { viewBriefKeyPair, viewKeyPair } from "../views/x509keypairs.ts";
import { readKeyPairWish } from "../wire/x509keypair.ts";
import type { RecordTarget } from "./project-records.ts";
import { commonSortKeys, listRoutes, madeBefore, requireBayUuid, requireRecord } from "./project-records.ts";

const PATH = "/v1/x509keypairs";

const KEY_PAIRS = {
  collection: "x509keypairs",
  rules: "x509keypair",
  noun: "X509KeyPair",
  shape: keyPairShape,
  sortKeys: {
    ...commonSortKeys<KeyPair>(),
    name: ({ state }: RecordTarget<KeyPair>["record"]) => state.name,
    bay_uuid: ({ state }: RecordTarget<KeyPair>["record"]) => state.bayUuid,
  },
  view: viewKeyPair,
  viewBrief: viewBriefKeyPair,
  answer: "x509keypair",
  answerBrief: "x509keypairBrief",
} as const;

const find = (request: ApiRequest): Promise<RecordTarget<KeyPair>> => requireRecord(KEY_PAIRS, request);

export const x509keypairs: readonly Route[] = [
  defineRoute({
    method: "POST",
    path: PATH,
    rule: "x509keypair:create",
    body: readKeyPairWish,
    answers: { 201: "x509keypair" },
    async run(request, { body: { bay, ...wish } }) {
      const { ports, caller, base } = request;
      const { projectId, userId } = caller;
      const bayUuid = await requireBayUuid(request, bay);
      const uuid = wish.uuid ?? request.keyed?.uuid;
      const made = await createKeyPair(ports, { ...wish, uuid, projectId, userId, bayUuid });
      const state = made.kind === "exists" ? await madeBefore(request, keyPairShape, wish.uuid) : made.record.state;
      if (!state) throw new Rejected(409, `A x509KeyPair with UUID ${wish.uuid ?? ""} already exists.`);
      const headers = { Location: `${base}${PATH}/${state.uuid}` };
      return { status: 201, body: viewKeyPair(state, base, wish.privateKey), headers };
    },
  }),
  ...listRoutes(KEY_PAIRS),
  defineRoute({
    method: "GET",
    path: `${PATH}/:ident`,
    rule: "x509keypair:get",
    find,
    answers: { 200: "x509keypair" },
    async run({ ports, base }, { target: { record } }) {
      const privateKey = await openPrivateKey(ports.sealer, record.state);
      return { status: 200, body: viewKeyPair(record.state, base, privateKey) };
    },
  }),
  defineRoute({
    method: "DELETE",
    path: `${PATH}/:ident`,
    rule: "x509keypair:delete",
    find,
    answers: { 204: null },
    async run({ ports, ident }, { target }) {
      if ((await deleteProjectRecord(ports.table, keyPairShape, target.record)) === "absent")
        throw new Rejected(404, `X509KeyPair ${ident} could not be found.`);
      return { status: 204 };
    },
  }),
];
