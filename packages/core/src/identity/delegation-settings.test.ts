import { describe, expect, test } from "vitest";
import { readDelegationSettings } from "./delegation-settings.ts";

describe("settings of delegations", () => {
  test("are a trust of all the caller's roles and else the service's user as a member, where nothing is said", () => {
    const preset = { mode: "trust", serviceRole: "member" };
    expect(readDelegationSettings({})).toEqual(preset);
    const empty = { JEROBOAM_DELEGATION: "", JEROBOAM_TRUSTED_ROLES: "", JEROBOAM_SERVICE_ROLE: "" };
    expect(readDelegationSettings(empty)).toEqual(preset);
  });

  test("choose the way, the roles that are handed on, and the role that the service's user takes", () => {
    const given = { JEROBOAM_DELEGATION: "trust-only", JEROBOAM_TRUSTED_ROLES: "member, heat_stack_owner" };
    expect(readDelegationSettings({ ...given, JEROBOAM_SERVICE_ROLE: "bay_builder" })).toEqual({
      mode: "trust-only",
      trustedRoles: ["member", "heat_stack_owner"],
      serviceRole: "bay_builder",
    });
    const service = { JEROBOAM_DELEGATION: "service", JEROBOAM_SERVICE_ROLE: "none" };
    expect(readDelegationSettings(service)).toEqual({ mode: "service" });
  });

  test.each([
    [{ JEROBOAM_DELEGATION: "trusts" }, 'JEROBOAM_DELEGATION may be one of trust, trust-only, service, not "trusts"'],
    [{ JEROBOAM_TRUSTED_ROLES: "member,,reader" }, "JEROBOAM_TRUSTED_ROLES holds a role without a name"],
    [{ JEROBOAM_SERVICE_ROLE: " " }, "JEROBOAM_SERVICE_ROLE holds a role without a name"],
    [
      { JEROBOAM_DELEGATION: "service", JEROBOAM_TRUSTED_ROLES: "member" },
      "JEROBOAM_TRUSTED_ROLES has no effect with JEROBOAM_DELEGATION=service",
    ],
  ])("that are wrong are named: %j", (variables, message) => {
    expect(() => readDelegationSettings(variables)).toThrow(message);
  });
});
