/**
 * Hooks, in the runs that have them: users make, change and delete some for their bays, and an automation of the project,
 * which has no token, calls them: signed rightly, again under the same id, out of time, wrongly signed, and when the hook
 * or the bay is gone.
 */
import { Webhook as Signer } from "standardwebhooks";
import type { ApiRequest } from "./fleet.ts";
import type { ActTools } from "./further-acts.ts";
import type { Person } from "./people.ts";

/** Nobody else asks for so many nodes, and no two calls for the same number: by it one can tell who changed a bay. */
export const HOOKED_NODES_LEAST = 10;
const NODES_MOST = 1_000;
const MINUTE_MS = 60_000;
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
  { id, atMs, nodeCount }: { readonly id: string; readonly atMs: number; readonly nodeCount: number },
): ApiRequest {
  const body = { node_count: nodeCount };
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(atMs / 1_000)),
    "webhook-signature": new Signer(secret).sign(id, new Date(atMs), JSON.stringify(body)),
  };
  return { method: "POST", path: `/v1/hooks/${uuid}`, body, headers };
}

export function hookAct({ person, ask, askAs, pick, chance, known, pause, nowMs }: ActTools): () => Promise<void> {
  /** Those that were deleted are called on. */
  const hooks: MadeHook[] = [];
  const automation = automationOf(person);
  const sent: ApiRequest[] = [];
  let called = 0;

  /** Two people of a project share its bays. */
  const nextCount = (): number => HOOKED_NODES_LEAST + 2 * (called += 1) + (person.name.endsWith("1") ? 0 : 1);
  const make = async (): Promise<void> => {
    const bay = pick(known);
    if (bay === undefined) return;
    const body = { name: `hook-${hooks.length}`, bay, max_node_count: NODES_MOST };
    const answer = await ask({ method: "POST", path: "/v1/hooks", body });
    if (answer.kind === "reply" && answer.status === 201) hooks.push(JSON.parse(answer.text) as MadeHook);
  };
  const signedCall = (
    { uuid }: MadeHook,
    secret: string,
    atMs: number,
    id = `call-${called + 1}-of-${person.name}`,
  ): ApiRequest => hookCall({ uuid, secret }, { id, atMs, nodeCount: nextCount() });
  const callRightly = async (hook: MadeHook): Promise<void> => {
    const request = signedCall(hook, hook.secret, nowMs());
    sent.push(request);
    const isTwice = chance() < 0.25;
    const [answer] = await Promise.all([askAs(automation, request), isTwice && askAs(automation, request)]);
    const isBusy = answer.kind === "reply" && answer.status === 409;
    if (chance() >= (isBusy ? 0.9 : 0.6)) return;
    await pause(4 * MINUTE_MS * chance());
    const isOther = chance() < 0.15;
    await askAs(
      automation,
      isOther ? signedCall(hook, hook.secret, nowMs(), request.headers?.["webhook-id"]) : request,
    );
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
      await askAs(automation, { ...request, body: { node_count: nextCount() } });
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
