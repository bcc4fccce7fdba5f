/**
 * Evaluates all of sst.config.ts for a stage without an account: the real config, SST's real components and the real
 * Pulumi program, over a provider that echoes what it is given. Promises every resource with its inputs and options. What
 * AWS itself would check (limits, the meaning of policies, defaults of the provider) it cannot know.
 *
 * SST's program calls its own binary by JSON over HTTP for two things, which are answered here: where assets go, and the
 * building of functions (ours come built). Mocks and SST's globals belong to the process: one evaluation in each.
 */
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export const ACCOUNT = "123456789012";
export const REGION = "eu-central-1";

// oxlint-disable-next-line typescript/no-explicit-any -- inputs of any resource of any provider
export type Inputs = Record<string, any>;

export interface Resource {
  readonly type: string;
  /** The logical name. */
  readonly name: string;
  readonly inputs: Inputs;
  /** What other resources see of it. */
  readonly state: Inputs;
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
}

export interface Evaluation {
  readonly stage: string;
  readonly app: Inputs;
  readonly resources: readonly Resource[];
  /** What was asked to be built, with the folder and handler of each function. */
  readonly builds: readonly { readonly functionID: string; readonly bundle: string; readonly handler: string }[];
  readonly outputs: Inputs;
}

const root = resolve(import.meta.dirname, "../..");
const platform = join(root, "stacks/.sst/platform");

export async function evaluate(stage: string, environment: Readonly<Record<string, string>>): Promise<Evaluation> {
  Object.assign(process.env, environment);
  const resources: (Omit<Resource, "protect" | "retainOnDelete"> & { urn: string })[] = [];
  const options = new Map<string, pulumi.CustomResourceOptions>();
  const builds: Evaluation["builds"][number][] = [];
  const server = await serveSst(builds);
  mockProvider(stage, resources);

  const config = (await importSst(join(root, "sst.config.ts"), true)).default;
  const app = { removal: "retain", protect: false, ...(await config.app({ stage })), stage };
  await setGlobals(app);
  const { run } = await importSst("auto/run");
  const program = (): Promise<unknown> => {
    pulumi.runtime.registerStackTransformation(({ type, name, opts }) => {
      options.set(`${type} ${name}`, opts);
      return undefined;
    });
    return config.run();
  };
  const outputs = await pulumi.runtime.runInPulumiStack(() => run(program));
  const settled = await settle(outputs);
  await pulumi.runtime.disconnect();
  server.close();

  return {
    stage,
    app,
    builds,
    outputs: settled,
    resources: resources.map(({ type, name, inputs, state }) => {
      const { protect = false, retainOnDelete = false } = options.get(`${type} ${name}`) ?? {};
      return { type, name, inputs, state, protect, retainOnDelete };
    }),
  };
}

/** SST's platform is unpacked from its binary, in TypeScript: its types are not those of modules by a path in a variable. */
// oxlint-disable-next-line typescript/no-explicit-any
function importSst(path: string, isAbsolute = false): Promise<any> {
  return import(/* @vite-ignore */ isAbsolute ? path : join(platform, "src", `${path}.ts`));
}

async function serveSst(builds: Evaluation["builds"][number][]): Promise<Server> {
  const procedures: Record<string, (argument: Inputs) => unknown> = {
    "Provider.Aws.Bootstrap": () => ({
      asset: "assets",
      state: "state",
      assetEcrRegistryId: ACCOUNT,
      assetEcrUrl: "ecr",
    }),
    "Runtime.Build": ({ functionID, bundle, handler }) => {
      builds.push({ functionID, bundle, handler });
      const file = join(bundle, `${handler.split(".")[0]}.mjs`);
      return { handler, out: bundle, errors: existsSync(file) ? [] : [`no ${file}`], sourcemaps: [] };
    },
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method, params } = JSON.parse(Buffer.concat(chunks).toString());
      const procedure = procedures[method];
      response.end(JSON.stringify(procedure ? { result: procedure(params[0]) } : { error: `unknown: ${method}` }));
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  process.env["SST_SERVER"] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return server;
}

function mockProvider(stage: string, resources: { type: string; name: string; inputs: Inputs; state: Inputs }[]): void {
  void pulumi.runtime.setMocks(
    {
      newResource({ type, name, inputs: given, id: givenId }) {
        const inputs = unwrap(given);
        const id = givenId || inputs["name"] || name;
        const state = { ...inputs, ...attributesOf(type, name), name: id };
        resources.push({ type, name, inputs, state });
        return { id, state };
      },
      call({ token, inputs }) {
        if (token.includes("getPolicyDocument"))
          return { json: JSON.stringify({ Statement: inputs["statements"] }), ...inputs };
        return {
          ...inputs,
          region: REGION,
          name: REGION,
          accountId: ACCOUNT,
          partition: "aws",
          names: ["a", "b", "c"],
        };
      },
    },
    "jeroboam",
    stage,
    false,
  );
}

/** What AWS would say of a new resource: named after its logical name, so that it is the same in each run. */
function attributesOf(type: string, name: string): Inputs {
  const service = type.split(":")[1]?.split("/")[0] ?? "";
  const arn = `arn:aws:${service}:${REGION}:${ACCOUNT}:${name}`;
  return {
    arn,
    keyId: `key-${name}`,
    ciphertextBlob: `ciphertext-of-${name}`,
    url: `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${name}`,
    apiEndpoint: `https://${name}.execute-api.${REGION}.amazonaws.com`,
    executionArn: `${arn}/execution`,
    base64: "c2VjcmV0LWtleS1vZi1zc3Q=",
    domainNameConfiguration: { targetDomainName: "target", hostedZoneId: "zone" },
    domainValidationOptions: [],
  };
}

/** Secret inputs arrive in Pulumi's envelope. */
function unwrap(value: unknown): Inputs {
  const open = (one: unknown): unknown => {
    if (Array.isArray(one)) return one.map(open);
    if (typeof one !== "object" || one === null) return one;
    if ("4dabf18193072939515e22adb298388d" in one) return open((one as unknown as Inputs)["value"]);
    return Object.fromEntries(Object.entries(one).map(([key, inner]) => [key, open(inner)]));
  };
  return open(value) as Inputs;
}

/** What SST puts into the global scope of its configuration. */
async function setGlobals(app: Inputs): Promise<void> {
  const { $transform, $asset } = await importSst("components/component");
  Object.assign(globalThis, {
    $app: app,
    $dev: false,
    $util: pulumi,
    $output: pulumi.output,
    $resolve: pulumi.all,
    $interpolate: pulumi.interpolate,
    $concat: pulumi.concat,
    $jsonParse: pulumi.jsonParse,
    $jsonStringify: pulumi.jsonStringify,
    $cli: {
      command: "deploy",
      rpc: "",
      paths: { home: homedir(), root, work: join(root, "stacks/.sst"), platform },
      state: { version: {} },
    },
    $transform,
    $asset,
    aws,
    sst: {
      aws: await importSst("components/aws/index"),
      ...(await importSst("components/secret")),
      ...(await importSst("components/linkable")),
    },
  });
}

function settle(outputs: unknown): Promise<Inputs> {
  return new Promise((settled) => {
    pulumi.output(outputs as Inputs).apply((value) => settled(unwrap(value)));
  });
}

Object.assign(globalThis, { $config: (config: unknown) => config });
