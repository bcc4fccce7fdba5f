/** Tokens as they end: in the middle of a request, within the cache's minute, and whoever sends them on. */
import { limits } from "@jeroboam/core/limits";
import { beforeEach, expect, test } from "vitest";
import { tokenOf } from "./identities.ts";
import type { TwoProjects } from "./world.ts";
import { createTwoProjects } from "./world.ts";

let world: TwoProjects;
beforeEach(async () => {
  world = await createTwoProjects();
});

test("a revoked token is refused within the cache's minute, and not before Keystone is asked again", async () => {
  const { identities, ports, ask } = world;
  expect((await ask("revoked", "GET", "/v1/bays")).status).toBe(200);
  identities.revoke("revoked");
  ports.clock.advance(limits.identity.tokenCacheMs - 1_000);
  expect((await ask("revoked", "GET", "/v1/bays")).status).toBe(200);
  ports.clock.advance(1_000);
  const refused = await ask("revoked", "GET", "/v1/bays");
  expect(refused.status).toBe(401);
  expect(refused.headers["www-authenticate"]).toContain("Keystone uri=");
});

test("a request in hand ends as it began, though its token is revoked meanwhile", async () => {
  const { identities, ports, ask, ids } = world;
  const going = ask("revoked", "POST", "/v1/bays", { body: { name: "next", baymodel_id: ids["model"] ?? "" } });
  // Keystone has been asked about it, and the request goes on.
  while (identities.questions().length === 0) await Promise.resolve();
  identities.revoke("revoked");
  expect((await going).status).toBe(201);
  ports.clock.advance(limits.identity.tokenCacheMs);
  expect((await ask("revoked", "GET", "/v1/bays")).status).toBe(401);
});

test("a service's token beside it lets no expired, revoked or missing token in", async () => {
  world.identities.revoke("revoked");
  for (const who of ["expired", "revoked", "nobody"] as const)
    for (const service of ["admin", "owner"] as const) {
      const headers = { "x-service-token": tokenOf(service), "x-identity-status": "Confirmed", "x-roles": "admin" };
      expect([who, (await world.ask(who, "GET", "/v1/bays", { headers })).status]).toEqual([who, 401]);
    }
});

test("an application credential keeps to its rules, however the path is written", async () => {
  expect((await world.ask("credential", "GET", "/v1/bays")).status).toBe(200);
  const bay = world.ids["blue"] ?? "";
  for (const path of [
    `/v1/bays/${bay}`,
    `/v1/bays/../bays/${bay}`,
    `/v1/bays/%2e%2e/pods`,
    "/v1/bays/detail",
    "/bays/x",
  ])
    expect([path, (await world.ask("credential", "GET", path)).status]).toEqual([path, 401]);
  expect((await world.ask("credential", "DELETE", `/v1/bays`)).status).toBe(401);
});
