/**
 * `npm run bundle`: builds the functions for Lambda, prints their sizes and what loading them costs beside an empty node, and
 * fails when a function has outgrown the budget in bundle-budget.json. `--build-only` builds.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import type { Metafile } from "esbuild";
import { bundleFunction, bundlesFolder, FUNCTION_NAMES, root, splitOutputs } from "./function-bundles.ts";
import type { FunctionName } from "./function-bundles.ts";

interface Budget {
  /** Bytes loaded at start, minified; and without the AWS SDK. */
  readonly minifiedBytes: number;
  readonly withoutSdkBytes: number;
  /** CPU time of a process that loads it, in CPU times of an empty node. */
  readonly loadRatio: number;
}

const budgets: Readonly<Record<FunctionName, Budget>> = JSON.parse(
  readFileSync(join(import.meta.dirname, "bundle-budget.json"), "utf8"),
);

/** Packages that are the AWS SDK or come with it alone. */
const SDK = /^(@aws-sdk|@smithy|@aws)\/|^(mnemonist|obliterator|tslib|bowser)$/;
const RUNS = 9;

const kilobytes = (bytes: number): string => `${(bytes / 1_000).toFixed(0)} KB`;

interface Part {
  readonly name: string;
  readonly bytes: number;
}

function partsOf(metafile: Metafile, files: readonly string[]): readonly Part[] {
  const parts = new Map<string, number>();
  for (const file of files)
    for (const [input, { bytesInOutput }] of Object.entries(metafile.outputs[file]?.inputs ?? {})) {
      const name = partOf(input);
      parts.set(name, (parts.get(name) ?? 0) + bytesInOutput);
    }
  return [...parts].map(([name, bytes]) => ({ name, bytes })).toSorted((one, other) => other.bytes - one.bytes);
}

/** The package an input belongs to; our own by their folder. */
function partOf(input: string): string {
  const installed = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1];
  return installed ?? /^((?:packages|functions)\/[^/]+)/.exec(input)?.[1] ?? "esbuild";
}

const sum = (parts: readonly Part[]): number => parts.reduce((total, { bytes }) => total + bytes, 0);

/** CPU milliseconds of a whole process that imports the file; of an empty one without. */
function loadCpuMs(file: string | undefined): number {
  const load = file ? `await import(${JSON.stringify(pathToFileURL(file).href)});` : "";
  const script = `${load} const { user, system } = process.cpuUsage(); console.log((user + system) / 1000); process.exit(0);`;
  const env = {
    PATH: process.env["PATH"],
    AWS_REGION: "eu-central-1",
    AWS_ACCESS_KEY_ID: "a",
    AWS_SECRET_ACCESS_KEY: "b",
    JEROBOAM_TABLE: "table",
    JEROBOAM_QUEUE_URL: "https://sqs.eu-central-1.amazonaws.com/123456789012/hints",
    JEROBOAM_DELIVERIES_QUEUE_URL: "https://sqs.eu-central-1.amazonaws.com/123456789012/deliveries",
    JEROBOAM_KEY_ARN: "arn:aws:kms:eu-central-1:123456789012:key/a",
    OS_AUTH_URL: "http://127.0.0.1:1/v3",
    OS_USERNAME: "magnum",
    OS_PASSWORD: "x",
    OS_PROJECT_NAME: "service",
  };
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
    env,
    encoding: "utf8",
  });
  const printed = Number(stdout.trim().split("\n").at(-1));
  if (status !== 0 || !(printed > 0)) throw new Error(`loading ${file} failed: ${stderr || stdout}`);
  return printed;
}

/** Each run beside one of an empty node, for a machine's pace changes; the one in the middle. */
function loadRatioOf(file: string): number {
  const ratios = Array.from({ length: RUNS }, () => loadCpuMs(file) / loadCpuMs(undefined));
  return ratios.toSorted((one, other) => one - other)[RUNS >> 1] ?? Infinity;
}

function report(name: FunctionName, metafile: Metafile): readonly string[] {
  const { atStart, later } = splitOutputs(metafile);
  const sizeOf = (files: readonly string[]): number =>
    files.reduce((total, file) => total + (metafile.outputs[file]?.bytes ?? 0), 0);
  const gzipped = atStart.reduce((total, file) => total + gzipSync(readFileSync(join(root, file))).length, 0);
  const minifiedBytes = sizeOf(atStart);
  const parts = partsOf(metafile, atStart);
  const own = parts.filter((part) => !SDK.test(part.name));
  const withoutSdkBytes = minifiedBytes - (sum(parts) - sum(own));
  const loadRatio = loadRatioOf(join(bundlesFolder, name, "index.mjs"));

  console.log(`\n${name}: ${kilobytes(minifiedBytes)} minified, ${kilobytes(gzipped)} gzipped, at start;`);
  console.log(`  loading costs ${loadRatio.toFixed(2)} x the CPU time of an empty node`);
  console.log(`  AWS SDK ${kilobytes(minifiedBytes - withoutSdkBytes)}, all else ${kilobytes(withoutSdkBytes)}:`);
  for (const part of own.slice(0, 8)) console.log(`    ${kilobytes(part.bytes).padStart(7)}  ${part.name}`);
  if (later.length > 0) {
    const largest = partsOf(metafile, later)
      .slice(0, 3)
      .map((part) => part.name);
    console.log(`  when needed: ${kilobytes(sizeOf(later))} (${largest.join(", ")})`);
  }
  const measured: Budget = { minifiedBytes, withoutSdkBytes, loadRatio };
  return (Object.keys(measured) as (keyof Budget)[])
    .filter((key) => measured[key] > budgets[name][key])
    .map((key) => `${name}: ${key} is ${measured[key].toFixed(2)}, past its budget of ${budgets[name][key]}`);
}

const built = await Promise.all(FUNCTION_NAMES.map(async (name) => [name, await bundleFunction(name)] as const));
if (!process.argv.includes("--build-only")) {
  const excesses = built.flatMap(([name, metafile]) => report(name, metafile));
  for (const excess of excesses) console.error(excess);
  if (excesses.length > 0) process.exit(1);
}
