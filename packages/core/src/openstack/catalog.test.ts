import { describe, expect, test } from "vitest";
import { catalogSchema, findEndpoint } from "./catalog.ts";

const catalog = catalogSchema.parse([
  {
    type: "orchestration",
    name: "heat",
    endpoints: [
      { interface: "public", region_id: "north", region: "north", url: "https://north/v1/p/" },
      { interface: "internal", region_id: "north", region: "north", url: "https://inside/v1/p" },
      { interface: "public", region: "south", url: "https://south/v1/p" },
    ],
  },
  { type: "volumev3", endpoints: [{ interface: "publicURL", url: "https://volume" }], unknown_key: 1 },
]);

describe("a service's endpoint", () => {
  test("is that of the region and the interface, without a slash at its end", () => {
    const find = (region: string | undefined, name: "public" | "internal") =>
      findEndpoint(catalog, "orchestration", { interface: name, ...(region ? { region } : {}) });
    expect(find("north", "public")).toEqual({ kind: "found", url: "https://north/v1/p" });
    expect(find("south", "public")).toEqual({ kind: "found", url: "https://south/v1/p" });
    expect(find("north", "internal")).toEqual({ kind: "found", url: "https://inside/v1/p" });
    expect(find(undefined, "public")).toEqual({ kind: "found", url: "https://north/v1/p" });
  });

  test("is found under the service type's other names", () => {
    const found = findEndpoint(catalog, "block-storage", { interface: "public" });
    expect(found).toEqual({ kind: "found", url: "https://volume" });
  });

  test("that is missing names the region, the interface and what there is instead", () => {
    expect(findEndpoint(catalog, "orchestration", { interface: "public", region: "west" })).toEqual({
      kind: "missing",
      reason:
        "no public endpoint for orchestration in region west; " +
        "the catalog has: public in north, internal in north, public in south",
    });
    expect(findEndpoint(catalog, "network", { interface: "public", region: "north" })).toEqual({
      kind: "missing",
      reason: "the cloud's catalog has no network service",
    });
  });
});
