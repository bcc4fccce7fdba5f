/**
 * The openrc of the sandbox: what a shell sources to use it as the seeded user demo. It clears what another cloud's
 * openrc had set, and names the sandbox, so that starting again from the same shell finds it to be no cloud of its own.
 */

/** Holds the address of the sandbox whose openrc was sourced. */
export const SANDBOX_VARIABLE = "JEROBOAM_SANDBOX";

export interface OpenrcFacts {
  /** Keystone's address with its version. */
  readonly authUrl: string;
  readonly region: string;
  readonly password: string;
}

export function openrcOf({ authUrl, region, password }: OpenrcFacts): string {
  const variables = {
    OS_AUTH_URL: authUrl,
    OS_IDENTITY_API_VERSION: "3",
    OS_REGION_NAME: region,
    OS_PROJECT_NAME: "demo",
    OS_PROJECT_DOMAIN_ID: "default",
    OS_USERNAME: "demo",
    OS_USER_DOMAIN_ID: "default",
    OS_PASSWORD: password,
    [SANDBOX_VARIABLE]: authUrl,
  };
  return [
    "# Source this file to use the sandbox as the user demo of the project demo.",
    `# There are also alt_demo and admin: export OS_USERNAME=admin OS_PROJECT_NAME=admin`,
    `for name in $(env | sed -n 's/^\\(OS_[A-Za-z0-9_]*\\)=.*/\\1/p'); do unset "$name"; done`,
    ...Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}`),
    "",
  ].join("\n");
}

/** The text as one word of a shell. */
export function quoted(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Whether the environment's cloud is a sandbox of ours whose openrc was sourced in this shell. */
export function isSandboxShell(environment: Readonly<Record<string, string | undefined>>): boolean {
  const authUrl = environment["OS_AUTH_URL"];
  return authUrl !== undefined && !environment["OS_CLOUD"] && authUrl === environment[SANDBOX_VARIABLE];
}
