import { describe, expect, test } from "vitest";
import { readCloudConfig } from "./cloud-config.ts";

const openrc = {
  OS_AUTH_URL: "https://keystone.test:5000/v3/",
  OS_USERNAME: "magnum",
  OS_PASSWORD: "canary-password",
  OS_PROJECT_NAME: "service",
};

describe("from variables", () => {
  test("an openrc file is enough; names without a domain mean the default domain", () => {
    expect(readCloudConfig(openrc, {})).toEqual({
      kind: "configured",
      config: {
        authUrl: "https://keystone.test:5000/v3",
        interface: "public",
        verify: true,
        credentials: {
          kind: "password",
          user: { name: "magnum", domain: { id: "default" } },
          password: "canary-password",
        },
        project: { name: "service", domain: { id: "default" } },
      },
    });
  });

  test("domains, region, interface and TLS files are taken over", () => {
    const outcome = readCloudConfig(
      {
        ...openrc,
        OS_AUTH_URL: "http://10.0.0.1/identity",
        OS_USER_DOMAIN_NAME: "Users",
        OS_PROJECT_DOMAIN_ID: "d-2",
        OS_REGION_NAME: "RegionTwo",
        OS_INTERFACE: "internalURL",
        OS_CACERT: "/etc/ca.pem",
        OS_CERT: "/etc/us.pem",
        OS_KEY: "/etc/us.key",
        OS_INSECURE: "true",
      },
      {},
    );
    expect(outcome).toMatchObject({
      kind: "configured",
      config: {
        authUrl: "http://10.0.0.1/identity/v3",
        region: "RegionTwo",
        interface: "internal",
        verify: false,
        cacertPath: "/etc/ca.pem",
        certPath: "/etc/us.pem",
        keyPath: "/etc/us.key",
        credentials: { user: { name: "magnum", domain: { name: "Users" } } },
        project: { name: "service", domain: { id: "d-2" } },
      },
    });
  });

  test("an application credential is known by its variables, and needs no project", () => {
    const base = { OS_AUTH_URL: "https://k/v3", OS_APPLICATION_CREDENTIAL_SECRET: "s" };
    expect(readCloudConfig({ ...base, OS_APPLICATION_CREDENTIAL_ID: "ac" }, {})).toMatchObject({
      config: { credentials: { kind: "application-credential", id: "ac", secret: "s" } },
    });
    const named = { ...base, OS_APPLICATION_CREDENTIAL_NAME: "deploy", OS_USER_ID: "u" };
    expect(readCloudConfig({ ...named, OS_AUTH_TYPE: "v3applicationcredential" }, {})).toMatchObject({
      config: { credentials: { kind: "application-credential", name: "deploy", user: { id: "u" }, secret: "s" } },
    });
  });

  test("a token is known by its variable", () => {
    expect(readCloudConfig({ OS_AUTH_URL: "https://k", OS_TOKEN: "t" }, {})).toMatchObject({
      config: { credentials: { kind: "token", token: "t" }, authUrl: "https://k/v3" },
    });
  });

  test("everything that is wrong is told at once, each by its variable, no value shown", () => {
    const outcome = readCloudConfig({ OS_AUTH_URL: "keystone:5000", OS_USERNAME: "x", OS_INTERFACE: "sideways" }, {});
    expect(outcome).toEqual({
      kind: "invalid",
      problems: [
        "OS_AUTH_URL is not an http or https address",
        "OS_PASSWORD is missing",
        'the interface "sideways" is none of public, internal, admin',
      ],
    });
    expect(readCloudConfig({ OS_AUTH_URL: "https://k/v2.0" }, {})).toMatchObject({
      problems: ["OS_AUTH_URL names Keystone's v2.0 API; v3 is needed", "OS_USERNAME or OS_USER_ID is missing"],
    });
    expect(readCloudConfig({ ...openrc, OS_PROJECT_NAME: "" }, {})).toMatchObject({
      problems: ["OS_PROJECT_NAME (or OS_PROJECT_ID) is missing"],
    });
    expect(readCloudConfig({ ...openrc, OS_AUTH_TYPE: "v3oidcpassword" }, {})).toMatchObject({ kind: "invalid" });
  });
});

describe("from clouds.yaml", () => {
  const clouds = {
    clouds: {
      lab: {
        auth: { auth_url: "https://lab:5000", username: "u", project_id: 42, user_domain_name: "Default" },
        regions: [{ name: "first" }, "second"],
        verify: false,
        interface: "internal",
        profile: "unknown-keys-are-ignored",
      },
      broken: { auth: "none" },
    },
  };
  const secure = { clouds: { lab: { auth: { password: "from-secure" } } } };

  test("OS_CLOUD picks the cloud, and secure.yaml adds what is secret", () => {
    expect(readCloudConfig({ OS_CLOUD: "lab" }, { clouds, secure })).toEqual({
      kind: "configured",
      config: {
        authUrl: "https://lab:5000/v3",
        interface: "internal",
        region: "first",
        verify: false,
        credentials: { kind: "password", user: { name: "u", domain: { name: "Default" } }, password: "from-secure" },
        project: { id: "42" },
      },
    });
  });

  test("problems name the key and the cloud", () => {
    const problemsOf = (name: string, files = { clouds }) => readCloudConfig({ OS_CLOUD: name }, files);
    expect(problemsOf("lab")).toMatchObject({ problems: ['auth.password of cloud "lab" is missing'] });
    expect(problemsOf("other")).toMatchObject({
      problems: ['OS_CLOUD names "other", but clouds.yaml has only: lab, broken'],
    });
    expect(problemsOf("toString")).toMatchObject({ kind: "invalid" });
    expect(problemsOf("broken")).toMatchObject({ problems: [expect.stringContaining('auth of cloud "broken"')] });
    expect(readCloudConfig({ OS_CLOUD: "lab" }, {})).toMatchObject({
      problems: ['OS_CLOUD names "lab", but no clouds.yaml was found'],
    });
  });

  test("without OS_CLOUD and OS_AUTH_URL no cloud is configured, whatever files there are", () => {
    expect(readCloudConfig({}, { clouds })).toEqual({ kind: "absent" });
    expect(readCloudConfig({ OS_USERNAME: "u" }, { clouds })).toEqual({ kind: "absent" });
  });
});
