/**
 * What a bay's nodes are told, as Heat put it together: the stack is built by the sandbox's Heat, which knows addresses and
 * wait conditions, and what a node would read is taken out of it, by the rules of cloud-init or of Ignition.
 */
import { parse } from "yaml";
import { z } from "zod";
import type { BayType, BayTypeInput } from "@jeroboam/coe/bay-type";
import { createHeat } from "@jeroboam/core/openstack/heat";
import { createSandboxWorld } from "../integration/sandbox-world.ts";

export interface NodeFile {
  readonly path: string;
  readonly mode: number;
  readonly content: string;
}

/** What lies on a node before anything of ours runs, and the script that then runs. */
export interface FirstBoot {
  readonly files: readonly NodeFile[];
  readonly start: string;
}

const openGate = {
  pass: <Result>(_name: string, run: () => Promise<Result>) => run(),
  moment: () => Promise.resolve(),
};
const PERSON = { kind: "password" as const, user: { name: "demo", domain: { id: "default" } }, password: "secret" };
const PROJECT = { kind: "project" as const, project: { name: "demo", domain: { id: "default" } } };

const listSchema = z.object({ software_configs: z.array(z.object({ id: z.string() })) });
const configSchema = z.object({ software_config: z.object({ config: z.string() }) });

/** The nodes' first boots, by the nodes' names. */
export async function firstBootsOf(bayType: BayType, bay: BayTypeInput): Promise<ReadonlyMap<string, FirstBoot>> {
  const world = await createSandboxWorld(openGate);
  const session = world.sessions.user(PERSON, PROJECT);
  const heat = createHeat(session);
  const problems = bayType.checkSpec(bay);
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  const definition = bayType.stackFor(bay);
  const made = await heat.createStack({ ...definition, disableRollback: true });
  if (made.kind !== "made") throw new Error(JSON.stringify(made));
  let status = "";
  for (let looks = 0; looks < 40 && status !== "CREATE_COMPLETE"; looks++) {
    world.clock.advance(10_000);
    const found = await heat.getStack({ name: definition.name, id: made.id });
    if (found.kind !== "found" || found.value.stack_status === "CREATE_FAILED") throw new Error(JSON.stringify(found));
    status = found.value.stack_status;
  }
  const ask = async <Schema extends z.ZodType>(path: string, schema: Schema) => {
    const reply = await session.request("orchestration", { method: "GET", path });
    if (reply.kind === "refused") throw new Error(reply.reason);
    return schema.parse(JSON.parse(reply.body));
  };
  const boots = new Map<string, FirstBoot>();
  for (const { id } of (await ask("/software_configs", listSchema)).software_configs) {
    const { config } = (await ask(`/software_configs/${id}`, configSchema)).software_config;
    const boot = config.startsWith("{") ? readIgnition(config) : readParts(config);
    const name = boot?.files.map(({ content }) => /NODE_NAME='([^']+)'/.exec(content)?.[1]).find(Boolean);
    if (boot && name) boots.set(name, boot);
  }
  return boots;
}

const ignitionSchema = z.object({
  storage: z.object({
    files: z.array(z.object({ path: z.string(), mode: z.number(), contents: z.object({ source: z.string() }) })),
  }),
  systemd: z.object({ units: z.array(z.object({ name: z.string(), contents: z.string() })) }),
});

function readIgnition(text: string): FirstBoot {
  const { storage, systemd } = ignitionSchema.parse(JSON.parse(text));
  const start = systemd.units.map(({ contents }) => /^ExecStart=\/bin\/bash (.+)$/m.exec(contents)?.[1]).find(Boolean);
  if (!start) throw new Error("no unit starts anything");
  const files = storage.files.map(({ path, mode, contents }) => ({
    path,
    mode,
    content: decodeURIComponent(contents.source.replace("data:,", "")),
  }));
  return { files, start };
}

const cloudConfigSchema = z.object({
  write_files: z.array(z.object({ path: z.string(), permissions: z.string(), content: z.string() })),
});
const SCRIPT = "/var/lib/cloud/instance/scripts/boot.sh";

/** Undefined where there is no script: then it is only a part of some node's. */
function readParts(mime: string): FirstBoot | undefined {
  const files: NodeFile[] = [];
  for (const [, type = "", headers = "", body = ""] of mime.matchAll(PART)) {
    const content = /base64/i.test(headers) ? Buffer.from(body, "base64").toString("utf8") : body;
    if (type === "x-shellscript") files.push({ path: SCRIPT, mode: 0o700, content });
    else {
      const { write_files } = cloudConfigSchema.parse(parse(content));
      for (const file of write_files) {
        files.push({ path: file.path, mode: Number.parseInt(file.permissions, 8), content: file.content });
      }
    }
  }
  return files.some(({ path }) => path === SCRIPT) ? { files, start: SCRIPT } : undefined;
}

const PART =
  /Content-Type: text\/(cloud-config|x-shellscript)[^\n]*\n((?:[\w-]+:[^\n]*\n)*)\r?\n([\s\S]*?)(?=\n--=|\n--Boundary|$(?![\s\S]))/g;
