import { matchesEvent } from "@jeroboam/core/event/event-filter";
import { deliveryId } from "@jeroboam/core/webhook/delivery";
import type { Webhook } from "@jeroboam/core/webhook/webhook";
import type { World } from "../world.ts";
import { cameBack } from "../world.ts";
import type { Invariant } from "./invariant.ts";

/**
 * Who tells of an event may have read the project's webhooks so long before: the index lags, they are remembered for a
 * moment, and whoever reads may fall asleep over it.
 */
const UNKNOWN_MS = 15 * 60_000;

interface Event {
  readonly id: string;
  readonly type: string;
  readonly projectId: string;
  readonly toldAtMs: number;
}

export const webhooks: Invariant = {
  id: "I10",
  says: "an event comes to each webhook of its project at least once, always as the same message; its number tells its place",
  watch(world, broken) {
    const known = new Map<string, { readonly sinceMs: number; readonly webhook: Webhook }>();
    const events: Event[] = [];
    const check = (): void => {
      for (const { sinceMs, webhook } of known.values())
        for (const event of events)
          if (isWanted(webhook, event) && event.toldAtMs >= sinceMs + UNKNOWN_MS && !wasTaken(event, webhook))
            broken(`webhook ${webhook.uuid} was never told of event ${event.id}`);
      for (const id of world.receivers.altered) broken(`message ${id} came again as another`);
      for (const problem of [...strangers(world), ...misnumbered(world)]) broken(problem);
    };
    const wasTaken = ({ id }: Event, { uuid, url }: Webhook): boolean =>
      world.receivers.taken.get(url)?.has(deliveryId(id, uuid)) === true;
    return {
      wrote(item, before) {
        const nowMs = world.scheduler.clock.nowMs();
        if (!before && item.sk.startsWith("~history#")) {
          const { id, type, subject } = item.body as { id: string; type: string; subject?: { projectId: string } };
          if (subject) events.push({ id, type, projectId: subject.projectId, toldAtMs: nowMs });
        }
        if (item.body["type"] !== "webhook") return;
        const webhook = item.body["state"] as Webhook;
        known.set(webhook.uuid, { sinceMs: known.get(webhook.uuid)?.sinceMs ?? nowMs, webhook });
      },
      removed(_key, before) {
        if (before.body["type"] === "webhook") known.delete((before.body["state"] as Webhook).uuid);
      },
      rested: check,
      emptied: check,
    };
  },
};

function isWanted({ enabled, events, projectId }: Webhook, event: Event): boolean {
  return enabled && projectId === event.projectId && matchesEvent(events, event.type);
}

/** Addresses say whose they are. */
function strangers({ receivers }: World): string[] {
  return [...receivers.taken].flatMap(([url, messages]) =>
    [...messages.values()]
      .map((payload) => (JSON.parse(payload) as { projectid: string }).projectid)
      .filter((projectId) => !url.includes(projectId))
      .map((projectId) => `${url} was told of something in ${projectId}`),
  );
}

/** A record's events bear the numbers from one on, each once. */
function misnumbered(world: World): string[] {
  const numbers = new Map<string, number[]>();
  for (const item of world.items.values()) {
    const { sequence } = item.body as { sequence?: number };
    if (!item.sk.startsWith("~history#") || sequence === undefined) continue;
    const record = (item.body as { subject?: { uuid: string } }).subject?.uuid;
    // One that comes back after it was deleted knows nothing of what was told before.
    if (record === undefined || cameBack(world, record)) continue;
    numbers.set(record, [...(numbers.get(record) ?? []), sequence]);
  }
  return [...numbers]
    .map(([record, found]) => ({ record, found: found.toSorted((a, b) => a - b) }))
    .filter(({ found }) => found.some((number, at) => number !== at + 1))
    .map(({ record, found }) => `the events of ${record} have the numbers ${found.join(", ")}`);
}
