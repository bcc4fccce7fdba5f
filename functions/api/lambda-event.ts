/**
 * Lambda's HTTP events as requests, and replies as its results: payload format 2.0, which API Gateway's HTTP APIs and
 * function URLs share.
 */
import { z } from "zod";

export const httpEventSchema = z.object({
  version: z.literal("2.0"),
  rawPath: z.string(),
  rawQueryString: z.string().default(""),
  headers: z.record(z.string(), z.string()).default({}),
  requestContext: z.object({ domainName: z.string(), http: z.object({ method: z.string() }) }),
  body: z.string().optional(),
  isBase64Encoded: z.boolean().default(false),
});

export type HttpEvent = z.infer<typeof httpEventSchema>;

export interface HttpResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: false;
}

/** The request; its address is the domain by which the caller reached the endpoint, which Lambda tells, not the caller. */
export function requestFrom({ rawPath, rawQueryString, headers, requestContext, ...event }: HttpEvent): Request {
  const { method } = requestContext.http;
  // The gateway has decoded the path: what stands in it is no beginning of a query or fragment.
  const path = rawPath.replace(/[?#]/g, encodeURIComponent);
  const query = rawQueryString === "" ? "" : `?${rawQueryString}`;
  const hasBody = event.body !== undefined && method !== "GET" && method !== "HEAD";
  const body = hasBody ? Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8") : undefined;
  return new Request(`https://${requestContext.domainName}${path}${query}`, {
    method,
    headers,
    ...(body && { body }),
  });
}

export async function resultFrom(response: Response): Promise<HttpResult> {
  return {
    statusCode: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
    isBase64Encoded: false,
  };
}
