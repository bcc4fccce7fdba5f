/**
 * How to reach the cloud and as whom: from `OS_*` variables, or from one cloud of clouds.yaml named by `OS_CLOUD`, as
 * openstacksdk reads them. Without `OS_CLOUD` and `OS_AUTH_URL` no cloud is configured, even where a clouds.yaml lies:
 * a service must not act on a cloud because of a file somebody left in a home directory.
 * Pure: reading files and the environment is left to `file-cloud-config.ts`.
 */
import { z } from "zod";
import type { Interface } from "./catalog.ts";
import type { Credentials, NamedInDomain } from "./keystone.ts";

export interface CloudConfig {
  /** Keystone's v3 address, no slash at its end. */
  readonly authUrl: string;
  readonly region?: string;
  readonly interface: Interface;
  readonly credentials: Credentials;
  /** The project acted in; application credentials and tokens may bring their own. */
  readonly project?: NamedInDomain;
  /** False accepts any certificate. */
  readonly verify: boolean;
  /** Paths of PEM files: authorities trusted instead of the public ones; our certificate and key for clouds that ask. */
  readonly cacertPath?: string;
  readonly certPath?: string;
  readonly keyPath?: string;
}

export type CloudConfigOutcome =
  | { readonly kind: "configured"; readonly config: CloudConfig }
  | { readonly kind: "absent" }
  | { readonly kind: "invalid"; readonly problems: readonly string[] };

type Environment = Readonly<Record<string, string | undefined>>;

const text = z.union([z.string(), z.number()]).transform(String).nullish();
const flag = z.union([z.boolean(), z.string()]).nullish();

/** One cloud of a clouds.yaml: the keys that matter here. */
const cloudSchema = z.object({
  auth_type: text,
  auth: z
    .object({
      auth_url: text,
      username: text,
      user_id: text,
      password: text,
      user_domain_id: text,
      user_domain_name: text,
      default_domain: text,
      domain_id: text,
      domain_name: text,
      project_id: text,
      project_name: text,
      tenant_id: text,
      tenant_name: text,
      project_domain_id: text,
      project_domain_name: text,
      token: text,
      application_credential_id: text,
      application_credential_name: text,
      application_credential_secret: text,
    })
    .nullish(),
  region_name: text,
  regions: z.array(z.union([z.string(), z.object({ name: z.string() })])).nullish(),
  interface: text,
  endpoint_type: text,
  verify: flag,
  insecure: flag,
  cacert: text,
  cert: text,
  key: text,
});

const cloudsFileSchema = z.object({ clouds: z.record(z.string(), z.unknown()) });

type Cloud = z.output<typeof cloudSchema>;
type Auth = NonNullable<Cloud["auth"]>;

/** Where each setting comes from when the environment alone configures the cloud. */
const VARIABLES = {
  auth_url: "OS_AUTH_URL",
  username: "OS_USERNAME",
  user_id: "OS_USER_ID",
  password: "OS_PASSWORD",
  user_domain_id: "OS_USER_DOMAIN_ID",
  user_domain_name: "OS_USER_DOMAIN_NAME",
  default_domain: "OS_DEFAULT_DOMAIN",
  domain_id: "OS_DOMAIN_ID",
  domain_name: "OS_DOMAIN_NAME",
  project_id: "OS_PROJECT_ID",
  project_name: "OS_PROJECT_NAME",
  tenant_id: "OS_TENANT_ID",
  tenant_name: "OS_TENANT_NAME",
  project_domain_id: "OS_PROJECT_DOMAIN_ID",
  project_domain_name: "OS_PROJECT_DOMAIN_NAME",
  token: "OS_TOKEN",
  application_credential_id: "OS_APPLICATION_CREDENTIAL_ID",
  application_credential_name: "OS_APPLICATION_CREDENTIAL_NAME",
  application_credential_secret: "OS_APPLICATION_CREDENTIAL_SECRET",
} as const satisfies Record<keyof Auth, string>;

/** What the files said, parsed from YAML; nothing where there is no such file. */
export interface CloudFiles {
  readonly clouds?: unknown;
  /** secure.yaml: the same form, holding the secrets; its values win. */
  readonly secure?: unknown;
}

