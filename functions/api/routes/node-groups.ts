/**
 * /v1/clusters/{cluster}/nodegroups (cluster sheet 10): 202 and 204 with statuses that have changed before the reply.
 * Administrators read every project's and write their own alone.
 */
import { baySpec, groupSpec } from "@jeroboam/coe/bay-input";
import type { BayType, NodeGroupType } from "@jeroboam/coe/bay-type";
import type { BayWithSpecification } from "@jeroboam/core/bay/find-bay";
import { Rejected } from "@jeroboam/core/errors";
import type { Scope } from "@jeroboam/core/identity/scope";
import { limits } from "@jeroboam/core/limits";
import { listPage } from "@jeroboam/core/listing/page";
import { deleteNodeGroup } from "@jeroboam/core/node-group/change-node-group";
import { createNodeGroup } from "@jeroboam/core/node-group/create-node-group";
import type { NewNodeGroup } from "@jeroboam/core/node-group/create-node-group";
import type { KeyedRequestEffect } from "@jeroboam/core/operation/begin-operation";
import { isInPast } from "@jeroboam/core/operation/begin-operation";
import type { ListedNodeGroup } from "@jeroboam/core/node-group/list-node-groups";
import { findNodeGroup, nodeGroupsOf } from "@jeroboam/core/node-group/list-node-groups";
import { GATES } from "../microversion.ts";
import type { ApiRequest, Reply, Route } from "../route.ts";
import { defineRoute } from "../route.ts";
import { NODE_GROUP_SORT_KEYS, viewBriefNodeGroup, viewNodeGroup } from "../views/node-groups.ts";
import type { ListQuery } from "../wire/list.ts";
import { listReply, readListQuery } from "../wire/list.ts";
import type { NodeGroupWish } from "../wire/node-group.ts";
import { NODE_GROUP_PATCH, readNodeGroupWish } from "../wire/node-group.ts";
import { notFound, obtainDelegation } from "./bay-requests.ts";
import type { BayTarget } from "./bay-routes.ts";
import { requireBay } from "./bay-routes.ts";
import { requireReferences } from "./cloud-checks.ts";
import { labelWarnings, requireKnownLabels } from "./label-checks.ts";
import { patchNodeGroup } from "./node-group-changes.ts";
import { requireMastersThere } from "./upgrades.ts";
import { patchReader } from "../wire/patch.ts";
import { describeQuery } from "../wire/reader.ts";

const PATH = "/v1/clusters/:ident/nodegroups";
const ITEM = `${PATH}/:group`;
const since = GATES.nodeGroups;

/** A node group as policy is asked about it: its bay's project counts. */
interface GroupTarget extends BayTarget {
  readonly group: ListedNodeGroup;
}

interface GroupQuery extends ListQuery<ListedNodeGroup> {
  readonly role: string | undefined;
}

const readQuery = readListQuery(NODE_GROUP_SORT_KEYS);

const GROUP_QUERY = describeQuery(
  [...readQuery.parameters, { name: "role", schema: { type: "string" } }],
  ({ role, ...rest }, minor): GroupQuery => ({ ...readQuery(rest, minor), role }),
);

export const nodeGroups: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: PATH,
    since,
    rule: "nodegroup:get_all",
    allProjectsRule: "nodegroup:get_all_all_projects",
    query: GROUP_QUERY,
    find: findCluster,
    answers: { 200: { list: "nodegroupBrief", key: "nodegroups" } },
    run: (request, { query, target: { bay } }) => list(request, query, bay),
  }),
  defineRoute({
    method: "POST",
    path: PATH,
    since,
    rule: "nodegroup:create",
    body: readNodeGroupWish,
    find: findCluster,
    answers: { 202: "nodegroup" },
    run: (request, { body, target: { bay } }) => create(request, bay, body),
  }),
  defineRoute({
    method: "GET",
    path: ITEM,
    since,
    rule: "nodegroup:get",
    allProjectsRule: "nodegroup:get_one_all_projects",
    find: findGroup,
    answers: { 200: "nodegroup" },
    run: ({ base }, { target: { bay, group } }) =>
      Promise.resolve({ status: 200, body: viewNodeGroup(bay, group, base) }),
  }),
  defineRoute({
    method: "PATCH",
    path: ITEM,
    since,
    rule: "nodegroup:update",
    takesKey: true,
    body: patchReader(NODE_GROUP_PATCH),
    find: findGroup,
    answers: { 202: "nodegroup" },
    async run(request, { body, target: { bay, group } }) {
      const patched = await patchNodeGroup(request, bay, group, body);
      return { status: 202, body: viewNodeGroup(bay, patched, request.base) };
    },
  }),
  defineRoute({
    method: "DELETE",
    path: ITEM,
    since,
    rule: "nodegroup:delete",
    find: findGroup,
    answers: { 204: null },
    run: (request, { target: { group } }) => remove(request, group),
  }),
];

