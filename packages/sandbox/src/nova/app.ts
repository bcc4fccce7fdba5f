/** Nova v2.1 over HTTP, as far as clients of templates ask: servers to be looked at and deleted, flavors, key pairs, server groups, limits. */
import { Hono } from "hono";
import type { Context } from "hono";
import type { Cloud } from "../cloud.ts";
import { Fault, titleOf } from "../http/fault.ts";
import { readJson, recordAt, textAt } from "../http/requests.ts";
import { secret } from "../ids.ts";
import { authenticated } from "../keystone/callers.ts";
import type { Caller } from "../keystone/callers.ts";
import { limits } from "../limits.ts";
import { createKeyPair, deleteServer, findFlavor, findImages, createServer } from "./compute.ts";
import type { Server } from "./records.ts";
import { defaultGroup } from "../neutron/security-groups.ts";
import * as views from "./views.ts";

const NAMES: Readonly<Record<number, string>> = {
  400: "badRequest",
  403: "forbidden",
  404: "itemNotFound",
  409: "conflictingRequest",
};

export const novaFault = (status: number, message: string): Fault =>
  new Fault(status, message, { [NAMES[status] ?? "computeFault"]: { code: status, message } });

const MAX_VERSION = "2.93";

export function createNova(cloud: Cloud): Hono {
  const app = new Hono();
  app.onError((error, c) => {
    if (!(error instanceof Fault)) throw error;
    return c.json(error.body as object, error.status as 400, { ...error.headers });
  });
  app.notFound((c) => c.json({ itemNotFound: { code: 404, message: titleOf(404) } }, 404));
  const base = `${cloud.options.publicUrl}/compute/v2.1`;
  const version = {
    id: "v2.1",
    status: "CURRENT",
    version: MAX_VERSION,
    min_version: "2.1",
    updated: "2013-07-23T11:33:21Z",
    links: [{ rel: "self", href: `${base}/` }],
  };
  app.get("/", (c) => c.json({ versions: [version] }));
  app.get("/v2.1", (c) => c.json({ version: { ...version, "media-types": [] } }));
  const v21 = new Hono();
  v21.use(async (c, next) => {
    await next();
    const asked =
      /compute ([\d.]+|latest)/.exec(c.req.header("OpenStack-API-Version") ?? "")?.[1] ??
      c.req.header("X-OpenStack-Nova-API-Version") ??
      "2.1";
    c.header("OpenStack-API-Version", `compute ${asked === "latest" ? MAX_VERSION : asked}`);
  });
  serverRoutes(v21, cloud);
  flavorRoutes(v21, cloud);
  keyPairRoutes(v21, cloud);
  otherRoutes(v21, cloud);
  app.route("/v2.1", v21);
  return app;
}

function ownServer(cloud: Cloud, caller: Caller, id: string): Server {
  const server = cloud.nova.servers.get(id);
  if (!server || (server.projectId !== caller.projectId && !caller.isAdmin)) {
    throw novaFault(404, `Instance ${id} could not be found.`);
  }
  return server;
}

/** The servers that the query asks for. Names are patterns, as Nova takes them. */
function listServers(cloud: Cloud, c: Context): Server[] {
  const caller = authenticated(cloud, c);
  const query = c.req.query();
  const isAll = caller.isAdmin && ["1", "true", "True"].includes(query["all_tenants"] ?? "");
  const name = query["name"] === undefined ? undefined : new RegExp(escapeUnlessPattern(query["name"]));
  const found = [...cloud.nova.servers.values()].filter(
    (one) =>
      (isAll || one.projectId === caller.projectId) &&
      (name === undefined || name.test(one.name)) &&
      (query["status"] === undefined || query["status"] === views.serverStatus(cloud, one)) &&
      (query["flavor"] === undefined || one.flavorId === query["flavor"]) &&
      (query["image"] === undefined || one.imageId === query["image"]),
  );
  const ordered = found.toSorted((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? -1 : 1));
  const start = query["marker"] === undefined ? 0 : ordered.findIndex((one) => one.id === query["marker"]) + 1;
  const limit = Number(query["limit"] ?? limits.stacksPerPage);
  return ordered.slice(start, start + limit);
}

