import { describe, expect, test } from "vitest";
import { findImage } from "./glance.ts";
import { findNetwork, findSubnet } from "./neutron.ts";
import { findFlavor, findKeypair, getServer } from "./nova.ts";
import { scriptSession } from "./scripted-session.ts";

const flavor = (id: string, name: string) => ({
  id,
  name,
  vcpus: 1,
  ram: 2048,
  disk: 20,
  "OS-FLV-EXT-DATA:ephemeral": 0,
});
const notFound = { status: 404, json: { itemNotFound: { code: 404, message: "no" } } };
const uuid = "0b2e1c1c-7f0f-4bd5-9a83-8c1f2a3b4c5d";

describe("a flavor", () => {
  test("is found by its id before its name", async () => {
    const { http, session } = scriptSession({ "GET /flavors/m1.small": { json: { flavor: flavor("m1.small", "x") } } });
    expect(await findFlavor(session, "m1.small")).toMatchObject({ kind: "found", value: { ram: 2048 } });
    expect(http.requests).toHaveLength(1);
  });

  test("is found by its name on any page of the list", async () => {
    const { session } = scriptSession({
      "GET /flavors/m1.small": notFound,
      "GET /flavors/detail": ({ url }) => {
        const marker = new URL(url).searchParams.get("marker");
        if (marker === null) return { json: { flavors: [flavor("1", "m1.tiny")] } };
        return { json: { flavors: marker === "1" ? [flavor("2", "m1.small")] : [] } };
      },
    });
    expect(await findFlavor(session, "m1.small")).toMatchObject({ kind: "found", value: { id: "2" } });
  });

  test("is found once where the service gives the whole list whatever the marker", async () => {
    const { http, session } = scriptSession({
      "GET /flavors/m1.small": notFound,
      "GET /flavors/detail": { json: { flavors: [flavor("1", "m1.tiny"), flavor("2", "m1.small")] } },
    });
    expect(await findFlavor(session, "m1.small")).toMatchObject({ kind: "found", value: { id: "2" } });
    expect(http.requests).toHaveLength(3);
  });

  test("that nobody knows is missing; one the user may not see is refused", async () => {
    const { http, session } = scriptSession({
      "GET /flavors/x": notFound,
      "GET /flavors/detail": { json: { flavors: [] } },
    });
    expect(await findFlavor(session, "x")).toEqual({ kind: "missing" });
    http.answer({ "GET /flavors/x": { status: 403, json: { forbidden: { message: "no" } } } });
    expect(await findFlavor(session, "x")).toMatchObject({ kind: "refused", cause: "forbidden" });
  });
});

test("key pairs and servers are looked up, their names encoded", async () => {
  const { session } = scriptSession({
    "GET /os-keypairs/my%2Fkey": { json: { keypair: { name: "my/key", fingerprint: "aa", public_key: "x" } } },
    "GET /os-keypairs/none": notFound,
    "GET /servers/s": {
      json: { server: { id: "s", name: "n", status: "ERROR", fault: { message: "No host", code: 500 } } },
    },
  });
  expect(await findKeypair(session, "my/key")).toMatchObject({ kind: "found" });
  expect(await findKeypair(session, "none")).toEqual({ kind: "missing" });
  expect(await getServer(session, "s")).toMatchObject({ value: { fault: { message: "No host" } } });
});

describe("an image", () => {
  const image = { id: uuid, name: "fedora", status: "active", os_distro: "fedora-atomic", min_disk: 4, size: 1 };

  test("is found by id, with its distribution", async () => {
    const { session } = scriptSession({ [`GET /v2/images/${uuid}`]: { json: image } });
    expect(await findImage(session, uuid)).toMatchObject({ kind: "found", value: { os_distro: "fedora-atomic" } });
  });

  test("is found by name; a name of two is ambiguous, a name of none missing", async () => {
    const pages =
      (...images: object[]) =>
      ({ url }: { url: string }) => ({
        json: { images: url.includes("marker=") ? [] : images },
      });
    const { http, session } = scriptSession({ "GET /v2/images": pages(image) });
    expect(await findImage(session, "fedora")).toMatchObject({ kind: "found", value: { id: uuid } });
    http.answer({ "GET /v2/images": pages(image, { ...image, id: "2" }) });
    expect(await findImage(session, "fedora")).toEqual({ kind: "ambiguous", ids: [uuid, "2"] });
    http.answer({ "GET /v2/images": pages() });
    expect(await findImage(session, "fedora")).toEqual({ kind: "missing" });
    expect(http.lines().at(-1)).toBe("GET /v2/images?name=fedora&limit=500");
  });

  test("is not taken for another whose name Glance's filter lists", async () => {
    const { session } = scriptSession({
      "GET /v2/images": ({ url }) => ({ json: { images: url.includes("marker=") ? [] : [image] } }),
    });
    expect(await findImage(session, "in:fedora,ubuntu")).toEqual({ kind: "missing" });
  });

  test("that the user may not see is refused with Glance's sentence", async () => {
    const text = "<html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1>Not yours.</body></html>";
    const { session } = scriptSession({ [`GET /v2/images/${uuid}`]: { status: 403, text } });
    expect(await findImage(session, uuid)).toEqual({
      kind: "refused",
      cause: "forbidden",
      reason: "image refused: 403 Forbidden Not yours.",
    });
  });
});

describe("networks and subnets", () => {
  const network = { id: uuid, name: "public", status: "ACTIVE", "router:external": true, subnets: ["s"] };

  test("are found by id, else by name", async () => {
    const { http, session } = scriptSession({
      [`GET /v2.0/networks?id=${uuid}`]: { json: { networks: [network] } },
      "GET /v2.0/networks?id=public": { json: { networks: [] } },
      "GET /v2.0/networks?name=public": { json: { networks: [network] } },
      "GET /v2.0/subnets?id=s": { json: { subnets: [{ id: "s", name: "", network_id: uuid, cidr: "10.0.0.0/24" }] } },
    });
    expect(await findNetwork(session, uuid)).toMatchObject({ value: { "router:external": true } });
    expect(await findNetwork(session, "public")).toMatchObject({ kind: "found", value: { id: uuid } });
    expect(await findSubnet(session, "s")).toMatchObject({ value: { network_id: uuid } });
    http.answer({
      "GET /v2.0/networks": { json: { networks: [] } },
      "GET /v2.0/networks?name=public": { json: { networks: [network, { ...network, id: "2" }] } },
    });
    expect(await findNetwork(session, "public")).toEqual({ kind: "ambiguous", ids: [uuid, "2"] });
    expect(await findNetwork(session, "other")).toEqual({ kind: "missing" });
  });
});
