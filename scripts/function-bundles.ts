/**
 * Builds the functions for Lambda: one folder each in dist/functions, its entry as index.mjs. The flags are those of SST's
 * own bundler (ESM for node, minified), which would take no plugins; so SST is given these folders as they are, and what is
 * tested and measured is what is deployed. Left out on purpose: what can't run there.
 */
import { cp, mkdir, readFile, rm } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { build as bundle } from "esbuild";
import type { Metafile, Plugin } from "esbuild";

export const root = resolve(import.meta.dirname, "..");
export const bundlesFolder = join(root, "dist", "functions");

export const FUNCTIONS = {
  api: { entry: "functions/api/lambda.ts", templates: false },
  conductor: { entry: "functions/conductor/queue.ts", templates: true },
  schedule: { entry: "functions/conductor/schedule.ts", templates: false },
} as const;

export type FunctionName = keyof typeof FUNCTIONS;
export const FUNCTION_NAMES = Object.keys(FUNCTIONS) as readonly FunctionName[];

/** What esbuild needs of the CommonJS packages among the dependencies, as SST provides it. */
const REQUIRE =
  'import { createRequire as topLevelCreateRequire } from "module"; const require = topLevelCreateRequire(import.meta.url);';

export async function bundleFunction(name: FunctionName): Promise<Metafile> {
  const { entry, templates } = FUNCTIONS[name];
  const folder = join(bundlesFolder, name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const { metafile } = await bundle({
    absWorkingDir: root,
    entryPoints: { index: entry },
    outdir: relative(root, folder),
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "esnext",
    mainFields: ["module", "main"],
    minify: true,
    metafile: true,
    logLevel: "warning",
    banner: { js: REQUIRE },
    plugins: [englishOnly, onlyWhatIsUsedOfZod, credentialsOfTheFunction],
  });
  if (templates) await copyTemplates(folder);
  return metafile;
}

/** Heat templates are read from disk when a bay type needs them, from where the code lies. */
async function copyTemplates(folder: string): Promise<void> {
  await cp(join(root, "packages/coe/src"), folder, {
    recursive: true,
    filter: (path) => !/\.[a-z]+$/.test(path) || /\.(yaml|sh|service|json)$/.test(path),
  });
}

/** zod's messages in some 40 further languages: over half of it. */
const englishOnly: Plugin = {
  name: "english-only",
  setup(build) {
    build.onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    }));
  },
};

/** `import { z }` holds all of zod; as a namespace, esbuild keeps what is used of it. */
const onlyWhatIsUsedOfZod: Plugin = {
  name: "only-what-is-used-of-zod",
  setup(build) {
    build.onLoad({ filter: /\/(packages|functions)\/.*\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      return { loader: "ts", contents: source.replace(/^import \{ z \} from "zod";$/m, 'import * as z from "zod";') };
    });
  },
};

/** Lambda hands a function its credentials as variables; the other ways of finding some are a third of the SDK. */
const credentialsOfTheFunction: Plugin = {
  name: "credentials-of-the-function",
  setup(build) {
    const namespace = "credentials-of-the-function";
    build.onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, ({ resolveDir }) => ({
      path: "credentials",
      namespace,
      pluginData: resolveDir,
    }));
    build.onLoad({ filter: /.*/, namespace }, ({ pluginData }) => ({
      contents: 'export { fromEnv as defaultProvider } from "@aws-sdk/credential-provider-env";',
      resolveDir: pluginData as string,
    }));
  },
};

/** The files that are loaded with the entry, and those that are loaded when needed. */
export function splitOutputs({ outputs }: Metafile): { readonly atStart: string[]; readonly later: string[] } {
  const entry = Object.keys(outputs).find((file) => outputs[file]?.entryPoint && file.endsWith("/index.mjs"));
  const atStart = new Set<string>();
  const follow = (file: string | undefined): void => {
    if (file === undefined || atStart.has(file) || !outputs[file]) return;
    atStart.add(file);
    for (const { path, kind } of outputs[file].imports) if (kind === "import-statement") follow(path);
  };
  follow(entry);
  return { atStart: [...atStart], later: Object.keys(outputs).filter((file) => !atStart.has(file)) };
}
