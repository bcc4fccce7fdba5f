/** Heat's own small resources: None, Value, RandomString, TestResource, Delay. */
import { pick } from "../../ids.ts";
import type { Json } from "../../json.ts";
import { dump } from "../../json.ts";
import { toBoolean, toNumber } from "../hot/constraints.ts";
import type { Kind } from "./kind.ts";
import { ResourceError, done, integer, list, map, physicalName, text } from "./kind.ts";
import { schemas } from "./schemas/heat.ts";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CLASSES: Readonly<Record<string, string>> = {
  lettersdigits: `${LETTERS}0123456789`,
  letters: LETTERS,
  lowercase: LETTERS.slice(26),
  uppercase: LETTERS.slice(0, 26),
  digits: "0123456789",
  hexdigits: "0123456789abcdefABCDEF",
  octdigits: "01234567",
};

/** Takes any properties and does nothing: what a type is mapped to that is not wanted. */
const none: Kind = {
  ...schemas["OS::Heat::None"],
  className: "NoneResource",
  takesAnything: true,
  create: (task) => ({ physicalId: physicalName(task) }),
  update: () => "updated",
  attribute: () => null,
};

function convertValue(value: Json, type: string): Json {
  switch (type) {
    case "string":
      return typeof value === "string" ? value : dump(value);
    case "number":
      return toNumber(value) ?? value;
    case "boolean":
      return toBoolean(value) ?? value;
    case "comma_delimited_list":
      return typeof value === "string" ? value.split(",").map((item) => item.trim()) : value;
    case "json":
      return typeof value === "string" ? (JSON.parse(value) as Json) : value;
    default:
      return value;
  }
}

const value: Kind = {
  ...schemas["OS::Heat::Value"],
  className: "Value",
  create: (task) => ({ physicalId: physicalName(task) }),
  update: () => "updated",
  attribute: ({ properties }, name) =>
    name === "value" ? convertValue(properties["value"] ?? null, text(properties["type"])) : undefined,
  reference: ({ properties, resource }) => resource.physicalId ?? properties["value"] ?? null,
};

const randomString: Kind = {
  ...schemas["OS::Heat::RandomString"],
  className: "RandomString",
  validate(properties) {
    const needed = [...list(properties["character_classes"]), ...list(properties["character_sequences"])];
    const least = needed.reduce<number>((sum, one) => sum + integer(map(one)["min"]), 0);
    return least > integer(properties["length"])
      ? `Length property cannot be smaller than combined character class and character sequence minimums`
      : undefined;
  },
  create(task) {
    const { properties, cloud } = task;
    const sequence = text(properties["sequence"]);
    const classes =
      sequence === "" ? list(properties["character_classes"]).map((one) => text(map(one)["class"])) : [sequence];
    const sequences = list(properties["character_sequences"]).map((one) => text(map(one)["sequence"]));
    const length = integer(properties["length"]);
    const alphabet = [...classes.map((name) => CLASSES[name] ?? ""), ...sequences.map((one) => one)].join("");
    return { physicalId: physicalName(task), data: { value: pick(cloud.random, alphabet, length) } };
  },
  attribute: ({ resource }, name) => (name === "value" ? (resource.data["value"] ?? null) : undefined),
  reference: ({ resource }) => resource.data["value"] ?? resource.name,
};

const testResource: Kind = {
  ...schemas["OS::Heat::TestResource"],
  className: "TestResource",
  create: (task) => ({ physicalId: physicalName(task), data: { output: task.properties["value"] ?? null } }),
  durationMs({ properties }, action) {
    const own = map(properties["action_wait_secs"])[action.toLowerCase()];
    return integer(own ?? properties["wait_secs"]) * 1000;
  },
  check: ({ properties }) =>
    properties["fail"] === true
      ? { kind: "failed", error: "ValueError", reason: `Test Resource failed ${text(properties["value"])}` }
      : done,
  update({ properties, resource }) {
    if (properties["update_replace"] === true) return "replace";
    resource.data = { ...resource.data, output: properties["value"] ?? null };
    return "updated";
  },
  attribute: ({ resource }, name) => (name === "output" ? (resource.data["output"] ?? null) : undefined),
};

const delay: Kind = {
  ...schemas["OS::Heat::Delay"],
  className: "Delay",
  create(task) {
    const jitter = integer(task.properties["max_jitter"]) * integer(task.properties["jitter_multiplier"]);
    const waitSec = integer(task.properties["min_wait"]) + jitter * task.cloud.random();
    return { physicalId: physicalName(task), data: { waitMs: waitSec * 1000 } };
  },
  durationMs: ({ properties, resource }, action) =>
    list(properties["actions"]).includes(action) ? integer(resource.data["waitMs"]) : 0,
  update: () => "updated",
};

export const simpleKinds: Readonly<Record<string, Kind>> = {
  "OS::Heat::None": none,
  "OS::Heat::Value": value,
  "OS::Heat::RandomString": randomString,
  "OS::Heat::TestResource": testResource,
  "OS::Heat::Delay": delay,
};

/** A problem with what a resource was asked for that only shows when it is made. */
export const failed = (error: string, reason: string): ResourceError => new ResourceError(error, reason);
