/** Neutron v2.0 over HTTP: lists with filters, shows, deletes, and what little is made by hand (networks, subnets, floating IPs). */
import { Hono } from "hono";
import type { Context } from "hono";
import type { Cloud } from "../cloud.ts";
import { Fault } from "../http/fault.ts";
import { readJson, recordAt, textAt } from "../http/requests.ts";
import { authenticated } from "../keystone/callers.ts";
import type { Caller } from "../keystone/callers.ts";
import { limits } from "../limits.ts";
import { toText } from "../json.ts";
import type { Json, JsonMap } from "../json.ts";
import { neutronFault } from "./faults.ts";
import { createNetwork, createSubnet, deleteNetwork, deletePort, deleteSubnet } from "./networks.ts";
import { associate, createFloatingIp, deleteFloatingIp, deleteRouter } from "./routers.ts";
import { defaultGroup, deleteSecurityGroup } from "./security-groups.ts";
import * as views from "./views.ts";

interface Kind {
  plural: string;
  singular: string;
  /** What Neutron calls it in a 404. */
  type: string;
  rows: () => Iterable<{ id: string; projectId: string }>;
  view: (id: string) => JsonMap | undefined;
  /** Whether others than its project may see it. */
  isShared?: (id: string) => boolean;
  create?: (caller: Caller, body: Record<string, unknown>) => string;
  remove?: (id: string) => void;
}

export function createNeutron(cloud: Cloud): Hono {
  const app = new Hono();
  app.onError((error, c) => {
    if (!(error instanceof Fault)) throw error;
    return c.json(error.body as object, error.status as 400, { ...error.headers });
  });
  app.notFound((c) =>
    c.json({ NeutronError: { type: "HTTPNotFound", message: "The resource could not be found.", detail: "" } }, 404),
  );
  const href = `${cloud.options.publicUrl}/network/v2.0/`;
  app.get("/", (c) => c.json({ versions: [{ id: "v2.0", status: "CURRENT", links: [{ rel: "self", href }] }] }));
  app.get("/v2.0", (c) =>
    c.json({
      resources: kinds(cloud).map(({ plural, singular }) => ({
        name: singular,
        collection: plural,
        links: [{ rel: "self", href: `${href}${plural}` }],
      })),
    }),
  );
  const v2 = new Hono();
  for (const kind of kinds(cloud)) collection(v2, cloud, kind);
  v2.put("/floatingips/:id", async (c) => {
    const caller = authenticated(cloud, c);
    const id = c.req.param("id");
    if (cloud.neutron.floatingIps.get(id)?.projectId !== caller.projectId) {
      throw neutronFault(404, "FloatingIPNotFound", `Floating IP ${id} could not be found`);
    }
    const body = await readJson(c, limits.requestBytes);
    const wanted = recordAt(body.kind === "json" ? body.value : {}, "floatingip");
    return c.json({
      floatingip: views.floatingIpView(
        associate(cloud, id, textAt(wanted, "port_id") ?? null, textAt(wanted, "fixed_ip_address")),
      ),
    });
  });
  v2.get("/extensions", (c) =>
    c.json({
      extensions: ["router", "external-net", "security-group", "standard-attr-tag"].map((alias) => ({
        alias,
        name: alias,
        description: "",
        links: [],
        updated: "2017-01-01T00:00:00-00:00",
      })),
    }),
  );
  v2.get("/extensions/:alias", (c) =>
    c.json({ extension: { alias: c.req.param("alias"), name: c.req.param("alias"), description: "", links: [] } }),
  );
  v2.get("/availability_zones", (c) =>
    c.json({ availability_zones: [{ name: "nova", resource: "network", state: "available" }] }),
  );
  app.route("/v2.0", v2);
  return app;
}

/** Query values that are no filters. */
const NOT_FILTERS = new Set(["fields", "limit", "marker", "sort_key", "sort_dir", "page_reverse"]);

function isMatch(view: JsonMap, query: Record<string, string[]>): boolean {
  return Object.entries(query).every(([name, wanted]) => {
    if (NOT_FILTERS.has(name) || view[name] === undefined) return true;
    if (name === "fixed_ips" && Array.isArray(view[name])) {
      return wanted.every((one) => holdsIp(view[name] as Json[], one));
    }
    return wanted.some((one) => toText(view[name] ?? null).toLowerCase() === one.toLowerCase());
  });
}

/** `ip_address=10.0.0.3` or `subnet_id=…` among a port's addresses. */
function holdsIp(ips: readonly Json[], wanted: string): boolean {
  const [key = "", value] = wanted.split("=");
  return ips.some((ip) => typeof ip === "object" && ip !== null && !Array.isArray(ip) && ip[key] === value);
}

