/**
 * A small OpenStack in one value: Keystone, Heat, Nova, Neutron, Glance and Barbican behind one `fetch`, with knobs for what goes wrong.
 * It holds to the services' wire forms and refusals; it runs no machine. Time is the clock's that it is given: before each request, and on
 * `advance()`, everything is brought up to the present. All handlers change state in one piece, without waiting in between.
 * Delays use the `sleep` that it is given; without one they take no time. Sockets, real clocks and disks are server.ts's and file-journal.ts's.
 */
import { Hono } from "hono";
import { routePath } from "hono/route";
import type { Clock, Random, Sleep, Store } from "./ports.ts";
import { defaultOptions } from "./cloud.ts";
import type { Agenda, Cloud, Options } from "./cloud.ts";
import { createEngines } from "./engines/engines.ts";
import type { Engines } from "./engines/engines.ts";
import { openEngineTables } from "./engines/records.ts";
import { createBarbican } from "./barbican/app.ts";
import { openBarbicanTables } from "./barbican/records.ts";
import { createGlance } from "./glance/app.ts";
import { openGlanceTables } from "./glance/records.ts";
import { createHeat } from "./heat/app.ts";
import { createHeatCfn } from "./heat/cfn-app.ts";
import { advance, nextMoment, readAgenda } from "./heat/engine/advance.ts";
import { openHeatTables } from "./heat/records.ts";
import { inventory } from "./inventory.ts";
import type { Inventory } from "./inventory.ts";
import { createKeystone } from "./keystone/app.ts";
import { expireTokens } from "./keystone/tokens.ts";
import { openKeystoneTables } from "./keystone/records.ts";
import { createKnobsApp } from "./knobs/app.ts";
import { createKnobs } from "./knobs/knobs.ts";
import type { Knobs, Settings } from "./knobs/knobs.ts";
import { createNeutron } from "./neutron/app.ts";
import { openNeutronTables } from "./neutron/records.ts";
import { createNova } from "./nova/app.ts";
import { openNovaTables } from "./nova/records.ts";
import { seed } from "./seed.ts";
import { openDatabase } from "./state/database.ts";
import { createMemoryStore } from "./state/memory-store.ts";

export interface SandboxPorts {
  clock: Clock;
  random: Random;
  /** Where the state is kept; in memory alone without one. */
  store?: Store;
  /** Carries out delays. */
  sleep?: Sleep;
  options?: Partial<Options>;
  /** What the knobs start from and are reset to. */
  settings?: Partial<Settings>;
}

export type Reply = { kind: "response"; response: Response } | { kind: "cut" };

export interface Sandbox {
  /** Answers a request to any service, by its path. A cut connection rejects with a TypeError, as the real fetch does. */
  fetch: (request: Request) => Promise<Response>;
  /** As fetch, but tells a cut connection from an answer: for whoever holds the socket. */
  handle: (request: Request) => Promise<Reply>;
  /** Brings everything up to the present. */
  advance: () => void;
  /** The next moment, in ms since the epoch, at which something happens by itself; undefined when nothing will. */
  nextMoment: () => number | undefined;
  readonly knobs: Knobs;
  /** What runs on the nodes of the bays. */
  readonly engines: Engines;
  /** Lets every token that there is expire now. */
  expireTokens: () => void;
  /** How many requests each route got: `heat POST /v1/:tenant/stacks` -> 3. Those that a knob cut off before their effect count too. */
  counts: () => Readonly<Record<string, number>>;
  /** Everything that lives, by kind and owner. */
  inventory: () => Inventory;
  readonly publicUrl: string;
  /** Changes the container-infra endpoint of the catalog: for a Jeroboam that listens later than the sandbox. */
  setContainerInfraUrl: (url: string | null) => void;
  close: () => void;
}

/** Services by the paths that they are mounted at; Keystone has what is left. */
const MOUNTS: readonly [prefix: string, service: string][] = [
  ["/sandbox", "sandbox"],
  ["/orchestration-cfn", "heat-cfn"],
  ["/orchestration", "heat"],
  ["/compute", "nova"],
  ["/network", "neutron"],
  ["/image", "glance"],
  ["/key-manager", "barbican"],
];

function mountOf(path: string): { service: string; prefix: string } {
  const found = MOUNTS.find(([prefix]) => path === prefix || path.startsWith(`${prefix}/`));
  return found ? { service: found[1], prefix: found[0] } : { service: "keystone", prefix: "" };
}

