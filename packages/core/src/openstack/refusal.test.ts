import { describe, expect, test } from "vitest";
import { Transient } from "../errors.ts";
import { refusalOf, throwIfTransient } from "./refusal.ts";

const reply = (status: number, body: unknown, headers: Record<string, string> = {}) => ({
  status,
  headers,
  body: typeof body === "string" ? body : JSON.stringify(body),
});
const clock = { nowMs: () => 0 };

describe("the reason of a refusal is the service's own sentence", () => {
  const cases: [string, unknown, string][] = [
    [
      "Heat",
      { code: 400, title: "Bad Request", explanation: "x", error: { message: "No such\n flavor", type: "Y" } },
      "No such flavor",
    ],
    [
      "Heat that hides the message",
      { code: 500, title: "T", explanation: "The server has erred.", error: { type: "RemoteError", traceback: null } },
      "The server has erred.",
    ],
    ["Keystone", { error: { code: 403, message: "Not yours", title: "Forbidden" } }, "Not yours"],
    ["Nova", { itemNotFound: { code: 404, message: "Flavor x could not be found." } }, "Flavor x could not be found."],
    ["Neutron", { NeutronError: { type: "NetworkNotFound", message: "Network n", detail: "" } }, "Network n"],
    [
      "Barbican",
      { code: 403, title: "Forbidden", description: "Secret retrieval attempt not allowed" },
      "Secret retrieval attempt not allowed",
    ],
    [
      "Glance",
      "<html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1>You may not.<br/></body></html>",
      "403 Forbidden You may not.",
    ],
    ["plain text", "Authentication required", "Authentication required"],
    ["nothing", "", "status 400"],
    ["JSON without a sentence", [1, 2], "[1,2]"],
  ];
  test.each(cases)("%s", (_name, body, sentence) => {
    expect(refusalOf(reply(400, body), "it").reason).toBe(`it refused: ${sentence}`);
  });

  test("cut to a length, however long the page", () => {
    const { reason } = refusalOf(reply(400, `<p>${"x".repeat(1_000_000)}</p>`), "it");
    expect(reason.length).toBeLessThan(1_050);
    expect(reason.endsWith("…")).toBe(true);
  });
});

test("quotas, missing rights and unaccepted tokens are told apart", () => {
  const cause = (status: number, body: unknown) => refusalOf(reply(status, body), "it").cause;
  expect(cause(401, "")).toBe("unauthorized");
  expect(cause(403, { error: { message: "no" } })).toBe("forbidden");
  expect(cause(409, { error: { message: "busy" } })).toBe("conflict");
  expect(cause(400, { error: { message: "bad" } })).toBe("other");
  expect(cause(400, { error: { message: "too many stacks", type: "RequestLimitExceeded" } })).toBe("quota");
  expect(cause(403, { forbidden: { message: "Quota exceeded for cores: Requested 4, but already used 20" } })).toBe(
    "quota",
  );
  expect(cause(409, { NeutronError: { type: "OverQuota", message: "Quota exceeded for ['port']." } })).toBe("quota");
});

describe("a reply that tells nothing of the request is transient", () => {
  test.each([500, 502, 503, 504, 429, 408])("%i", (status) => {
    expect(() => throwIfTransient(reply(status, "down"), "orchestration", clock)).toThrow(Transient);
    expect(() => throwIfTransient(reply(status, "down"), "orchestration", clock)).toThrow(
      `orchestration answered ${status}: down`,
    );
  });

  test.each([200, 302, 400, 401, 403, 404, 409, 413])("%i is not", (status) => {
    expect(() => throwIfTransient(reply(status, ""), "orchestration", clock)).not.toThrow();
  });

  test("and hands on how long the service asks to wait", () => {
    const thrown = (status: number): unknown => {
      try {
        throwIfTransient(reply(status, "", { "retry-after": "9" }), "compute", clock);
      } catch (error) {
        return error;
      }
      return undefined;
    };
    expect(thrown(503)).toMatchObject({ retryAfterMs: 9_000 });
    expect(thrown(413)).toMatchObject({ retryAfterMs: 9_000 });
  });
});
