/**
 * What several acts of users come to together, where chance hardly leads: bays whose nodes follow, rotated, renewed and
 * upgraded while groups of theirs come and go, words of before come again, and conductors sleep. Each is told once, as it
 * is: a rotation takes minutes, and its every moment is the seeds' (run.ts) to strike.
 */
import { modelBody } from "./change-acts.ts";
import type { Condition, Fault } from "./faults.ts";
import type { Actor, Script } from "./script.ts";
import { beginsStep, isMarked, isSpecified, isStackTold } from "./story-acts.ts";

const headers = { "openstack-api-version": "container-infra 1.12" };
const FOLLOWING: ReadonlySet<Condition> = new Set<Condition>(["rotations", "upgrades"]);

/** Each node looks within so much, and says what it has come to. */
const LOOK_MS = 75_000;
/** Heat has told it, and no node has looked. */
const TOLD_MS = 6_000;
const GOING_MS = 8_000;

async function makeModel({ ask }: Actor, version = 0): Promise<string> {
  const body = { ...modelBody(FOLLOWING, `model-${version}`, version), master_lb_enabled: true };
  return String((await ask({ method: "POST", path: "/v1/clustertemplates", body }))["uuid"]);
}

/** A bay that stands, all of whose nodes have booted. */
async function makeBay(actor: Actor, masters = 3, workers = 2): Promise<string> {
  const model = await makeModel(actor);
  const body = { name: "bay", cluster_template_id: model, master_count: masters, node_count: workers };
  const { uuid } = await actor.ask({ method: "POST", path: "/v1/clusters", body });
  await actor.settle();
  await actor.pause(2 * LOOK_MS);
  return String(uuid);
}

async function makeGroup({ ask }: Actor, bay: string): Promise<string> {
  const body = { name: "group", node_count: 5 };
  return String((await ask({ method: "POST", path: `/v1/clusters/${bay}/nodegroups`, body, headers }))["uuid"]);
}

/** So many more nodes than the bay itself has that one of them is the last to look. */
async function makeBayWithGroup(actor: Actor): Promise<{ readonly bay: string; readonly group: string }> {
  const bay = await makeBay(actor, 1, 1);
  const group = await makeGroup(actor, bay);
  await actor.settle();
  await actor.pause(2 * LOOK_MS);
  return { bay, group };
}

const rotate = ({ ask }: Actor, bay: string) => ask({ method: "PATCH", path: `/v1/certificates/${bay}`, headers });
const renew = ({ ask }: Actor, bay: string) => ask({ method: "PATCH", path: `/v1/credentials/${bay}`, headers });
const resize = ({ ask }: Actor, bay: string, value: number) =>
  ask({ method: "PATCH", path: `/v1/clusters/${bay}`, body: [{ op: "replace", path: "/node_count", value }] });
const removeGroup = ({ ask }: Actor, bay: string, group: string) =>
  ask({ method: "DELETE", path: `/v1/clusters/${bay}/nodegroups/${group}`, headers });
const upgradeTo = ({ ask }: Actor, bay: string, model: string, group?: string) => {
  const body = { cluster_template: model, ...(group && { nodegroup: group }) };
  return ask({ method: "POST", path: `/v1/clusters/${bay}/actions/upgrade`, body, headers });
};

const stackFails = (place: number): Fault => ({ kind: "stack fails", site: "stack", place, force: 0, choice: 0 });

