/**
 * Builds the functions for Lambda: one folder each in dist/functions, its entry as index.mjs. The flags are those of SST's
 * own bundler (ESM for node, minified), which would take no plugins; so SST is given these folders as they are, and what is
 * tested and measured is what is deployed. Left out on purpose: what can't run there.
 */
import { cp, mkdir, readFile, rm } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { build as bundle } from "esbuild";
import type { BuildOptions, Metafile, Plugin } from "esbuild";

export const root = resolve(import.meta.dirname, "..");
export const bundlesFolder = join(root, "dist", "functions");

export const FUNCTIONS = {
  api: { entry: "functions/api/lambda.ts", templates: false },
  conductor: { entry: "functions/conductor/queue.ts", templates: true },
  deliverer: { entry: "functions/conductor/queue-deliveries.ts", templates: false },
  schedule: { entry: "functions/conductor/schedule.ts", templates: false },
} as const;

export type FunctionName = keyof typeof FUNCTIONS;
export const FUNCTION_NAMES = Object.keys(FUNCTIONS) as readonly FunctionName[];

/** What esbuild needs of the CommonJS packages among the dependencies, as SST provides it. */
const REQUIRE =
  'import { createRequire as topLevelCreateRequire } from "module"; const require = topLevelCreateRequire(import.meta.url);';

function buildOptions(name: FunctionName) {
  return {
    absWorkingDir: root,
    entryPoints: { index: FUNCTIONS[name].entry },
    outdir: relative(root, join(bundlesFolder, name)),
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "esnext",
    mainFields: ["module", "main"],
    metafile: true,
    logLevel: "warning",
    banner: { js: REQUIRE },
    plugins: [englishOnly, onlyWhatIsUsedOfZod, withoutJsonSchema, versionsOnly, credentialsOfTheFunction],
  } satisfies BuildOptions;
}

export async function bundleFunction(name: FunctionName): Promise<Metafile> {
  const folder = join(bundlesFolder, name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const { metafile } = await bundle({ ...buildOptions(name), minify: true, splitting: true });
  if (FUNCTIONS[name].templates) await copyTemplates(folder);
  return metafile;
}

/** The code of a function in one readable text: what is bundled, and no more. */
export async function readFunctionCode(name: FunctionName): Promise<string> {
  const { outputFiles } = await bundle({ ...buildOptions(name), write: false });
  return outputFiles[0]?.text ?? "";
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

/** zod's way from schemas to JSON Schema: no function takes it, but every schema refers to it. */
const withoutJsonSchema: Plugin = {
  name: "without-json-schema",
  setup(build) {
    build.onLoad({ filter: /zod\/v4\/core\/(json-schema-processors|to-json-schema)\.js$/ }, async ({ path }) => {
      const exported = (await readFile(path, "utf8")).matchAll(/^export (?:const|function|class) (\w+)/gm);
      const refuse = `throw new Error("JSON Schema is left out of the functions' bundles (scripts/function-bundles.ts)")`;
      // What makes the methods runs with every schema; what they call, when somebody asks for JSON Schema.
      const stubs = [...exported].map(([, name = ""]) =>
        name.startsWith("create")
          ? `export const ${name} = () => () => { ${refuse}; };`
          : `export function ${name}() { ${refuse}; }`,
      );
      return { contents: stubs.join("\n") };
    });
  },
};

/** The SDK's clients read their own version out of their whole package.json. */
const versionsOnly: Plugin = {
  name: "versions-only",
  setup(build) {
    build.onLoad({ filter: /@aws-sdk\/client-[a-z]+\/package\.json$/ }, async ({ path }) => {
      const { version }: { readonly version: string } = JSON.parse(await readFile(path, "utf8"));
      return { contents: JSON.stringify({ version }), loader: "json" };
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
