/** The knobs over HTTP, for people and for tests of other processes: `/sandbox/...`, for callers on this machine alone. */
import { Hono } from "hono";
import { z } from "zod";
import type { Cloud } from "../cloud.ts";
import { readJson } from "../http/requests.ts";
import { nextMoment } from "../heat/engine/advance.ts";
import { expireTokens } from "../keystone/tokens.ts";
import { inventory } from "../inventory.ts";
import { limits } from "../limits.ts";
import { Rule, Settings } from "./knobs.ts";

export interface KnobsContext {
  readonly cloud: Cloud;
  readonly counts: () => Readonly<Record<string, number>>;
}

export function createKnobsApp({ cloud, counts }: KnobsContext): Hono {
  const app = new Hono();
  const { knobs } = cloud;
  app.onError((error, c) => {
    if (error instanceof z.ZodError) return c.json({ error: z.prettifyError(error) }, 400);
    throw error;
  });
  app.get("/", (c) =>
    c.json({
      settings: Settings.strip().parse(knobs.settings),
      rules: knobs.rules(),
      now: cloud.clock.now(),
      next: nextMoment(cloud) ?? null,
      links: ["settings", "rules", "inventory", "counts"].map((name) => `${cloud.options.publicUrl}/sandbox/${name}`),
    }),
  );
  app.get("/settings", (c) => c.json(Settings.strip().parse(knobs.settings)));
  app.patch("/settings", async (c) => {
    const body = await readJson(c, limits.requestBytes);
    const change = Settings.partial().parse(body.kind === "json" ? body.value : {});
    const given = Object.entries(change).filter(([, value]) => value !== undefined);
    return c.json(knobs.set(Object.fromEntries(given) as Partial<Settings>));
  });
  app.get("/rules", (c) => c.json(knobs.rules()));
  app.post("/rules", async (c) => {
    const body = await readJson(c, limits.requestBytes);
    return c.json(knobs.add(Rule.parse(body.kind === "json" ? body.value : {})), 201);
  });
  app.delete("/rules/:id", (c) =>
    knobs.remove(c.req.param("id")) ? c.body(null, 204) : c.json({ error: "no such rule" }, 404),
  );
  app.post("/reset", (c) => {
    knobs.reset();
    return c.body(null, 204);
  });
  app.post("/tokens/expire", (c) => {
    expireTokens(cloud);
    return c.body(null, 204);
  });
  app.get("/inventory", (c) => c.json(inventory(cloud)));
  app.get("/counts", (c) => c.json(counts()));
  return app;
}
