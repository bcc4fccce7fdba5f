/**
 * Bodies as Keystone sends them, for the tests of what asks it.
 */
import type { ScriptedReply } from "./scripted-http.ts";

export interface TokenBodyOptions {
  readonly userId?: string;
  readonly projectId?: string | null;
  readonly roles?: readonly string[];
  readonly expiresAtMs?: number;
  readonly trustId?: string;
  readonly applicationCredential?: object;
  readonly catalog?: readonly object[];
}

/** A catalog with one endpoint a service, at `http://<type>.test`. */
export function catalogOf(...types: readonly string[]): object[] {
  return types.map((type) => ({
    type,
    name: type,
    id: `id-${type}`,
    endpoints: [
      { interface: "public", region: "RegionOne", region_id: "RegionOne", url: `http://${type}.test/`, id: "1" },
      { interface: "internal", region: "RegionOne", region_id: "RegionOne", url: `http://${type}.internal`, id: "2" },
    ],
  }));
}

/** The body of a token's reply. */
export function tokenBody(options: TokenBodyOptions = {}): object {
  const { userId = "user-1", projectId = "project-1", roles = ["member", "reader"] } = options;
  const domain = { id: "default", name: "Default" };
  return {
    token: {
      methods: ["password"],
      user: { id: userId, name: `name of ${userId}`, domain, password_expires_at: null },
      ...(projectId === null ? {} : { project: { id: projectId, name: `name of ${projectId}`, domain } }),
      roles: roles.map((name) => ({ id: `role-${name}`, name })),
      is_domain: false,
      issued_at: "2026-01-01T00:00:00.000000Z",
      expires_at: new Date(options.expiresAtMs ?? Date.UTC(2026, 0, 1, 1)).toISOString(),
      catalog: options.catalog ?? catalogOf("orchestration", "compute", "image", "network", "identity"),
      ...(options.trustId
        ? {
            "OS-TRUST:trust": {
              id: options.trustId,
              impersonation: true,
              trustor_user: { id: userId },
              trustee_user: { id: "service" },
            },
          }
        : {}),
      ...(options.applicationCredential ? { application_credential: options.applicationCredential } : {}),
    },
  };
}

/** The reply to a request for a token. */
export function issued(token: string, options: TokenBodyOptions = {}): ScriptedReply {
  return { status: 201, headers: { "x-subject-token": token }, json: tokenBody(options) };
}

/** Keystone's form of an error. */
export function keystoneError(status: number, message: string): ScriptedReply {
  return { status, json: { error: { code: status, message, title: "Title" } } };
}
