/** A hook that is called, as its owner's automation does it and as nobody may. */
import { modelBody } from "./change-acts.ts";
import type { Condition } from "./faults.ts";
import type { MadeHook } from "./hook-acts.ts";
import { HOOKED_NODES_LEAST, hookCall } from "./hook-acts.ts";
import type { Actor, Script } from "./script.ts";

/** Of bays that can be upgraded; to the same versions, so that no master is waited for. */
const FOLLOWING: ReadonlySet<Condition> = new Set<Condition>(["upgrades"]);

const HOUR_MS = 3_600_000;

const resizeTo = (value: number) => [{ op: "replace", path: "/node_count", value }];

/** A bay that stands, and a hook of it. */
async function makeHook({ makeBay, settle, ask }: Actor): Promise<{ readonly bay: string; readonly hook: MadeHook }> {
  const bay = await makeBay();
  await settle();
  const { uuid, secret } = await ask({ method: "POST", path: "/v1/hooks", body: { bay, max_node_count: 100 } });
  return { bay, hook: { uuid: String(uuid), secret: String(secret) } };
}

export const HOOK_SCRIPTS: readonly Script[] = [
  {
    name: "calling a hook, again after the bay was resized",
    async act(actor) {
      const { begin, call, ask, settle, nowMs } = actor;
      const { bay, hook } = await makeHook(actor);
      begin();
      const request = hookCall(hook, { id: "one", atMs: nowMs(), body: { node_count: HOOKED_NODES_LEAST } });
      await call(request);
      await settle();
      await ask({ method: "PATCH", path: `/v1/bays/${bay}`, body: resizeTo(3) });
      await settle();
      await call(request);
      await settle();
    },
  },
  {
    name: "calling a hook that upgrades, again after the bay is upgraded",
    async act({ begin, call, ask, settle, nowMs }) {
      const models: string[] = [];
      for (const name of ["older", "newer"]) {
        const body = modelBody(FOLLOWING, name);
        models.push(String((await ask({ method: "POST", path: "/v1/clustertemplates", body }))["uuid"]));
      }
      const [older, newer] = models;
      const wanted = { name: "bay", cluster_template_id: older, node_count: 1, create_timeout: 20 };
      const { uuid: bay } = await ask({ method: "POST", path: "/v1/clusters", body: wanted });
      await settle();
      const allows = { bay, action: "upgrade", bay_models: [newer] };
      const { uuid, secret } = await ask({ method: "POST", path: "/v1/hooks", body: allows });
      begin();
      const hook = { uuid: String(uuid), secret: String(secret) };
      const request = hookCall(hook, { id: "one", atMs: nowMs(), body: { bay_model: newer } });
      await call(request);
      await settle();
      await call(request);
      await settle();
    },
  },
  {
    name: "calling a hook as nobody may",
    async act(actor) {
      const { begin, call, ask, settle, nowMs } = actor;
      const { bay, hook } = await makeHook(actor);
      const path = `/v1/hooks/${hook.uuid}`;
      let count = HOOKED_NODES_LEAST;
      const callSigned = async (secret: string, awayMs: number): Promise<void> => {
        count += 1;
        const body = { node_count: count };
        await call(hookCall({ ...hook, secret }, { id: `call-${count}`, atMs: nowMs() + awayMs, body }));
        await settle();
      };
      await callSigned(`whsec_${Buffer.from(bay).toString("base64")}`, 0);
      await callSigned(hook.secret, -HOUR_MS);
      await ask({ method: "PATCH", path, body: { enabled: false } });
      await callSigned(hook.secret, 0);
      await ask({ method: "PATCH", path, body: { enabled: true } });
      await ask({ method: "PATCH", path: `/v1/bays/${bay}`, body: resizeTo(3) });
      // While the bay is busy: it is told so.
      await callSigned(hook.secret, 0);
      await callSigned(hook.secret, 0);
      // Under the same id, for something else; how a call is struck that may be made is the script's before.
      begin();
      count += 1;
      await call(hookCall(hook, { id: `call-${count - 1}`, atMs: nowMs(), body: { node_count: count } }));
      await settle();
      await ask({ method: "DELETE", path: `/v1/bays/${bay}` });
      await settle();
      await callSigned(hook.secret, 0);
      await ask({ method: "DELETE", path });
      await callSigned(hook.secret, 0);
    },
  },
];
