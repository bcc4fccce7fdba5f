/** Keystone's error bodies, which keystonemiddleware gives in front of the other services too. */
import { Fault, titleOf } from "../http/fault.ts";

export const keystoneFault = (status: number, message: string, headers: Record<string, string> = {}): Fault =>
  new Fault(status, message, { error: { code: status, message, title: titleOf(status) } }, headers);

/** 401 as Keystone and every service behind keystonemiddleware give it. */
export const unauthorized = (
  publicUrl: string,
  message = "The request you have made requires authentication.",
): Fault => keystoneFault(401, message, { "WWW-Authenticate": `Keystone uri="${publicUrl}/v3"` });

export const forbidden = (action?: string): Fault =>
  keystoneFault(
    403,
    action === undefined
      ? "You are not authorized to perform the requested action."
      : `You are not authorized to perform the requested action: ${action}.`,
  );

export const notFound = (kind: string, id: string): Fault => keystoneFault(404, `Could not find ${kind}: ${id}.`);

export const conflict = (kind: string, detail: string): Fault =>
  keystoneFault(409, `Conflict occurred attempting to store ${kind} - ${detail}.`);

export const invalid = (detail: string): Fault => keystoneFault(400, detail);

export const missing = (attribute: string, target: string): Fault =>
  keystoneFault(
    400,
    `Expecting to find ${attribute} in ${target}. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.`,
  );
