/** A bay's life at a place: created, scaled out, scaled in, failed on purpose, deleted; with what is seen at each stage. */
import type { BayType } from "@jeroboam/coe/bay-type";
import { expect } from "vitest";
import { ask } from "./people.ts";
import type { Bay, Place } from "./place.ts";
import { expectStatus } from "./place.ts";
import type { StackPicture } from "./stack-picture.ts";
import { takePicture } from "./stack-picture.ts";

export const FAILURE = "etcd does not start";

export interface Stage {
  readonly bay: Bay;
  readonly picture: StackPicture;
}

export interface BayLife {
  readonly uuid: string;
  readonly stages: { readonly created: Stage; readonly grown: Stage; readonly shrunk: Stage; readonly failed: Stage };
  /** Of each change. */
  readonly seconds: Readonly<Record<string, number>>;
}

/** What is told of the bay's model beyond its type, and what is looked at while the bay is there. */
export interface Circumstances {
  readonly model?: Readonly<Record<string, unknown>>;
  readonly whenGrown?: (bay: Bay) => Promise<void>;
}

export async function liveBay(place: Place, bayType: BayType, given: Circumstances = {}): Promise<BayLife> {
  const seconds: Record<string, number> = {};
  const modelUuid = await makeModel(place, bayType, given.model);
  const reach = async (change: string, status: string, uuid: string): Promise<Stage> => {
    const begun = performance.now();
    const bay = await place.settle(uuid);
    seconds[change] = Math.round((performance.now() - begun) / 100) / 10;
    expect({ change, ...bay }).toMatchObject({ change, status });
    return { bay: bay as Bay, picture: await takePicture(place.cloud, bay?.stack_id ?? "") };
  };
  const resize = async (uuid: string, nodeCount: number): Promise<string> => {
    const patch = [{ op: "replace", path: "/node_count", value: nodeCount }];
    await expectStatus(200, place.request("PATCH", `/bays/${uuid}`, patch));
    return uuid;
  };

  const wish = { baymodel_id: modelUuid, node_count: 1, name: "blue" };
  const { uuid } = await expectStatus<Bay>(201, place.request("POST", "/bays", wish));
  const created = await reach("created", "CREATE_COMPLETE", uuid);
  const grown = await reach("scaled out", "UPDATE_COMPLETE", await resize(uuid, 2));
  await given.whenGrown?.(grown.bay);
  const shrunk = await reach("scaled in", "UPDATE_COMPLETE", await resize(uuid, 1));
  place.failNodes(uuid, FAILURE);
  const failed = await reach("failed", "UPDATE_FAILED", await resize(uuid, 2));

  const begun = performance.now();
  await expectStatus(204, place.request("DELETE", `/bays/${uuid}`));
  expect(await place.settle(uuid)).toBeUndefined();
  seconds["deleted"] = Math.round((performance.now() - begun) / 100) / 10;
  await expectStatus(204, place.request("DELETE", `/baymodels/${modelUuid}`));
  return { uuid, stages: { created, grown, shrunk, failed }, seconds };
}

/** A model of the type, on an image of its operating system. */
async function makeModel(
  place: Place,
  { name, coe, provides }: BayType,
  more: Circumstances["model"],
): Promise<string> {
  const query = { os_distro: provides[0]?.os };
  const { images } = await ask<{ images: { name: string }[] }>(place.cloud, "image", {
    method: "GET",
    path: "/v2/images",
    query,
  });
  const json = {
    name,
    coe,
    image_id: images.map((image) => image.name).sort()[0],
    keypair_id: "default",
    external_network_id: "public",
    flavor_id: "m1.small",
    master_flavor_id: "m1.medium",
    dns_nameserver: "192.0.2.53",
    ...more,
  };
  return (await expectStatus<{ uuid: string }>(201, place.request("POST", "/baymodels", json))).uuid;
}

/** Takes away what is left of bays and models where a life did not come to its end. */
export async function clearPlace(place: Place): Promise<void> {
  const { bays } = await expectStatus<{ bays: readonly Bay[] }>(200, place.request("GET", "/bays"));
  await Promise.all(
    bays.map(async ({ uuid }) => {
      await place.request("DELETE", `/bays/${uuid}`);
      await place.settle(uuid);
    }),
  );
  const { baymodels } = await expectStatus<{ baymodels: readonly { uuid: string }[] }>(
    200,
    place.request("GET", "/baymodels"),
  );
  for (const { uuid } of baymodels) await place.request("DELETE", `/baymodels/${uuid}`);
}
