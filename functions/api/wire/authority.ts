/** What is said about a rotation of a bay's authority, on the wire. */
import { Rejected } from "@jeroboam/core/errors";
import type { Json } from "@jeroboam/core/json";
import { limits } from "@jeroboam/core/limits";
import { z } from "zod";
import { readAttributes } from "./attributes.ts";
import { describeBody } from "./reader.ts";
import { text } from "./types.ts";

const ACKNOWLEDGEMENT = {
  argument: "acknowledgement",
  schema: z.strictObject({ certificate_rotation: text(1, limits.rotation.markChars) }),
  readOnly: [],
};

/** What a node has come to: the text that it found in its metadata. */
export const readAcknowledgement = describeBody(
  { kind: "object", schema: ACKNOWLEDGEMENT.schema },
  (given: Json | undefined): { readonly mark: string } => ({
    mark: readAttributes(ACKNOWLEDGEMENT, given).certificate_rotation,
  }),
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