/** Clients send `^name$`; anything else is taken letter by letter. */
const escapeUnlessPattern = (text: string): string =>
  /^\^?[\w.-]*\$?$/.test(text) ? text : text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");

function serverRoutes(app: Hono, cloud: Cloud): void {
  app.get("/servers", (c) => {
    const servers = listServers(cloud, c);
    return c.json({
      servers: servers.map(({ id, name }) => ({ id, name, links: views.links(cloud, `servers/${id}`) })),
    });
  });
  app.get("/servers/detail", (c) =>
    c.json({ servers: listServers(cloud, c).map((one) => views.serverView(cloud, one)) }),
  );
  app.get("/servers/:id", (c) =>
    c.json({ server: views.serverView(cloud, ownServer(cloud, authenticated(cloud, c), c.req.param("id"))) }),
  );
  app.delete("/servers/:id", (c) => {
    deleteServer(cloud, ownServer(cloud, authenticated(cloud, c), c.req.param("id")));
    return c.body(null, 204);
  });
  app.post("/servers", async (c) => {
    const caller = authenticated(cloud, c);
    const body = await readJson(c, limits.requestBytes);
    const wanted = recordAt(body.kind === "json" ? body.value : {}, "server");
    const server = bootByRequest(cloud, caller, wanted);
    return c.json(
      {
        server: {
          id: server.id,
          links: views.links(cloud, `servers/${server.id}`),
          adminPass: secret(cloud.random, 12),
          "OS-DCF:diskConfig": "MANUAL",
          security_groups: [{ name: "default" }],
        },
      },
      202,
    );
  });
  app.get("/servers/:id/os-interface", (c) => {
    const server = ownServer(cloud, authenticated(cloud, c), c.req.param("id"));
    return c.json({ interfaceAttachments: views.interfacesView(cloud, server) });
  });
  app.get("/servers/:id/os-volume_attachments", (c) => {
    const server = ownServer(cloud, authenticated(cloud, c), c.req.param("id"));
    const held = [...cloud.nova.volumes.values()].filter((one) => one.attachment?.serverId === server.id);
    return c.json({
      volumeAttachments: held.map((one) => ({
        id: one.attachment?.id,
        serverId: server.id,
        volumeId: one.id,
        device: one.attachment?.device,
      })),
    });
  });
}

function bootByRequest(cloud: Cloud, caller: Caller, wanted: Record<string, unknown>): Server {
  const flavor = findFlavor(cloud, textAt(wanted, "flavorRef") ?? "");
  if (!flavor) throw novaFault(400, `Flavor ${textAt(wanted, "flavorRef") ?? ""} could not be found.`);
  const projectId = caller.projectId ?? "";
  const image = findImages(cloud, textAt(wanted, "imageRef") ?? "", projectId)[0];
  if (!image) throw novaFault(400, `Image ${textAt(wanted, "imageRef") ?? ""} could not be found.`);
  const name = textAt(wanted, "name");
  if (name === undefined) {
    throw novaFault(400, "Invalid input for field/attribute server: 'name' is a required property");
  }
  const securityGroupIds = [defaultGroup(cloud, projectId).id];
  const asked = Array.isArray(wanted["networks"]) ? wanted["networks"] : [];
  const interfaces = asked.map((one) => {
    const portId = textAt(one, "port");
    if (portId !== undefined && cloud.neutron.ports.get(portId)) return { portId };
    const networkId = textAt(one, "uuid") ?? "";
    if (!cloud.neutron.networks.get(networkId)) throw novaFault(400, `Network ${networkId} could not be found.`);
    return { networkId, securityGroupIds };
  });
  return createServer(
    cloud,
    {
      name,
      projectId,
      userId: caller.userId,
      flavorId: flavor.id,
      imageId: image.id,
      keyName: textAt(wanted, "key_name") ?? null,
      metadata: {},
      tags: [],
      userData: Buffer.from(textAt(wanted, "user_data") ?? "", "base64").toString("utf8"),
      securityGroupNames: ["default"],
      serverGroupId: null,
      stackName: "",
      interfaces,
      fault: null,
    },
    cloud.clock.now(),
  );
}