function collection(app: Hono, cloud: Cloud, kind: Kind): void {
  const isVisible = (caller: Caller, one: { id: string; projectId: string }): boolean =>
    caller.isAdmin || one.projectId === caller.projectId || kind.isShared?.(one.id) === true;
  const find = (c: Context, forChange: boolean): string => {
    const caller = authenticated(cloud, c);
    const id = c.req.param("id") ?? "";
    const found = [...kind.rows()].find((one) => one.id === id);
    const isRefused = forChange && found !== undefined && !caller.isAdmin && found.projectId !== caller.projectId;
    if (!found || !isVisible(caller, found) || isRefused) {
      throw neutronFault(404, kind.type, `${kind.type.replace("NotFound", "")} ${id} could not be found.`);
    }
    return id;
  };
  app.get(`/${kind.plural}`, (c) => {
    const caller = authenticated(cloud, c);
    if (caller.projectId !== null && kind.plural.startsWith("security")) defaultGroup(cloud, caller.projectId);
    const query = c.req.queries();
    const seen = [...kind.rows()]
      .filter((one) => isVisible(caller, one))
      .map((one) => kind.view(one.id))
      .filter((view) => view !== undefined);
    const found = seen.filter((view) => isMatch(view, query));
    const start =
      query["marker"] === undefined ? 0 : found.findIndex((view) => view["id"] === query["marker"]?.[0]) + 1;
    const limit = Number(query["limit"]?.[0] ?? limits.stacksPerPage);
    return c.json({ [kind.plural.replaceAll("-", "_")]: found.slice(start, start + limit) });
  });
  app.get(`/${kind.plural}/:id`, (c) => c.json({ [kind.singular]: kind.view(find(c, false)) ?? null }));
  const { create, remove } = kind;
  if (create) {
    app.post(`/${kind.plural}`, async (c) => {
      const caller = authenticated(cloud, c);
      const body = await readJson(c, limits.requestBytes);
      const id = create(caller, recordAt(body.kind === "json" ? body.value : {}, kind.singular));
      return c.json({ [kind.singular]: kind.view(id) ?? null }, 201);
    });
  }
  if (remove) {
    app.delete(`/${kind.plural}/:id`, (c) => {
      remove(find(c, true));
      return c.body(null, 204);
    });
  }
}

const kinds = (cloud: Cloud): Kind[] => [...networkKinds(cloud), ...routerKinds(cloud), ...securityKinds(cloud)];

const shown = <T>(one: T | undefined, view: (one: T) => object): JsonMap | undefined =>
  one ? (view(one) as JsonMap) : undefined;

function networkKinds(cloud: Cloud): Kind[] {
  const { networks, subnets, ports } = cloud.neutron;
  const isOpen = (id: string): boolean => networks.get(id)?.external === true || networks.get(id)?.shared === true;
  return [
    {
      plural: "networks",
      singular: "network",
      type: "NetworkNotFound",
      rows: () => networks.values(),
      view: (id) => shown(networks.get(id), (one) => views.networkView(cloud, one)),
      isShared: isOpen,
      create: (caller, body) =>
        createNetwork(
          cloud,
          {
            projectId: caller.projectId ?? "",
            name: textAt(body, "name") ?? "",
            external: caller.isAdmin && body["router:external"] === true,
            shared: caller.isAdmin && body["shared"] === true,
          },
          cloud.clock.now(),
        ).id,
      remove: (id) => deleteNetwork(cloud, id),
    },
    {
      plural: "subnets",
      singular: "subnet",
      type: "SubnetNotFound",
      rows: () => subnets.values(),
      view: (id) => shown(subnets.get(id), views.subnetView),
      isShared: (id) => isOpen(subnets.get(id)?.networkId ?? ""),
      create: (caller, body) =>
        createSubnet(cloud, {
          projectId: caller.projectId ?? "",
          name: textAt(body, "name") ?? "",
          networkId: textAt(body, "network_id") ?? "",
          cidr: textAt(body, "cidr") ?? "",
        }).id,
      remove: (id) => deleteSubnet(cloud, id),
    },
    {
      plural: "ports",
      singular: "port",
      type: "PortNotFound",
      rows: () => ports.values(),
      view: (id) => shown(ports.get(id), views.portView),
      remove: (id) => deletePort(cloud, id),
    },
  ];
}

function routerKinds(cloud: Cloud): Kind[] {
  const { routers, floatingIps } = cloud.neutron;
  return [
    {
      plural: "routers",
      singular: "router",
      type: "RouterNotFound",
      rows: () => routers.values(),
      view: (id) => shown(routers.get(id), (one) => views.routerView(cloud, one)),
      remove: (id) => deleteRouter(cloud, id),
    },
    {
      plural: "floatingips",
      singular: "floatingip",
      type: "FloatingIPNotFound",
      rows: () => floatingIps.values(),
      view: (id) => shown(floatingIps.get(id), views.floatingIpView),
      create: (caller, body) =>
        createFloatingIp(cloud, {
          projectId: caller.projectId ?? "",
          networkId: textAt(body, "floating_network_id") ?? "",
        }).id,
      remove: (id) => deleteFloatingIp(cloud, id),
    },
  ];
}

function securityKinds(cloud: Cloud): Kind[] {
  const { securityGroups, rules } = cloud.neutron;
  return [
    {
      plural: "security-groups",
      singular: "security_group",
      type: "SecurityGroupNotFound",
      rows: () => securityGroups.values(),
      view: (id) => shown(securityGroups.get(id), (one) => views.securityGroupView(cloud, one)),
      remove: (id) => deleteSecurityGroup(cloud, id),
    },
    {
      plural: "security-group-rules",
      singular: "security_group_rule",
      type: "SecurityGroupRuleNotFound",
      rows: () => rules.values(),
      view: (id) => shown(rules.get(id), views.ruleView),
    },
  ];
}
