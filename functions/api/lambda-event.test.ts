import { describe, expect, test } from "vitest";
import type { HttpEvent } from "./lambda-event.ts";
import { httpEventSchema, requestFrom, resultFrom } from "./lambda-event.ts";

/** What API Gateway sends, in the parts that matter; function URLs send the same with another domain. */
function anEvent(change: Partial<HttpEvent> & { readonly method?: string } = {}): HttpEvent {
  const { method = "GET", ...rest } = change;
  return httpEventSchema.parse({
    version: "2.0",
    rawPath: "/v1/bays",
    rawQueryString: "",
    headers: { host: "evil.example", "x-auth-token": "t" },
    requestContext: { domainName: "abc.lambda-url.eu-central-1.on.aws", http: { method } },
    isBase64Encoded: false,
    ...rest,
  });
}

describe("an event as a request", () => {
  test("has the address that Lambda tells, whatever Host says", () => {
    const request = requestFrom(anEvent({ rawQueryString: "limit=2&marker=a%20b" }));
    expect(request.url).toBe("https://abc.lambda-url.eu-central-1.on.aws/v1/bays?limit=2&marker=a%20b");
    expect(request.headers.get("x-auth-token")).toBe("t");
  });

  test("keeps what is decoded in the path inside the path", () => {
    const { pathname, search } = new URL(requestFrom(anEvent({ rawPath: "/v1/bays/a b?c#d/ü" })).url);
    expect([decodeURIComponent(pathname), search]).toEqual(["/v1/bays/a b?c#d/ü", ""]);
  });

  test("has its body, in the clear or in base64", async () => {
    const text = '{"name":"ü"}';
    const plain = requestFrom(anEvent({ method: "POST", body: text }));
    const encoded = requestFrom(anEvent({ method: "POST", body: btoa("abc"), isBase64Encoded: true }));
    expect([await plain.text(), await encoded.text()]).toEqual([text, "abc"]);
  });

  test.each(["GET", "HEAD"])("of %s has none, whatever came with it", (method) => {
    expect(requestFrom(anEvent({ method, body: "x" })).body).toBeNull();
  });

  test("of another payload format is none", () => {
    expect(httpEventSchema.safeParse({ version: "1.0", httpMethod: "GET", path: "/" }).success).toBe(false);
  });
});

test("a reply becomes a result with its headers and body", async () => {
  const response = new Response("ü", { status: 202, headers: { "X-One": "1", "Content-Type": "text/plain" } });
  expect(await resultFrom(response)).toEqual({
    statusCode: 202,
    headers: { "x-one": "1", "content-type": "text/plain" },
    body: "ü",
    isBase64Encoded: false,
  });
  expect(await resultFrom(new Response(null, { status: 204 }))).toMatchObject({ statusCode: 204, body: "" });
});