/** The cloud that the environment names, or every reason why it cannot be used. */
export function readCloudConfig(environment: Environment, files: CloudFiles): CloudConfigOutcome {
  const name = environment["OS_CLOUD"];
  if (name) {
    const found = cloudFromFiles(name, files);
    return found.kind === "cloud" ? configOf(found.cloud, (key) => `auth.${key} of cloud "${name}"`) : found;
  }
  if (!environment["OS_AUTH_URL"]) return { kind: "absent" };
  return configOf(cloudFromEnvironment(environment), (key) => VARIABLES[key]);
}

type FoundCloud = { readonly kind: "cloud"; readonly cloud: Cloud } | Extract<CloudConfigOutcome, { kind: "invalid" }>;

function cloudFromFiles(name: string, files: CloudFiles): FoundCloud {
  const invalid = (problem: string): FoundCloud => ({ kind: "invalid", problems: [problem] });
  if (files.clouds === undefined) return invalid(`OS_CLOUD names "${name}", but no clouds.yaml was found`);
  const read = cloudsFileSchema.safeParse(files.clouds);
  if (!read.success) return invalid('clouds.yaml has no mapping named "clouds"');
  const { clouds } = read.data;
  if (!Object.hasOwn(clouds, name)) {
    return invalid(`OS_CLOUD names "${name}", but clouds.yaml has only: ${Object.keys(clouds).join(", ")}`);
  }
  const secure = cloudsFileSchema.safeParse(files.secure);
  const secrets = secure.success && Object.hasOwn(secure.data.clouds, name) ? secure.data.clouds[name] : undefined;
  const cloud = cloudSchema.safeParse(merge(clouds[name], secrets));
  if (cloud.success) return { kind: "cloud", cloud: cloud.data };
  const problems = cloud.error.issues.map((one) => `${one.path.join(".")} of cloud "${name}": ${one.message}`);
  return { kind: "invalid", problems };
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function merge(base: unknown, over: unknown): unknown {
  if (over === undefined || over === null) return base;
  if (!isMapping(base) || !isMapping(over)) return over;
  const keys = new Set([...Object.keys(base), ...Object.keys(over)]);
  return Object.fromEntries([...keys].map((key) => [key, merge(base[key], over[key])]));
}

function cloudFromEnvironment(environment: Environment): Cloud {
  const value = (variable: string): string | undefined => environment[variable] || undefined;
  const auth = Object.fromEntries(Object.entries(VARIABLES).map(([key, variable]) => [key, value(variable)]));
  return {
    auth,
    auth_type: value("OS_AUTH_TYPE"),
    region_name: value("OS_REGION_NAME"),
    interface: value("OS_INTERFACE"),
    endpoint_type: value("OS_ENDPOINT_TYPE"),
    insecure: value("OS_INSECURE"),
    verify: value("OS_VERIFY"),
    cacert: value("OS_CACERT"),
    cert: value("OS_CERT"),
    key: value("OS_KEY"),
    regions: undefined,
  };
}

type Naming = (key: keyof Auth) => string;

function configOf(cloud: Cloud, nameOf: Naming): CloudConfigOutcome {
  const auth: Auth = cloud.auth ?? {};
  const authUrl = readAuthUrl(auth.auth_url, nameOf);
  const credentials = readCredentials(auth, cloud.auth_type ?? undefined, nameOf);
  const interfaceName = readInterface(cloud.interface ?? cloud.endpoint_type ?? undefined);
  const problems = [authUrl, credentials, interfaceName].flatMap((one) => ("problem" in one ? [one.problem] : []));
  const project = readProject(auth);
  if ("value" in credentials && credentials.value.kind === "password" && !project) {
    problems.push(`${nameOf("project_name")} (or ${nameOf("project_id")}) is missing`);
  }
  if (problems.length > 0 || !("value" in authUrl && "value" in credentials && "value" in interfaceName)) {
    return { kind: "invalid", problems };
  }
  const region = cloud.region_name ?? firstRegion(cloud);
  return {
    kind: "configured",
    config: {
      authUrl: authUrl.value,
      interface: interfaceName.value,
      credentials: credentials.value,
      verify: isVerified(cloud),
      ...(region ? { region } : {}),
      ...(project ? { project } : {}),
      ...(cloud.cacert ? { cacertPath: cloud.cacert } : {}),
      ...(cloud.cert ? { certPath: cloud.cert } : {}),
      ...(cloud.key ? { keyPath: cloud.key } : {}),
    },
  };
}

type Read<Value> = { readonly value: Value } | { readonly problem: string };

function readAuthUrl(address: string | null | undefined, nameOf: Naming): Read<string> {
  if (!address) return { problem: `${nameOf("auth_url")} is missing` };
  const url = URL.parse(address);
  if (!url || !/^https?:$/.test(url.protocol) || url.username) {
    return { problem: `${nameOf("auth_url")} is not an http or https address` };
  }
  const path = url.pathname.replace(/\/+$/, "");
  if (path.endsWith("/v2.0")) return { problem: `${nameOf("auth_url")} names Keystone's v2.0 API; v3 is needed` };
  return { value: `${url.origin}${path.endsWith("/v3") ? path : `${path}/v3`}` };
}

function readInterface(name: string | undefined): Read<Interface> {
  const plain = (name ?? "public").replace(/URL$/, "");
  if (plain === "public" || plain === "internal" || plain === "admin") return { value: plain };
  return { problem: `the interface "${plain}" is none of public, internal, admin` };
}

/** What kind of credentials these are: as `auth_type` says, else by what is there. */
function readCredentials(auth: Auth, authType: string | undefined, nameOf: Naming): Read<Credentials> {
  const missing = (...keys: (keyof Auth)[]): Read<Credentials> => ({
    problem: `${keys.map(nameOf).join(" or ")} is missing`,
  });
  const kind = authType?.replace(/^v3/, "") ?? guessKind(auth);
  const user = readUser(auth);
  switch (kind) {
    case "applicationcredential": {
      const secret = auth.application_credential_secret;
      if (!secret) return missing("application_credential_secret");
      if (auth.application_credential_id) {
        return { value: { kind: "application-credential", id: auth.application_credential_id, secret } };
      }
      const name = auth.application_credential_name;
      if (!name) return missing("application_credential_id");
      return user ? { value: { kind: "application-credential", name, user, secret } } : missing("username", "user_id");
    }
    case "token":
      return auth.token ? { value: { kind: "token", token: auth.token } } : missing("token");
    case "password":
      if (!user) return missing("username", "user_id");
      if (!auth.password) return missing("password");
      return { value: { kind: "password", user, password: auth.password } };
    default:
      return { problem: `the authentication type "${kind}" is none of password, token, v3applicationcredential` };
  }
}

function guessKind(auth: Auth): string {
  if (auth.application_credential_id || auth.application_credential_name) return "applicationcredential";
  return auth.token ? "token" : "password";
}

function readUser(auth: Auth): NamedInDomain | undefined {
  if (auth.user_id) return { id: auth.user_id };
  if (!auth.username) return undefined;
  const domainId = auth.user_domain_id ?? auth.domain_id ?? auth.default_domain;
  const domainName = auth.user_domain_name ?? auth.domain_name;
  return { name: auth.username, domain: domainOf(domainId, domainName) };
}

function readProject(auth: Auth): NamedInDomain | undefined {
  const id = auth.project_id ?? auth.tenant_id;
  if (id) return { id };
  const name = auth.project_name ?? auth.tenant_name;
  if (!name) return undefined;
  const domainId = auth.project_domain_id ?? auth.domain_id ?? auth.default_domain;
  const domainName = auth.project_domain_name ?? auth.domain_name;
  return { name, domain: domainOf(domainId, domainName) };
}

/** A name without a domain means the domain that every Keystone has from its start. */
function domainOf(id: string | null | undefined, name: string | null | undefined): { id: string } | { name: string } {
  if (id) return { id };
  return name ? { name } : { id: "default" };
}

function firstRegion(cloud: Cloud): string | undefined {
  const first = cloud.regions?.[0];
  return typeof first === "string" ? first : first?.name;
}

const isTrue = (value: boolean | string): boolean => value === true || /^(1|true|yes|on)$/i.test(String(value));

function isVerified(cloud: Cloud): boolean {
  if (cloud.verify !== undefined && cloud.verify !== null) return isTrue(cloud.verify);
  return cloud.insecure === undefined || cloud.insecure === null ? true : !isTrue(cloud.insecure);
}