function flavorRoutes(app: Hono, cloud: Cloud): void {
  app.get("/flavors", (c) => {
    authenticated(cloud, c);
    return c.json({
      flavors: [...cloud.nova.flavors.values()].map(({ id, name }) => ({
        id,
        name,
        links: views.links(cloud, `flavors/${id}`),
      })),
    });
  });
  app.get("/flavors/detail", (c) => {
    authenticated(cloud, c);
    return c.json({ flavors: [...cloud.nova.flavors.values()].map((one) => views.flavorView(cloud, one)) });
  });
  app.get("/flavors/:id", (c) => {
    authenticated(cloud, c);
    const flavor = cloud.nova.flavors.get(c.req.param("id"));
    if (!flavor) throw novaFault(404, `Flavor ${c.req.param("id")} could not be found.`);
    return c.json({ flavor: views.flavorView(cloud, flavor) });
  });
  app.get("/flavors/:id/os-extra_specs", (c) => {
    authenticated(cloud, c);
    return c.json({ extra_specs: {} });
  });
}

function keyPairRoutes(app: Hono, cloud: Cloud): void {
  app.get("/os-keypairs", (c) => {
    const caller = authenticated(cloud, c);
    const own = [...cloud.nova.keyPairs.values()].filter((one) => one.userId === caller.userId);
    return c.json({ keypairs: own.map((one) => ({ keypair: views.keyPairView(one) })) });
  });
  app.get("/os-keypairs/:name", (c) => {
    const caller = authenticated(cloud, c);
    const pair = cloud.nova.keyPairs.get(`${caller.userId}/${c.req.param("name")}`);
    if (!pair) throw novaFault(404, `Keypair ${c.req.param("name")} not found for user ${caller.userId}`);
    return c.json({ keypair: views.keyPairView(pair) });
  });
  app.post("/os-keypairs", async (c) => {
    const caller = authenticated(cloud, c);
    const body = await readJson(c, limits.requestBytes);
    const wanted = recordAt(body.kind === "json" ? body.value : {}, "keypair");
    const name = textAt(wanted, "name");
    if (name === undefined || name === "") throw novaFault(400, "Invalid input for field/attribute name.");
    if (cloud.nova.keyPairs.get(`${caller.userId}/${name}`)) throw novaFault(409, `Key pair '${name}' already exists.`);
    const given = textAt(wanted, "public_key");
    const pair = createKeyPair(
      cloud,
      caller.userId,
      name,
      given ?? `ssh-rsa ${secret(cloud.random, 372)} Generated-by-Nova`,
      cloud.clock.now(),
    );
    const own =
      given === undefined
        ? { private_key: `-----BEGIN SANDBOX KEY-----\n${secret(cloud.random, 64)}\n-----END SANDBOX KEY-----\n` }
        : {};
    return c.json({ keypair: { ...views.keyPairView(pair), ...own } });
  });
  app.delete("/os-keypairs/:name", (c) => {
    const id = `${authenticated(cloud, c).userId}/${c.req.param("name")}`;
    if (!cloud.nova.keyPairs.get(id)) throw novaFault(404, `Keypair ${c.req.param("name")} not found`);
    cloud.nova.keyPairs.delete(id);
    return c.body(null, 202);
  });
}

function otherRoutes(app: Hono, cloud: Cloud): void {
  app.get("/os-server-groups", (c) => {
    const caller = authenticated(cloud, c);
    const own = [...cloud.nova.serverGroups.values()].filter((one) => one.projectId === caller.projectId);
    return c.json({ server_groups: own.map((one) => views.serverGroupView(cloud, one)) });
  });
  app.get("/os-availability-zone", (c) => {
    authenticated(cloud, c);
    return c.json({ availabilityZoneInfo: [{ zoneName: "nova", zoneState: { available: true }, hosts: null }] });
  });
  app.get("/limits", (c) => {
    const caller = authenticated(cloud, c);
    const used = [...cloud.nova.servers.values()].filter((one) => one.projectId === caller.projectId).length;
    return c.json({
      limits: {
        rate: [],
        absolute: {
          maxTotalInstances: 1000,
          totalInstancesUsed: used,
          maxTotalCores: 4000,
          maxTotalRAMSize: 8_192_000,
        },
      },
    });
  });
  app.get("/extensions", (c) => {
    authenticated(cloud, c);
    return c.json({ extensions: [] });
  });
}
