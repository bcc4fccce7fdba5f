/** A web of a few documents, for tests: `http://web.test/NAME` has what was put there under the name. */
import type { GuardedHttp } from "@jeroboam/core/web/guarded-http";

export interface FakeWeb extends GuardedHttp {
  readonly documents: Map<string, string>;
}

const BASE = "http://web.test/";

export function createFakeWeb(): FakeWeb {
  const documents = new Map<string, string>();
  const fetch: GuardedHttp = ({ url }) => {
    if (url.startsWith("http://inside.test/"))
      return Promise.resolve({ kind: "forbidden", reason: "its host inside.test is not on the public internet" });
    if (!url.startsWith(BASE)) return Promise.resolve({ kind: "failed", reason: "the host did not answer" });
    const body = documents.get(url.slice(BASE.length));
    return Promise.resolve({ kind: "reply", status: body === undefined ? 404 : 200, headers: {}, body: body ?? "" });
  };
  return Object.assign(fetch, { documents });
}
