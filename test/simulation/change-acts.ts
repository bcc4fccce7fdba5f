/** What users do to bays that changes what their nodes are to come to: they replace a bay's authority. */
import type { ActTools } from "./further-acts.ts";
import type { Answer } from "./watch.ts";

const headers = { "openstack-api-version": "container-infra 1.10" };
/** Of those who begin something, how many look first which bays would take it. */
const LOOKS = 0.8;

/** What was not finished is gone on with. */
export function rotationAct(tools: ActTools): () => Promise<void> {
  return async () => {
    const bay = await chooseBay(tools);
    if (bay !== undefined) await tools.ask({ method: "PATCH", path: `/v1/certificates/${bay}`, headers });
  };
}

/** Mostly one that is at nothing else. */
async function chooseBay({ ask, pick, chance, known }: ActTools): Promise<string | undefined> {
  if (chance() > LOOKS) return pick(known);
  const bays = baysIn(await ask({ method: "GET", path: "/v1/clusters", headers }));
  return pick(bays.filter(({ status }) => /^(CREATE|UPDATE)_COMPLETE$|^UPDATE_FAILED$/.test(status)))?.uuid;
}

function baysIn(answer: Answer): readonly { readonly uuid: string; readonly status: string }[] {
  if (answer.kind !== "reply" || answer.status !== 200) return [];
  return (JSON.parse(answer.text) as { clusters: readonly { uuid: string; status: string }[] }).clusters;
}
