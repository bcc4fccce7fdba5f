/** A session over a script, for the tests of clients: its token is there, endpoints are `http://<type>.test`. */
import { createKeystone } from "./keystone.ts";
import { scriptHttp } from "./scripted-http.ts";
import type { ScriptedHttp } from "./scripted-http.ts";
import { tokenBody } from "./scripted-keystone.ts";
import type { CloudSession } from "./session.ts";
import { createSessions } from "./session.ts";
import { factsOf, tokenBodySchema } from "./token.ts";

export function scriptSession(script: Parameters<typeof scriptHttp>[0]): { http: ScriptedHttp; session: CloudSession } {
  const http = scriptHttp(script);
  const clock = { nowMs: () => Date.UTC(2026, 0, 1) };
  const keystone = createKeystone({ http: http.fetch, clock }, "http://identity.test/v3");
  const account = { credentials: { kind: "token", token: "t" } } as const;
  const sessions = createSessions({ http: http.fetch, clock, keystone }, account, { interface: "public" });
  return { http, session: sessions.caller("token", factsOf(tokenBodySchema.parse(tokenBody()))) };
}