function findCluster(request: ApiRequest, scope: Scope): Promise<BayTarget> {
  return requireBay({ noun: "Cluster" }, request, scope);
}

async function findGroup(request: ApiRequest, scope: Scope): Promise<GroupTarget> {
  const target = await findCluster(request, scope);
  return { ...target, group: requireNodeGroup(target.bay, request.parameter("group")) };
}

export function requireNodeGroup(bay: BayWithSpecification, ident: string): ListedNodeGroup {
  const group = findNodeGroup(bay, ident);
  if (!group) throw notFound("Nodegroup", ident);
  return group;
}

/** All of a bay's groups are read with the bay, so a page is cut out of them. */
async function list(request: ApiRequest, { role, ...query }: GroupQuery, bay: BayWithSpecification): Promise<Reply> {
  const groups = nodeGroupsOf(bay).filter((group) => role === undefined || group.role === role);
  const page = await listPage(
    {
      find: (uuid) => Promise.resolve(groups.find((group) => group.uuid === uuid)),
      async *read(after, descending) {
        const ordered = descending ? groups.toReversed() : groups;
        yield* after ? ordered.slice(ordered.indexOf(after) + 1) : ordered;
      },
      uuidOf: ({ uuid }) => uuid,
    },
    query.request,
  );
  return listReply(request, query, page, {
    path: `clusters/${bay.record.state.uuid}/nodegroups`,
    key: "nodegroups",
    nextOn: "full",
    filters: role === undefined ? {} : { role },
    uuidOf: ({ uuid }) => uuid,
    view: viewBriefNodeGroup,
  });
}

async function create(request: ApiRequest, bay: BayWithSpecification, wish: NodeGroupWish): Promise<Reply> {
  const { ports, keyed } = request;
  const earlier = keyed?.isRepeat ? await findEarlier(request, bay, keyed) : undefined;
  if (earlier) return created(request, bay, earlier);
  const { uuid: keyedUuid, untilMs } = keyed ?? {};
  const nodeGroup = { ...(await specify(request, bay, wish)), uuid: keyedUuid, untilMs };
  const { imageId, flavorId } = nodeGroup.specification;
  await requireReferences(request, { imageId, flavorId });
  await requireKeypair(request, bay);
  const made = await createNodeGroup(ports, bay, nodeGroup, (purpose) => obtainDelegation(request, purpose));
  if (made.kind === "name-taken") throw nameTaken(wish.name);
  const { uuid } = made.nodeGroup.group;
  const shown = { ...bay, nodeGroups: [...bay.nodeGroups, made.nodeGroup] };
  return created(request, bay, requireNodeGroup(shown, uuid));
}

async function created(request: ApiRequest, bay: BayWithSpecification, group: ListedNodeGroup): Promise<Reply> {
  const headers = await labelWarnings(request, bay.specification.bayType, group.labels);
  return { status: 202, body: viewNodeGroup(bay, group, request.base), headers };
}

/**
 * A group is built in the name of whoever makes it, and Nova knows each person's own key pairs alone. Where the service's
 * user builds a cluster it has the key pair itself.
 */
