/** What may be chosen at deployment, all at once: a domain, private networks, a private CA, other credentials. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { evaluate } from "../../stacks/offline/evaluate.ts";
import type { Evaluation } from "../../stacks/offline/evaluate.ts";
import { readSettings } from "../../stacks/settings.ts";
import { CHECKS, named, ofType, statementsOf } from "./checks.ts";

const CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/1";
const AUTHORITIES = "dist/test-authorities.pem";
const POLICY = "dist/test-policy.yaml";

const DELEGATION = {
  JEROBOAM_DELEGATION: "trust-only",
  JEROBOAM_TRUSTED_ROLES: "member,heat_stack_owner",
  JEROBOAM_SERVICE_ROLE: "bay_builder",
};

let stack: Evaluation;

beforeAll(async () => {
  const root = join(import.meta.dirname, "../..");
  mkdirSync(join(root, "dist"), { recursive: true });
  writeFileSync(join(root, AUTHORITIES), "-----BEGIN CERTIFICATE-----\n");
  writeFileSync(join(root, POLICY), '"bay:create": "role:builder"\n');
  stack = await evaluate("lab", {
    JEROBOAM_POLICY_FILE: POLICY,
    JEROBOAM_BAY_QUOTA: "50",
    JEROBOAM_POLICY_DEFAULTS: "older",
    JEROBOAM_RATE_LIMIT: "table",
    JEROBOAM_RATE_PER_SECOND: "7",
    JEROBOAM_DISABLED_BAY_TYPES: "mesos_ubuntu_v1",
    JEROBOAM_HEALTH_INTERVAL: "600",
    ...DELEGATION,
    OS_AUTH_URL: "https://keystone.internal/v3",
    OS_APPLICATION_CREDENTIAL_ID: "0b1c2d",
    SST_SECRET_CloudSecret: "canary-9d2c",
    JEROBOAM_AUTHORITIES_FILE: AUTHORITIES,
    JEROBOAM_DOMAIN: "magnum.example",
    JEROBOAM_CERTIFICATE_ARN: CERTIFICATE,
    JEROBOAM_ALARM_EMAIL: "operators@example.org",
    JEROBOAM_VPC: "new",
    JEROBOAM_REMOVES: "left-overs",
  });
});

const variablesOf = (name: string) => named(stack, `${name}Function`).inputs["environment"].variables;

describe("chosen at deployment", () => {
  test("a domain of one's own leads to the API, which names it in its links", () => {
    expect(named(stack, "GatewayDomainName").inputs).toMatchObject({
      domainName: "magnum.example",
      domainNameConfiguration: { certificateArn: CERTIFICATE, securityPolicy: "TLS_1_2" },
    });
    for (const name of ["Api", "Conductor"])
      expect(variablesOf(name)["JEROBOAM_PUBLIC_URL"]).toBe("https://magnum.example");
    expect(stack.outputs["endpoint"]).toBe("https://magnum.example");
  });

  test("what reconciliation may remove is said to the conductors; nothing unless somebody says so", () => {
    expect(variablesOf("Conductor")["JEROBOAM_REMOVES"]).toBe("left-overs");
    expect(readSettings({ OS_AUTH_URL: "https://keystone.test/v3" }, "dev").removes).toBe("nothing");
    const wrong = { OS_AUTH_URL: "https://keystone.test/v3", JEROBOAM_REMOVES: "all" };
    expect(() => readSettings(wrong, "dev")).toThrow("may be one of nothing, left-overs, stacks");
  });

  test("an application credential's secret is sealed as a password is", () => {
    for (const name of ["Api", "Conductor"]) {
      expect(variablesOf(name)).toMatchObject({
        OS_APPLICATION_CREDENTIAL_ID: "0b1c2d",
        OS_APPLICATION_CREDENTIAL_SECRET_CIPHERTEXT: "ciphertext-of-CloudSecretCiphertext",
      });
      expect(variablesOf(name)).not.toHaveProperty("OS_PASSWORD_CIPHERTEXT");
    }
  });

  test("a private CA goes with the functions that speak to the cloud, and nowhere else", () => {
    for (const name of ["Api", "Conductor"]) expect(variablesOf(name)["OS_CACERT"]).toBe("/var/task/authorities.pem");
    expect(variablesOf("Schedule")).not.toHaveProperty("OS_CACERT");
  });

  test("a policy of one's own goes with the API, and nowhere else", () => {
    expect(variablesOf("Api")["JEROBOAM_POLICY"]).toBe("/var/task/policy.yaml");
    for (const name of ["Conductor", "Schedule"]) expect(variablesOf(name)).not.toHaveProperty("JEROBOAM_POLICY");
  });

  test("the operator's choices go to the functions that read them", () => {
    expect(variablesOf("Api")).toMatchObject({
      JEROBOAM_BAY_QUOTA: "50",
      JEROBOAM_POLICY_DEFAULTS: "older",
      JEROBOAM_RATE_LIMIT: "table",
      JEROBOAM_RATE_PER_SECOND: "7",
      JEROBOAM_DISABLED_BAY_TYPES: "mesos_ubuntu_v1",
    });
    expect(variablesOf("Conductor")).toMatchObject({
      JEROBOAM_HEALTH_INTERVAL: "600",
      JEROBOAM_REMOVES: "left-overs",
      JEROBOAM_DISABLED_BAY_TYPES: "mesos_ubuntu_v1",
    });
    expect(variablesOf("Conductor")).not.toHaveProperty("JEROBOAM_RATE_LIMIT");
    for (const name of ["Api", "Conductor"]) expect(variablesOf(name)).toMatchObject(DELEGATION);
    expect(variablesOf("Schedule")).not.toHaveProperty("JEROBOAM_DELEGATION");
  });

  test("in a VPC, those functions stand in its private subnets, and may have interfaces there", () => {
    for (const name of ["Api", "Conductor"]) {
      expect(named(stack, `${name}Function`).inputs["vpcConfig"].subnetIds).not.toEqual([]);
      const granted = statementsOf(named(stack, `${name}Role`)).flatMap(({ actions }) => actions);
      expect(granted.filter((action) => action.startsWith("ec2:"))).toHaveLength(6);
    }
    expect(named(stack, "ScheduleFunction").inputs["vpcConfig"]).toBeUndefined();
    expect(
      statementsOf(named(stack, "ScheduleRole"))
        .flatMap(({ actions }) => actions)
        .join(),
    ).not.toContain("ec2:");
    expect(ofType(stack, "aws:ec2/natGateway:NatGateway")).not.toEqual([]);
    expect(named(stack, "TableEndpoint").inputs["serviceName"]).toBe("com.amazonaws.eu-central-1.dynamodb");
  });

  test("alarms are told by mail", () => {
    expect(named(stack, "AlarmEmail").inputs).toMatchObject({ protocol: "email", endpoint: "operators@example.org" });
  });

  test("all else holds as without choices", () => {
    const others = Object.keys(CHECKS).filter(
      (title) => !/variable|wildcard|know how to|tagged|one route|may take a role|dashboard/.test(title),
    );
    for (const title of others) CHECKS[title]?.(stack);
    expect(others.length).toBeGreaterThan(15);
  });
});

describe("a key that takes over", () => {
  const keyOf = (name: string): string => `arn:aws:kms:eu-central-1:123456789012:key/${name}`;
  const [NEW, OLD] = [keyOf("new"), keyOf("old")];
  let replaced: Evaluation;
  beforeAll(async () => {
    replaced = await evaluate("lab", {
      OS_AUTH_URL: "https://keystone.internal/v3",
      SST_SECRET_CloudSecret: "canary-9d2c",
      JEROBOAM_KEY_ARN: NEW,
      JEROBOAM_OLD_KEY_ARNS: ` ${OLD}, ${NEW}`,
    });
  });

  test("is told to every function that seals or opens, with those it took over from, the stage's own among them", () => {
    const own = named(replaced, "SecretsKey").state["arn"];
    for (const name of ["Api", "Conductor", "Deliverer"])
      expect(named(replaced, `${name}Function`).inputs["environment"].variables).toMatchObject({
        JEROBOAM_KEY_ARN: NEW,
        JEROBOAM_OLD_KEY_ARNS: `${own},${OLD}`,
      });
    expect(named(replaced, "ScheduleFunction").inputs["environment"].variables).not.toHaveProperty("JEROBOAM_KEY_ARN");
    expect(named(replaced, "CloudSecretCiphertext").inputs["keyId"]).toBe(NEW);
  });

  test("is all that may seal; the old ones may open, and be wrapped from; each for the same purposes as before", () => {
    const own = named(replaced, "SecretsKey").state["arn"];
    const granted = (name: string): readonly string[] =>
      statementsOf(named(replaced, `${name}Role`))
        .filter(({ actions }) => actions[0]?.startsWith("kms:"))
        .flatMap(({ actions, resources, conditions }) =>
          actions.map((action) => `${action} ${resources.join()} ${conditions?.[0]?.["values"].join()}`),
        )
        .toSorted();
    const of = (keys: readonly string[], action: string, ...purposes: readonly string[]): readonly string[] =>
      keys.flatMap((key) => purposes.map((purpose) => `kms:${action} ${key} ${purpose}`));
    const [all, old] = [
      [NEW, own, OLD],
      [own, OLD],
    ];
    expect(granted("Api")).toEqual(
      [
        ...of(all, "Decrypt", "configuration", "records", "webhooks"),
        ...of([NEW], "GenerateDataKey", "records", "webhooks"),
      ].toSorted(),
    );
    expect(granted("Conductor")).toEqual(
      [
        ...of(all, "Decrypt", "configuration", "records"),
        ...of([NEW], "GenerateDataKey", "records"),
        ...of([NEW], "ReEncryptTo", "records", "webhooks"),
        ...of([NEW, ...old], "ReEncryptFrom", "records", "webhooks"),
      ].toSorted(),
    );
    expect(granted("Deliverer")).toEqual([...of(all, "Decrypt", "webhooks")].toSorted());
    expect(granted("Schedule")).toEqual([]);
  });

  test("is named by its own ARN: permissions do not hold for aliases", () => {
    const cloud = { OS_AUTH_URL: "https://keystone.example/v3" };
    for (const wrong of ["alias/jeroboam", "key/new", "arn:aws:kms:eu-central-1:123456789012:alias/x"]) {
      expect(() => readSettings({ ...cloud, JEROBOAM_KEY_ARN: wrong }, "dev")).toThrow("JEROBOAM_KEY_ARN must be");
      const old = { ...cloud, JEROBOAM_OLD_KEY_ARNS: `${OLD},${wrong}` };
      expect(() => readSettings(old, "dev")).toThrow("JEROBOAM_OLD_KEY_ARNS must be");
    }
    expect(readSettings(cloud, "dev").keys).toEqual({ old: [] });
  });
});

describe("settings", () => {
  const cloud = { OS_AUTH_URL: "https://keystone.example/v3" };

  test.each(["OS_PASSWORD", "OS_APPLICATION_CREDENTIAL_SECRET", "OS_TOKEN"])("refuse %s, which is a secret", (name) => {
    expect(() => readSettings({ ...cloud, [name]: "hush" }, "dev")).toThrow(/is a secret: unset it/);
    expect(() => readSettings({ ...cloud, [name]: "hush" }, "dev")).not.toThrow("hush");
  });

  test("refuse what a function could not start with", () => {
    expect(() => readSettings({ ...cloud, JEROBOAM_RATE_LIMIT: "some" }, "dev")).toThrow("JEROBOAM_RATE_LIMIT may be");
    expect(() => readSettings({ ...cloud, JEROBOAM_RATE_BURST: "0" }, "dev")).toThrow("JEROBOAM_RATE_BURST must be");
    expect(() => readSettings({ ...cloud, JEROBOAM_POLICY_DEFAULTS: "lax" }, "dev")).toThrow("policy's defaults");
    expect(() => readSettings({ ...cloud, JEROBOAM_REMOVES: "all" }, "dev")).toThrow("JEROBOAM_REMOVES may be");
    expect(() => readSettings({ ...cloud, JEROBOAM_DELEGATION: "none" }, "dev")).toThrow("JEROBOAM_DELEGATION may be");
  });

  test("refuse to go without a cloud", () => {
    expect(() => readSettings({}, "dev")).toThrow("OS_AUTH_URL is missing");
  });

  test("leave out what names files of the machine that deploys, and what is not the cloud's", () => {
    const given = { ...cloud, OS_CACERT: "/etc/ca.pem", OS_CLOUD: "", AWS_PROFILE: "x", HOME: "/root" };
    expect(readSettings(given, "dev").cloud).toEqual(cloud);
  });

  test("take a VPC that is there by its subnets and security groups, both", () => {
    const given = { ...cloud, JEROBOAM_SUBNET_IDS: "subnet-1,subnet-2", JEROBOAM_SECURITY_GROUP_IDS: "sg-1" };
    expect(readSettings(given, "dev").network).toEqual({
      kind: "existing",
      subnetIds: ["subnet-1", "subnet-2"],
      securityGroupIds: ["sg-1"],
    });
    expect(() => readSettings({ ...cloud, JEROBOAM_SUBNET_IDS: "subnet-1" }, "dev")).toThrow("go together");
    expect(() => readSettings({ ...cloud, JEROBOAM_VPC: "old" }, "dev")).toThrow('"new" or absent');
  });
});
