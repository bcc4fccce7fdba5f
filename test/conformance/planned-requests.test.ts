/** Whoever adds a route is told here, by the plain tests, that the suite of test/security has to know it. */
import { ROUTES } from "@jeroboam/api/testing/all-routes";
import { expect, test } from "vitest";
import { nameOf, planRequest } from "../security/requests.ts";

test.each(ROUTES.map((route) => [nameOf(route), route] as const))(
  "%s has a good request in test/security",
  (_, route) => {
    expect(planRequest(route).path).toMatch(/^\/v1\/[a-z0-9]+/);
  },
);