async function requireKeypair(
  { ports, caller }: ApiRequest,
  { record, specification: { keypairId, sshPublicKey, delegation } }: BayWithSpecification,
): Promise<void> {
  if (keypairId === null || delegation.kind === "service" || caller.userId === record.state.userId) return;
  const found = await ports.lookups(caller).keypair(keypairId);
  const advice = `Nodes of a group are made in the name of whoever makes it: have a key pair of that name and key, or let the cluster's owner, ${record.state.userId}, make the group.`;
  if (found.kind === "missing") throw new Rejected(409, `Key pair ${keypairId} of the cluster is not yours. ${advice}`);
  const own = found.kind === "found" ? found.value.public_key : undefined;
  if (own && sshPublicKey && keyOf(own) !== keyOf(sshPublicKey))
    throw new Rejected(409, `Your key pair ${keypairId} is another than the cluster's. ${advice}`);
}

/** Without what is only a remark. */
function keyOf(publicKey: string): string {
  return publicKey.trim().split(/\s+/, 2).join(" ");
}

/** What a request that came before under the same key has made. */
async function findEarlier(
  { ports }: ApiRequest,
  bay: BayWithSpecification,
  keyed: KeyedRequestEffect,
): Promise<ListedNodeGroup | undefined> {
  const { uuid } = keyed;
  const found = findNodeGroup(bay, uuid);
  if (found) return found;
  // Its history outlives it: it is not to be made anew.
  if (await isInPast(ports.table, bay.record.key, keyed))
    throw new Rejected(409, `${uuid}, which this request has made before, has been deleted since.`);
  return undefined;
}

/** The group, with the cluster's attributes for what was not asked for; refused when the bay cannot have it. */
async function specify(request: ApiRequest, bay: BayWithSpecification, wish: NodeGroupWish): Promise<NewNodeGroup> {
  const { specification, nodeGroups, record } = bay;
  const { bayType, groupType } = await requireGroupType(request, bay);
  if (findNodeGroup(bay, wish.name)) throw nameTaken(wish.name);
  requireMastersThere(specification);
  if (nodeGroups.length >= limits.nodeGroup.perBay)
    throw new Rejected(409, `A cluster has at most ${limits.nodeGroup.perBay} node groups besides its own.`);
  const { name, role, nodeCount, mergeLabels, labels } = wish;
  const specified = {
    imageId: wish.imageId ?? specification.model.imageId,
    flavorId: wish.flavorId ?? specification.flavorId,
    dockerVolumeSizeGb: wish.dockerVolumeSizeGb ?? specification.dockerVolumeSizeGb,
    labels: labels === null || mergeLabels ? { ...specification.labels, ...labels } : { ...labels },
    nodeLabels: wish.nodeLabels,
    nodeTaints: wish.nodeTaints,
    nodeAddresses: [],
    members: [],
  };
  const asked = groupSpec({ group: { uuid: record.state.uuid, name, role, nodeCount }, specification: specified });
  const [problem] = groupType.checkGroup(asked, baySpec({ ...specification, ...record.state }));
  if (problem) throw new Rejected(409, `Invalid input for field/attribute ${problem.field}. ${problem.message}`);
  requireKnownLabels(request, bayType, specified.labels);
  return { name, role, nodeCount, limits: wish.limits, specification: specified };
}

/** How the bay's type builds groups, and that the bay is one that takes them now. */
async function requireGroupType(
  { ports }: ApiRequest,
  { record: { state }, specification }: BayWithSpecification,
): Promise<{ readonly bayType: BayType; readonly groupType: NodeGroupType }> {
  const bayType = (await ports.bayTypes()).byName(specification.bayType);
  if (!bayType?.nodeGroups)
    throw new Rejected(409, `Clusters of type ${specification.bayType} have no further node groups.`);
  if (state.status.startsWith("DELETE_"))
    throw new Rejected(409, `Cluster ${state.uuid} takes no node group while its status is ${state.status}.`);
  if (specification.apiAddress === null)
    throw new Rejected(409, `Cluster ${state.uuid} has no API address yet; its status is ${state.status}.`);
  return { bayType, groupType: bayType.nodeGroups };
}

function nameTaken(name: string): Rejected {
  return new Rejected(409, `The cluster has a node group named ${name} already.`);
}

async function remove({ ports, parameter }: ApiRequest, group: ListedNodeGroup): Promise<Reply> {
  if (!group.own) throw new Rejected(400, `Node group ${group.name} goes with its cluster and cannot be deleted.`);
  if ((await deleteNodeGroup(ports, group.own.group)) === "absent") throw notFound("Nodegroup", parameter("group"));
  return { status: 204 };
}
