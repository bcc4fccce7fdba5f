/** What happens to the world now and then, whoever is doing what just then. */
import type { Random } from "@jeroboam/core/ports";
import { bayIn } from "./cloud.ts";
import type { Fault } from "./faults.ts";
import type { Fleet } from "./fleet.ts";
import type { World } from "./world.ts";

const MOST_BETWEEN_MS = 60_000;
const MINUTE_MS = 60_000;

export function createChaos(world: World, fleet: Fleet, random: Pick<Random, "fraction">): { stop(): void } {
  const { scheduler, faults, net } = world;
  let stopped = false;
  const tick = (): void => {
    if (stopped) return;
    const fault = faults.decide("moment");
    if (fault) {
      net.trace.add("world", `[${fault.kind}]`);
      strike(world, fleet, fault);
    }
    scheduler.after(MOST_BETWEEN_MS * random.fraction(), tick);
  };
  scheduler.after(MOST_BETWEEN_MS * random.fraction(), tick);
  return {
    stop() {
      stopped = true;
    },
  };
}

function strike(world: World, fleet: Fleet, { kind, force, choice }: Fault): void {
  const { outages, queue, cloud, outside } = world;
  const pick = <One>(list: readonly One[]): One | undefined => list[Math.floor(choice * list.length)];
  /** Mostly short, sometimes hours. */
  const forMs = 10_000 + 20 * MINUTE_MS * force ** 3 + (force > 0.97 ? 360 * MINUTE_MS : 0);
  switch (kind) {
    case "table throttled":
      return outages.begin("table", forMs / 4, 0.5);
    case "heat down":
      return outages.begin("heat", forMs, 1);
    case "keystone down":
      return outages.begin("keystone", forMs, 1);
    case "engine down":
      return outages.begin("engine", forMs / 2, 1);
    case "receivers down":
      return outages.begin("receiver", forMs / 2, 1);
    case "queue down":
      return outages.begin("queue", forMs, 1);
    case "queue purged":
      return queue.purge();
    case "dead letters redriven":
      return queue.redrive();
    case "strange message":
      return outside.queue.send(pick(STRANGE) ?? "", 0);
    case "stack removed by hand": {
      const stack = pick([...cloud.stacks.values()].filter(({ ownerUuid }) => ownerUuid !== ""));
      return stack && cloud.removeStackByHand(stack);
    }
    case "trust revoked": {
      // Of a bay or a node group that is there: what was lent for nothing is somebody else's worry.
      const isHeld = (uuid: string): boolean => world.history.current(uuid) !== undefined;
      const trust = pick([...cloud.trusts.values()].filter(({ context }) => isHeld(bayIn(context))));
      return trust && cloud.endTrust(trust);
    }
    case "process killed":
      return pick(fleet.processes())?.kill("killed from outside");
    case "process stopped": {
      const process = pick(fleet.processes());
      return process && fleet.stop(process);
    }
    case "no sweep":
      return fleet.holdSweeps(force > 0.9 ? 24 * 60 * MINUTE_MS * force : 20 * MINUTE_MS * force);
    case "double sweep":
      fleet.sweepNow();
      return fleet.sweepNow();
    case "work resumed":
      return fleet.resumeWork();
    default:
      throw new Error(`${kind} does not happen at a moment`);
  }
}

const STRANGE = [
  "",
  "not JSON",
  '{"pk":"strange"}',
  '{"pk":"strange","sk":"record"}',
  '{"pk":"strange","sk":"record","and":"more"}',
  `{"pk":"${"strange".repeat(200)}","sk":"record"}`,
  "[]",
  "null",
];
