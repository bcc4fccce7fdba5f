/** What an operator chooses of delegations (delegation.ts), and how it is read from the environment of a process. */

const MODES = ["trust", "trust-only", "service"] as const;

export interface DelegationSettings {
  /** `trust`: by a trust, else by the service's user. `trust-only` and `service`: by nothing else. */
  readonly mode: (typeof MODES)[number];
  /** The caller's roles to hand on; all when not given. */
  readonly trustedRoles?: readonly string[];
  /** The role that the service's user takes on a project where it has none yet; without it, it takes none. */
  readonly serviceRole?: string;
}

/**
 * It lets the service's user clean up where a trust cannot: a creation that is superseded loses its trust first, so that
 * nothing can appear behind the deletion's back.
 */
const PRESET_SERVICE_ROLE = "member";
/** In place of a role's name: the service's user takes none. */
const NO_ROLE = "none";

/**
 * `JEROBOAM_DELEGATION` (`trust`, `trust-only` or `service`), `JEROBOAM_TRUSTED_ROLES` (names of roles, commas between) and
 * `JEROBOAM_SERVICE_ROLE` (a role's name, or `none`). Throws an error that names the one that is wrong. Whether Keystone
 * has such roles shows when they are used.
 */
export function readDelegationSettings(variables: Readonly<Record<string, string | undefined>>): DelegationSettings {
  const given = variables["JEROBOAM_DELEGATION"] || "trust";
  const mode = MODES.find((one) => one === given);
  if (!mode) throw new Error(`JEROBOAM_DELEGATION may be one of ${MODES.join(", ")}, not "${given}"`);
  const trustedRoles = variables["JEROBOAM_TRUSTED_ROLES"];
  if (trustedRoles && mode === "service")
    throw new Error("JEROBOAM_TRUSTED_ROLES has no effect with JEROBOAM_DELEGATION=service: leave one of them out");
  const serviceRole = readRole("JEROBOAM_SERVICE_ROLE", variables["JEROBOAM_SERVICE_ROLE"] || PRESET_SERVICE_ROLE);
  return {
    mode,
    ...(trustedRoles && {
      trustedRoles: trustedRoles.split(",").map((one) => readRole("JEROBOAM_TRUSTED_ROLES", one)),
    }),
    ...(serviceRole !== NO_ROLE && { serviceRole }),
  };
}

function readRole(variable: string, text: string): string {
  const name = text.trim();
  if (name === "") throw new Error(`${variable} holds a role without a name`);
  return name;
}
