/**
 * Keeps the architecture of the folders true. Fails when
 * - an import goes against the layers (the table in docs/architecture.md), or files import each other in a circle;
 * - that page or the README names a file or a folder that is not there;
 * - a file outside the adapters touches the clock, chance, the environment, the network or timers.
 * What it leaves to others: style (oxlint), unused exports and dependencies (knip), types (tsc).
 */
import { existsSync, readFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { dirname, join, normalize } from "node:path";
import { parseSync, Visitor } from "oxc-parser";

/** The page that draws the layers: its table is the rule, so that the two cannot part. */
const ARCHITECTURE = "docs/architecture.md";
const architecture = readFileSync(ARCHITECTURE, "utf8");

/** A layer is a folder; the value lists the layers it may import besides itself. */
const LAYERS = readLayers(architecture);

/** Files that are the door to the outside: they may use what everything else is handed as a port. */
const ADAPTERS: readonly RegExp[] = [
  /^packages\/core\/src\/(clock|random|log)\/system-/,
  /^packages\/core\/src\/.*\/(dynamodb|sqs|sqlite|fetch|kms|https|file|lambda)-[a-z0-9-]+\.ts$/,
  /^packages\/coe\/src\/(file-[a-z-]+|engines\/https-[a-z-]+)\.ts$/,
  /^packages\/(local|cli)\//,
  /^packages\/sandbox\/src\/(server|file-[a-z-]+|engines\/serve-[a-z-]+)\.ts$/,
  /^functions\/(api|conductor)\/(lambda|queue|schedule)[a-z-]*\.ts$/,
  /^(test|scripts|stacks)\//,
  /\.test\.ts$/,
  /\.config\.ts$/,
];

const AMBIENT_GLOBALS = new Set(["fetch", "setTimeout", "setInterval", "setImmediate", "process", "performance"]);
const AMBIENT_MEMBERS = new Set(["Date.now", "Math.random", "crypto.randomUUID", "crypto.getRandomValues"]);
const AMBIENT_IMPORTS =
  /^node:(process|timers|net|tls|http|https|http2|dns|dgram|child_process|fs|fs\/promises|sqlite|os)$/;

const problems: string[] = [];
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts"], {
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => /^(packages|functions|test|scripts)\//.test(file));
const imports = new Map<string, string[]>();

/** The rows of the table of layers: `folder`, what it is, the `folders` it may import. */
function readLayers(page: string): Readonly<Record<string, readonly string[]>> {
  const rows = [...page.matchAll(/^\| `((?:packages|functions)\/[a-z]+)` \|.*\| (.+) \|$/gm)];
  const namesIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
  return Object.fromEntries(rows.map(([, folder = "", cell = ""]) => [folder, namesIn(cell)]));
}

/** Every folder with code is a layer, and each path on the page and each of the README's links exists. */
function checkArchitecture(): void {
  const folders = new Set(files.map((file) => /^(?:packages|functions)\/[^/]+/.exec(file)?.[0]));
  for (const folder of folders) {
    if (folder && !(folder in LAYERS)) problems.push(`${ARCHITECTURE}: the table of layers lacks ${folder}`);
  }
  for (const [, path = ""] of architecture.matchAll(/`((?:packages|functions|scripts|test|docs)\/[\w./-]+)`/g)) {
    if (!existsSync(path)) problems.push(`${ARCHITECTURE}: ${path} is not there`);
  }
  for (const [, path = ""] of readFileSync("README.md", "utf8").matchAll(/\]\(([\w./-]+)\)/g)) {
    if (!existsSync(path)) problems.push(`README.md: ${path} is not there`);
  }
}

const layerOf = (file: string): string | undefined => Object.keys(LAYERS).find((layer) => file.startsWith(`${layer}/`));

/** The file that an import specifier names, if it is one of ours. */
function resolveImport(from: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return normalize(join(dirname(from), specifier));
  const own = /^@jeroboam\/([a-z]+)\/(.+)$/.exec(specifier);
  if (!own) return undefined;
  const [, name = "", path = ""] = own;
  const isFunction = name === "api" || name === "conductor";
  return isFunction ? `functions/${name}/${path}.ts` : `packages/${name}/src/${path}.ts`;
}

function checkLayers(file: string, targets: readonly string[]): void {
  const layer = layerOf(file);
  if (!layer || file.endsWith(".test.ts")) return;
  for (const target of targets) {
    const other = layerOf(target);
    if (other === layer || (other && LAYERS[layer]?.includes(other))) continue;
    problems.push(`${file}: ${layer} may not import ${target}`);
  }
}

function checkAmbient(file: string, source: string, program: ReturnType<typeof parseSync>["program"]): void {
  if (ADAPTERS.some((adapter) => adapter.test(file))) return;
  const report = (offset: number, what: string): void => {
    const line = source.slice(0, offset).split("\n").length;
    problems.push(`${file}:${line}: ${what} belongs in an adapter; take it from the ports`);
  };
  new Visitor({
    ImportDeclaration(node) {
      if (node.importKind !== "type" && AMBIENT_IMPORTS.test(node.source.value)) report(node.start, node.source.value);
    },
    MemberExpression(node) {
      if (node.object.type !== "Identifier" || node.property.type !== "Identifier") return;
      const name = `${node.object.name}.${node.property.name}`;
      if (AMBIENT_MEMBERS.has(name)) report(node.start, name);
      else if (node.object.name === "process") report(node.start, name);
    },
    CallExpression(node) {
      if (node.callee.type === "Identifier" && AMBIENT_GLOBALS.has(node.callee.name))
        report(node.start, node.callee.name);
    },
    NewExpression(node) {
      if (node.callee.type === "Identifier" && node.callee.name === "Date" && node.arguments.length === 0)
        report(node.start, "new Date()");
    },
  }).visit(program);
}

/** Reports each circle of imports once, named by its files. */
function checkCycles(): void {
  const state = new Map<string, "open" | "done">();
  const walk = (file: string, trail: readonly string[]): void => {
    if (state.get(file) === "done") return;
    if (state.get(file) === "open") {
      problems.push(`circle of imports: ${[...trail.slice(trail.indexOf(file)), file].join(" -> ")}`);
      return;
    }
    state.set(file, "open");
    for (const target of imports.get(file) ?? []) walk(target, [...trail, file]);
    state.set(file, "done");
  };
  for (const file of imports.keys()) walk(file, []);
}

for (const file of files) {
  const source = readFileSync(file, "utf8");
  const { program, module } = parseSync(file, source);
  // Imports of types alone vanish at run time: they bind layers, but make no circle.
  const valued = module.staticImports.filter(
    (one) => one.entries.length === 0 || one.entries.some((entry) => !entry.isType),
  );
  const resolve = (list: typeof valued): string[] =>
    list.map((one) => resolveImport(file, one.moduleRequest.value)).filter((target) => target !== undefined);
  imports.set(file, resolve(valued));
  checkLayers(file, resolve(module.staticImports));
  checkAmbient(file, source, program);
}
checkCycles();
checkArchitecture();

for (const problem of problems) console.error(problem);
console.log(`structure: ${files.length} files, ${problems.length} problems`);
if (problems.length > 0) process.exit(1);
