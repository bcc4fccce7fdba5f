/**
 * Hooks, in the runs that have them: users make, change and delete some for their bays, and an automation of the project,
 * which has no token, calls them: signed rightly, again under the same id, out of time, wrongly signed, and when the hook
 * or the bay is gone. They have bays resized; where bays are upgraded, that as well.
 */
import { Webhook as Signer } from "standardwebhooks";
import { chooseBay, modelBody, versionFor } from "./change-acts.ts";
import type { Condition } from "./faults.ts";
import type { ApiRequest } from "./fleet.ts";
import type { ActTools } from "./further-acts.ts";
import type { Person } from "./people.ts";
import type { Answer } from "./watch.ts";
import { uuidIn } from "./watch.ts";

/** Nobody else asks for so many nodes, and no two calls for the same number: by it one can tell who changed a bay. */
export const HOOKED_NODES_LEAST = 10;
const NODES_MOST = 1_000;
/** That a hook which upgrades may name. */
const MODELS = 3;
const MINUTE_MS = 60_000;
/** Of one call, while the bay is at work on something else. */
const SENDS_MOST = 4;
/** More than any clock is wrong and any call is tolerated. */
const OUT_OF_TIME_MS = 40 * MINUTE_MS;

export interface MadeHook {
  readonly uuid: string;
  readonly secret: string;
}

/** Of the same project, with no token. */
export function automationOf({ projectId }: Person): Person {
  return { name: `automation-of-${projectId}`, projectId, userId: "nobody", isAdmin: false, token: "" };
}

/** As Standard Webhooks has it. */
export function hookCall(
  { uuid, secret }: MadeHook,
  { id, atMs, body }: { readonly id: string; readonly atMs: number; readonly body: object },
): ApiRequest {
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(atMs / 1_000)),
    "webhook-signature": new Signer(secret).sign(id, new Date(atMs), JSON.stringify(body)),
  };
  return { method: "POST", path: `/v1/hooks/${uuid}`, body, headers };
}

const isBusy = (answer: Answer): boolean => answer.kind === "reply" && answer.status === 409;

export function hookAct(tools: ActTools, conditions: ReadonlySet<Condition>): () => Promise<void> {
  const { person, ask, askAs, insist, pick, chance, pause, nowMs } = tools;
  /** Those that were deleted are called on. */
  const hooks: MadeHook[] = [];
  /** Models that no call has named yet, of hooks that upgrade: nobody else names them, and no two calls the same. */
  const unused = new Map<string, string[]>();
  const automation = automationOf(person);
  const sent: ApiRequest[] = [];
  let [called, ids] = [0, 0];

  /** Two people of a project share its bays. */
  const nextCount = (): number => HOOKED_NODES_LEAST + 2 * (called += 1) + (person.name.endsWith("1") ? 0 : 1);
  const makeModels = async (bay: string): Promise<string[]> => {
    const made: string[] = [];
    for (let count = 0; count < MODELS; count += 1) {
      const body = modelBody(conditions, `hooked-${hooks.length}-${count}-of-${person.name}`, versionFor(tools, bay));
      made.push(uuidIn(await insist({ method: "POST", path: "/v1/clustertemplates", body })) ?? "");
    }
    return made.filter((uuid) => uuid !== "");
  };
  const nextBody = ({ uuid }: MadeHook): object => {
    const model = unused.get(uuid)?.shift();
    return model === undefined ? { node_count: nextCount() } : { bay_model: model };
  };
  const nextId = (): string => `call-${(ids += 1)}-of-${person.name}`;
  const signedCall = (hook: MadeHook, secret: string, atMs: number): ApiRequest =>
    hookCall({ ...hook, secret }, { id: nextId(), atMs, body: nextBody(hook) });
  /** Each time signed anew, as senders do it. */
  const sendAgain = (hook: MadeHook, id: string, body: object): Promise<Answer> =>
    askAs(automation, hookCall(hook, { id, atMs: nowMs(), body }));
  const callRightly = async (hook: MadeHook): Promise<void> => {
    const [id, body] = [nextId(), nextBody(hook)];
    const request = hookCall(hook, { id, atMs: nowMs(), body });
    sent.push(request);
    const isTwice = chance() < 0.25;
    let [answer] = await Promise.all([askAs(automation, request), isTwice && askAs(automation, request)]);
    for (let sends = 1; sends < SENDS_MOST && isBusy(answer); sends += 1) {
      await pause(4 * MINUTE_MS * chance());
      answer = await sendAgain(hook, id, body);
    }
    if (chance() < 0.4) return;
    await pause(4 * MINUTE_MS * chance());
    await (chance() < 0.15 ? sendAgain(hook, id, nextBody(hook)) : askAs(automation, request));
  };
  const make = async (): Promise<void> => {
    const bay = (await chooseBay(tools))?.uuid;
    if (bay === undefined) return;
    const models = conditions.has("upgrades") && chance() < 0.6 ? await makeModels(bay) : [];
    const allows = models.length > 0 ? { action: "upgrade", bay_models: models } : { max_node_count: NODES_MOST };
    const body = { name: `hook-${hooks.length}`, bay, ...allows };
    const answer = await ask({ method: "POST", path: "/v1/hooks", body });
    if (answer.kind === "no answer" || answer.status !== 201) return;
    const hook = JSON.parse(answer.text) as MadeHook;
    hooks.push(hook);
    if (models.length > 0) unused.set(hook.uuid, models);
    await callRightly(hook);
  };
  const callWrongly = async (hook: MadeHook): Promise<void> => {
    const choice = chance();
    if (choice < 0.5) {
      const awayMs = choice < 0.35 ? -OUT_OF_TIME_MS : OUT_OF_TIME_MS;
      await askAs(automation, signedCall(hook, hook.secret, nowMs() + awayMs));
    } else if (choice < 0.75) {
      await askAs(automation, signedCall(hook, `whsec_${Buffer.from(hook.uuid).toString("base64")}`, nowMs()));
    } else {
      const request = signedCall(hook, hook.secret, nowMs());
      await askAs(automation, { ...request, body: nextBody(hook) });
    }
  };
  return async () => {
    const hook = pick(hooks);
    const choice = chance();
    if (!hook || choice < 0.15) await make();
    else if (choice < 0.22) {
      const body = chance() < 0.4 ? { name: "renamed" } : { enabled: chance() < 0.6 };
      await ask({ method: "PATCH", path: `/v1/hooks/${hook.uuid}`, body });
    } else if (choice < 0.3) await ask({ method: "DELETE", path: `/v1/hooks/${hook.uuid}` });
    else if (choice < 0.7) await callRightly(hook);
    else if (choice < 0.9) await callWrongly(hook);
    else {
      const request = pick(sent);
      if (request) await askAs(automation, request);
    }
  };
}