function openCloud({ clock, random, store, sleep, options, settings }: SandboxPorts): Cloud {
  const database = openDatabase(store ?? createMemoryStore());
  const agenda: Agenda = { roots: new Map(), boots: new Map(), engines: new Map(), engineChanges: 0 };
  const changed = (): void => {
    agenda.engineChanges += 1;
    // A fault that was set or taken away may be one of theirs.
    for (const engine of engines.engines.values()) agenda.engines.set(engine.id, clock.now());
  };
  const engines = openEngineTables(database);
  return {
    clock,
    random,
    options: { ...defaultOptions, ...options },
    knobs: createKnobs({ database, random, clock, changed }, settings ?? {}),
    agenda,
    database,
    keystone: openKeystoneTables(database),
    heat: openHeatTables(database),
    nova: openNovaTables(database),
    neutron: openNeutronTables(database),
    glance: openGlanceTables(database),
    barbican: openBarbicanTables(database),
    engines,
    sleep,
  };
}

export function createSandbox(ports: SandboxPorts): Sandbox {
  const cloud = openCloud(ports);
  seed(cloud);
  cloud.database.commit();
  readAgenda(cloud);
  const counts = new Map<string, number>();
  const countsNow = (): Record<string, number> => Object.fromEntries(counts);
  const apps = createApps(cloud, countsNow);
  const count = (key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);

  async function serve(request: Request, service: string, prefix: string): Promise<Response> {
    const app = apps.get(service);
    if (!app) throw new Error(`no app serves ${service}`);
    const url = new URL(request.url);
    // A service does not know where it is mounted; a slash at the end means nothing to any of them.
    url.pathname = url.pathname.slice(prefix.length).replace(/(.)\/+$/, "$1") || "/";
    advance(cloud);
    const response = await app.fetch(new Request(url, request), {
      count: (route: string) => count(`${service} ${request.method} ${route}`),
    });
    cloud.database.commit();
    return response;
  }

  async function handle(request: Request): Promise<Reply> {
    const path = new URL(request.url).pathname;
    const { service, prefix } = mountOf(path);
    const faults = service === "sandbox" ? [] : cloud.knobs.requestFaults({ service, method: request.method, path });
    cloud.database.commit();
    for (const fault of faults) if (fault.effect === "delay") await ports.sleep?.(fault.delayMs);
    if (faults.some((fault) => fault.effect === "cut")) {
      count(`${service} ${request.method} (cut)`);
      return { kind: "cut" };
    }
    const refused = faults.find((fault) => fault.effect === "status");
    if (refused) {
      count(`${service} ${request.method} (${refused.status})`);
      return {
        kind: "response",
        response: new Response("The sandbox was told to answer so.\n", { status: refused.status }),
      };
    }
    const response = await serve(request, service, prefix);
    return faults.some((fault) => fault.effect === "lose-reply") ? { kind: "cut" } : { kind: "response", response };
  }

  return {
    handle,
    async fetch(request) {
      const reply = await handle(request);
      if (reply.kind === "cut") throw new TypeError("fetch failed");
      return reply.response;
    },
    advance() {
      advance(cloud);
      cloud.database.commit();
    },
    nextMoment: () => nextMoment(cloud),
    knobs: cloud.knobs,
    engines: createEngines(cloud),
    expireTokens() {
      expireTokens(cloud);
      cloud.database.commit();
    },
    counts: countsNow,
    inventory() {
      advance(cloud);
      return inventory(cloud);
    },
    publicUrl: cloud.options.publicUrl,
    setContainerInfraUrl(url) {
      cloud.options.containerInfraUrl = url;
    },
    close() {
      cloud.database.commit();
      cloud.database.close();
    },
  };
}

function createApps(cloud: Cloud, counts: () => Record<string, number>): ReadonlyMap<string, Hono> {
  const services: readonly [string, Hono][] = [
    ["keystone", createKeystone(cloud)],
    ["heat", createHeat(cloud)],
    ["heat-cfn", createHeatCfn(cloud)],
    ["nova", createNova(cloud)],
    ["neutron", createNeutron(cloud)],
    ["glance", createGlance(cloud)],
    ["barbican", createBarbican(cloud)],
    ["sandbox", createKnobsApp({ cloud, counts })],
  ];
  return new Map(services.map(([name, app]) => [name, counted(app, cloud)]));
}

/** The app with each request counted by the route that served it, and with the header that every service gives. */
function counted(inner: Hono, cloud: Cloud): Hono {
  const app = new Hono<{ Bindings: { count: (route: string) => void } }>();
  app.use(async (c, next) => {
    await next();
    c.env.count(routePath(c, -1));
    c.header("x-openstack-request-id", `req-${cloud.random().toString(16).slice(2, 14)}`);
  });
  app.route("/", inner);
  app.notFound((c) => inner.fetch(c.req.raw));
  return app as unknown as Hono;
}
