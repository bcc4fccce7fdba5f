/** What is said about a rotation of a bay's authority, and what nodes say to what they were told, on the wire. */
import { Rejected } from "@jeroboam/core/errors";
import type { Json } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import { z } from "zod";
import { readAttributes } from "./attributes.ts";
import { describeBody } from "./reader.ts";
import { optional, text } from "./types.ts";

const mark = optional(text(1, limits.nodeWords.markChars));
const WORD = {
  argument: "acknowledgement",
  schema: z.strictObject({
    certificate_rotation: mark,
    master_upgrade: mark,
    failure: optional(text(1, limits.nodeWords.failureChars)),
  }),
  readOnly: [],
};

export interface NodeWordRequest {
  readonly about: "rotation" | "upgrade";
  /** The text that the node found in its metadata. */
  readonly mark: string;
  /** Why it could not; null: it has come to what it was told. */
  readonly failure: string | null;
}

/** What a node has come to, by the name under which it was told; of an upgrade also why it could not. */
export const readAcknowledgement = describeBody(
  { kind: "object", schema: WORD.schema },
  (given: Json | undefined): NodeWordRequest => {
    const { certificate_rotation, master_upgrade, failure } = readAttributes(WORD, given);
    if (certificate_rotation === null && master_upgrade !== null)
      return { about: "upgrade", mark: master_upgrade, failure };
    if (certificate_rotation === null || master_upgrade !== null || failure !== null)
      throw new Rejected(400, "Either certificate_rotation is told, or master_upgrade with or without a failure.");
    return { about: "rotation", mark: certificate_rotation, failure: null };
  },
);

/** Clients send no body, or an empty object. */
export const requireNothing = describeBody(
  { kind: "object", schema: z.strictObject({}), mayBeAbsent: true },
  (given: Json | undefined): void => {
    if (given === undefined || given === null) return;
    const isObject = typeof given === "object" && !Array.isArray(given);
    const [unknown] = isObject ? Object.keys(given) : [];
    if (!isObject || unknown !== undefined)
      throw new Rejected(400, `Unknown attribute for argument patch: ${unknown?.slice(0, 100) ?? "not an object"}`);
  },
);
