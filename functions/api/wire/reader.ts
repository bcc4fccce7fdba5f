/**
 * What reads a request, together with what it says of what it reads: so the description of the API (description/) is made
 * of what is in force, and a route whose body or query is not described does not compile.
 */
import type { Json, JsonObject } from "@jeroboam/core/json";
import type { z } from "zod";
import type { Minor } from "../microversion.ts";
import type { PatchRules } from "./patch.ts";

/** What a body looks like. */
export type BodyForm =
  | { readonly kind: "object"; readonly schema: z.ZodObject; readonly mayBeAbsent?: boolean }
  | { readonly kind: "patch"; readonly rules: PatchRules };

/** A body that was not sent arrives as undefined. */
type ReadBody<Body> = (given: Json | undefined, request: { readonly minor: Minor }) => Body;

export type BodyReader<Body> = ReadBody<Body> & { readonly form: BodyForm };

/** `read` becomes the reader: it is to be this description's alone. */
export function describeBody<Read extends ReadBody<unknown>>(
  form: BodyForm,
  read: Read,
): Read & { readonly form: BodyForm } {
  return Object.assign(read, { form });
}

export type QueryArguments = Readonly<Record<string, string>>;

export interface QueryParameter {
  readonly name: string;
  /** JSON Schema. */
  readonly schema: JsonObject;
  readonly required?: boolean;
}

type ReadQuery<Query> = (given: QueryArguments, minor: Minor) => Query;

export type QueryReader<Query> = ReadQuery<Query> & { readonly parameters: readonly QueryParameter[] };

/** `read` becomes the reader: it is to be this description's alone. */
export function describeQuery<Read extends ReadQuery<unknown>>(
  parameters: readonly QueryParameter[],
  read: Read,
): Read & { readonly parameters: readonly QueryParameter[] } {
  return Object.assign(read, { parameters });
}
