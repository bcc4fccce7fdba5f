/**
 * What the clients of Docker's API share (engine sheet section 2): how its refusals read, and how an image is fetched.
 * Its errors are JSON or plain text by version and by product (sheet 9.7), and a 500 of it is as often a refusal as a
 * fault; so only what a proxy or a dead daemon answers counts as unreachable.
 */
import { z } from "zod";
import { limits } from "@jeroboam/core/limits";
import type { Refused, Unreachable, Version } from "./container-engine.ts";
import { broken, isSuccess, parseJson, readReply, refused, shorten, textOfReply } from "./engine-client.ts";
import type { Ask } from "./engine-client.ts";
import type { EngineReply } from "./engine-http.ts";
import { splitImage } from "./image-reference.ts";

const messageSchema = z.object({ message: z.string() });

export function dockerTrouble(reply: EngineReply): Refused | Unreachable {
  const text = textOfReply(reply);
  const message = messageSchema.safeParse(parseJson(text));
  const reason = shorten(message.success ? message.data.message : text) || `status ${reply.status}`;
  const isAnswer = reply.status === 500 || (reply.status >= 400 && reply.status < 500 && reply.status !== 429);
  return isAnswer ? refused(reply.status, reason) : broken(`it answered ${reply.status}: ${reason}`);
}

export type Fetched = { readonly kind: "there" } | Refused | Unreachable;

const progressSchema = z.object({ error: z.string().optional() });

/** Makes the image be there, fetching it when it is not. Repeating goes on with the layers that have arrived. */
export async function fetchImage(ask: Ask, image: string, signal: AbortSignal | undefined): Promise<Fetched> {
  const { repository, tag } = splitImage(image);
  const name = tag.startsWith("sha256:") ? `${repository}@${tag}` : `${repository}:${tag}`;
  const found = await ask("GET", `/images/${encodeImage(name)}/json`, { signal });
  if (found.kind === "unreachable") return found;
  if (isSuccess(found)) return { kind: "there" };
  if (found.status !== 404) return dockerTrouble(found);
  const query = new URLSearchParams({ fromImage: repository, tag });
  const reply = await ask("POST", `/images/create?${query.toString()}`, {
    timeoutMs: limits.containerEngine.pullTimeoutMs,
    signal,
  });
  if (reply.kind === "unreachable") return reply;
  if (!isSuccess(reply)) return dockerTrouble(reply);
  // A failure in the middle comes under a status of success, as a line of its own (sheet 9.9).
  for (const line of textOfReply(reply).split("\n")) {
    const progress = progressSchema.safeParse(parseJson(line));
    if (progress.success && progress.data.error !== undefined) return refused(404, progress.data.error);
  }
  return { kind: "there" };
}

/** Slashes of a name are part of the path; everything else is guarded. */
const encodeImage = (name: string): string => name.split("/").map(encodeURIComponent).join("/");

const versionSchema = z.object({ Version: z.string() });

export async function readDockerVersion(ask: Ask, signal: AbortSignal | undefined): Promise<Version> {
  const reply = await ask("GET", "/version", { signal });
  if (reply.kind === "unreachable") return reply;
  if (!isSuccess(reply)) return dockerTrouble(reply);
  const read = readReply(reply, versionSchema);
  return read.kind === "unreachable" ? read : { kind: "version", version: read.value.Version };
}
