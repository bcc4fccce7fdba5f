import { bayRecordOf } from "../bay-record.ts";
import type { Exchange } from "../watch.ts";
import type { Invariant } from "./invariant.ts";

/** Bays that users ask for under a key bear it in their names, and no other does. */
export const KEYED_NAME = /^keyed-/;

export const sameAnswers: Invariant = {
  id: "I13",
  says: "under one key one request gets one answer and makes one bay; another request is refused",
  watch(world, broken) {
    const made = new Map<string, string>();
    const first = new Map<string, { readonly body: string; readonly status: number; readonly uuid: unknown }>();
    return {
      wrote(item, before) {
        const bay = before ? undefined : bayRecordOf(item)?.state;
        if (!bay?.name || !KEYED_NAME.test(bay.name)) return;
        const other = made.get(bay.name);
        // Its user had deleted it, and a request that fell asleep over its write brought it back.
        if (other === bay.uuid) world.gaps.add("key outslept");
        else if (other !== undefined) broken(`${bay.name} was made twice: as ${other} and as ${bay.uuid}`);
        made.set(bay.name, bay.uuid);
      },
      replied(exchange) {
        const { key, person, answer } = exchange;
        if (key === undefined || answer.kind !== "reply" || !isAnswer(answer.status)) return;
        const id = `${person.name} ${key}`;
        const is = { body: JSON.stringify(exchange.body), status: answer.status, uuid: uuidIn(exchange) };
        const was = first.get(id);
        if (!was) first.set(id, is);
        else if (was.body !== is.body) broken(`the key ${key} of ${person.name} was taken for two requests`);
        else if (was.status !== is.status || was.uuid !== is.uuid)
          broken(`the key ${key} of ${person.name} was answered by ${was.status}, then by ${is.status}`);
      },
    };
  },
};

/** Not "later", nor "not now", nor "that was another request". */
function isAnswer(status: number): boolean {
  return status < 500 && status !== 401 && status !== 409 && status !== 422;
}

function uuidIn({ answer }: Exchange): unknown {
  if (answer.kind !== "reply" || answer.status >= 300) return undefined;
  return (JSON.parse(answer.text) as { uuid?: unknown }).uuid;
}
