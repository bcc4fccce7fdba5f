/** What every versioned reply begins with: is JSON acceptable, and which version is in force. */
import type { Context } from "hono";
import { acceptsJson, acceptsType } from "./accept.ts";
import type { Minor } from "./microversion.ts";
import { negotiate, outOfRangeError, outOfRangeText, versionHeaders } from "./microversion.ts";
import { refusal, routingRefusal, setHeaders } from "./refusal.ts";
import type { ReplyEnv } from "./refusal.ts";

export type Opened =
  | { readonly kind: "open"; readonly minor: Minor }
  | { readonly kind: "refused"; readonly response: Response };

/** Sets the version headers of the reply; a request that cannot be served by version gets its 406. */
export function openVersioned<Env extends ReplyEnv>(context: Context<Env>, besides: readonly string[] = []): Opened {
  const { headers } = context.req.raw;
  const accept = headers.get("accept");
  if (!acceptsJson(accept) && !besides.some((type) => acceptsType(accept, type)))
    return { kind: "refused", response: routingRefusal(context, 406) };
  const version = negotiate(headers);
  switch (version.kind) {
    case "accepted":
      setHeaders(context, versionHeaders(`1.${version.minor}`));
      return { kind: "open", minor: version.minor };
    case "malformed":
      return { kind: "refused", response: routingRefusal(context, 406, version.detail) };
    case "out-of-range":
      setHeaders(context, versionHeaders(version.asked));
      return { kind: "refused", response: refuseVersion(context, version.asked, accept) };
    default:
      return version satisfies never;
  }
}

function refuseVersion<Env extends ReplyEnv>(context: Context<Env>, asked: string, accept: string | null): Response {
  const { description, ...brief } = outOfRangeError(asked);
  const entry = accept?.includes("json") ? { ...brief, description } : brief;
  return refusal(context, { status: 406, text: outOfRangeText(asked), entry });
}