const ACTS: readonly Script[] = [
  {
    name: "rotating a bay that has a further group",
    async act(actor) {
      const { bay } = await makeBayWithGroup(actor);
      // Whoever looked last before it begins is the last to come to each phase: not each time one of the bay's own.
      for (const pauseMs of [0, LOOK_MS / 2]) {
        await actor.pause(pauseMs);
        await rotate(actor, bay);
        await actor.settle();
      }
    },
  },
  {
    name: "rotating a bay again while nodes repeat what they said",
    async act(actor) {
      const bay = await makeBay(actor);
      await rotate(actor, bay);
      await actor.settle();
      await rotate(actor, bay);
      await actor.pause(TOLD_MS);
      await actor.sayAgain();
      await actor.settle();
    },
  },
  {
    name: "rotating a bay whose nodes say each word again and again",
    async act(actor) {
      const bay = await makeBay(actor);
      await rotate(actor, bay);
      for (let times = 0; times < 20; times += 1) {
        await actor.pause(LOOK_MS / 4);
        await actor.sayAgain();
      }
      await actor.settle();
    },
  },
  {
    name: "upgrading masters again while they repeat what they said",
    async act(actor) {
      const bay = await makeBay(actor);
      for (const version of [1, 2]) {
        await upgradeTo(actor, bay, await makeModel(actor, version), "default-master");
        await actor.pause(TOLD_MS);
        await actor.sayAgain();
        await actor.settle();
      }
    },
  },
  {
    name: "upgrading masters again after one of them failed",
    faults: [{ kind: "master fails", site: "master", place: 2, force: 0, choice: 0 }],
    async act(actor) {
      const bay = await makeBay(actor);
      const model = await makeModel(actor, 1);
      await upgradeTo(actor, bay, model, "default-master");
      await actor.settle();
      await upgradeTo(actor, bay, model, "default-master");
      await actor.settle();
    },
  },
  {
    name: "upgrading a further group after its bay",
    async act(actor) {
      const { bay, group } = await makeBayWithGroup(actor);
      const model = await makeModel(actor, 1);
      for (const which of [undefined, group]) {
        await upgradeTo(actor, bay, model, which);
        await actor.settle();
      }
    },
  },
  {
    name: "deleting a group as its bay is rotated",
    async act(actor) {
      const { bay, group } = await makeBayWithGroup(actor);
      const asleep = actor.sleepAt(bay, isStackTold(bay));
      await rotate(actor, bay);
      const wake = await asleep;
      await removeGroup(actor, bay, group);
      // The conductor knows of the group, whose trust ends meanwhile.
      await actor.pause(GOING_MS);
      wake();
      await actor.settle();
    },
  },
  {
    name: "resizing a group as its bay is rotated",
    async act(actor) {
      const { bay, group } = await makeBayWithGroup(actor);
      await rotate(actor, bay);
      await actor.pause(TOLD_MS);
      const asleep = actor.sleepAt(group, isStackTold(group));
      const body = { node_count: 3, nodegroup: group };
      await actor.ask({ method: "POST", path: `/v1/clusters/${bay}/actions/resize`, body, headers });
      const wake = await asleep;
      // All come to the phase, and are told of the next.
      await actor.pause(2 * LOOK_MS);
      wake();
      await actor.settle();
    },
  },
  {
    name: "a group that joins a bay as it is rotated",
    async act(actor) {
      const bay = await makeBay(actor);
      await rotate(actor, bay);
      await actor.pause(TOLD_MS);
      await makeGroup(actor, bay);
      await actor.settle();
    },
  },
  ...(["rotating", "renewing"] as const).map((act): Script => ({
    name: `${act} a bay whose resize failed and had its effect`,
    faults: [stackFails(2)],
    async act(actor) {
      const bay = await makeBay(actor);
      await resize(actor, bay, 3);
      await actor.settle();
      await (act === "rotating" ? rotate : renew)(actor, bay);
      await actor.settle();
    },
  })),
  {
    name: "renewing the credential of a bay that has a further group",
    async act(actor) {
      const { bay } = await makeBayWithGroup(actor);
      await renew(actor, bay);
      await actor.settle();
    },
  },
  {
    name: "giving a bay up whose group cannot be deleted",
    // The bay's and the group's come; the latter's end fails however often it is tried.
    faults: Array.from({ length: 40 }, (_, index) => stackFails(index + 3)),
    async act(actor) {
      const { bay } = await makeBayWithGroup(actor);
      await actor.askAsAdmin({ method: "POST", path: `/v1/clusters/${bay}/actions/abandon`, headers });
      await actor.settle();
    },
  },
  {
    name: "a conductor of one rotation wakes in the next",
    async act(actor) {
      const bay = await makeBay(actor);
      const asleep = actor.sleepAt(bay, beginsStep(bay, "enter-renew"));
      await rotate(actor, bay);
      const wake = await asleep;
      await actor.settle();
      await rotate(actor, bay);
      await actor.pause(TOLD_MS);
      wake();
      await actor.settle();
    },
  },
  {
    name: "a conductor of one renewal wakes after the next",
    async act(actor) {
      const bay = await makeBay(actor);
      // It has written the password down, and told Keystone nothing yet.
      const asleep = actor.sleepAt(bay, isSpecified(bay));
      await renew(actor, bay);
      const wake = await asleep;
      await actor.settle();
      await renew(actor, bay);
      await actor.settle();
      wake();
      await actor.settle();
    },
  },
  {
    name: "a conductor of one upgrade wakes when the bay is its older model's again",
    async act(actor) {
      const bay = await makeBay(actor);
      const [older, newer] = [await makeModel(actor), await makeModel(actor)];
      await upgradeTo(actor, bay, older);
      await actor.settle();
      // It has marked the newer one, and not looked for the older one's mark.
      const asleep = actor.sleepAt(bay, isMarked(bay, newer));
      await upgradeTo(actor, bay, newer);
      const wake = await asleep;
      await actor.settle();
      await upgradeTo(actor, bay, older);
      await actor.settle();
      wake();
      await actor.settle();
    },
  },
];

export const STORIES: readonly Script[] = ACTS.map((story) => ({ ...story, hasNodes: true }));
