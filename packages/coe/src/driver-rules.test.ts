import { describe, expect, test } from "vitest";
import { checkNetworkDriver, checkVolumeDriver, driverRules, hasRoomForStorageDriver } from "./driver-rules.ts";

describe("network drivers (bay-era sheet 3.1)", () => {
  test.each([
    ["kubernetes", "flannel"],
    ["swarm", "docker"],
    ["mesos", "docker"],
  ] as const)("%s gets %s when none is named", (coe, driver) => {
    expect(checkNetworkDriver(coe, null)).toEqual({ kind: "allowed", driver });
  });

  test.each([
    ["kubernetes", "docker"],
    ["swarm", "calico"],
    ["mesos", "flannel"],
  ] as const)("%s refuses %s and names what it supports", (coe, driver) => {
    expect(checkNetworkDriver(coe, driver)).toEqual({ kind: "refused", supported: driverRules[coe].network });
  });

  test("the operator's list restricts, `all` does not", () => {
    expect(checkNetworkDriver("kubernetes", "calico", { allowed: ["flannel"] })).toEqual({
      kind: "refused",
      supported: ["flannel"],
    });
    expect(checkNetworkDriver("kubernetes", "calico", { allowed: ["all"] }).kind).toBe("allowed");
  });

  test("the operator's default is taken, and checked like any other", () => {
    expect(checkNetworkDriver("swarm", null, { defaultDriver: "flannel" })).toEqual({
      kind: "allowed",
      driver: "flannel",
    });
    expect(checkNetworkDriver("swarm", null, { defaultDriver: "flannel", allowed: ["docker"] }).kind).toBe("refused");
  });
});

test("volume drivers (cluster sheet 7.4)", () => {
  expect(checkVolumeDriver("kubernetes", "cinder").kind).toBe("allowed");
  expect(checkVolumeDriver("kubernetes", "rexray")).toEqual({ kind: "refused", supported: ["cinder"] });
  expect(checkVolumeDriver("mesos", "rexray").kind).toBe("allowed");
});

test("devicemapper needs a volume of 3 GB, and none counts as too small", () => {
  expect(hasRoomForStorageDriver("devicemapper", 3)).toBe(true);
  expect(hasRoomForStorageDriver("devicemapper", 2)).toBe(false);
  expect(hasRoomForStorageDriver("devicemapper", null)).toBe(false);
  expect(hasRoomForStorageDriver("overlay2", null)).toBe(true);
  expect(hasRoomForStorageDriver(null, null)).toBe(true);
});
