/**
 * Reads templates from this package's source folder (adapter: the file system). A template names what it needs as
 * Heat's own tools expect it, relative to itself: `get_file: ../../node/etcd.sh`, `type: ../kubeminion.yaml`. As those
 * tools do, the loader gives each file one name, its path below the source folder, and writes that into the templates.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TemplateLoader } from "./bay-type.ts";

const reference = /((?:get_file|type): *)([\w./-]+\.(?:yaml|sh))/g;

/** A loader over the files in `roots`, the first that has one; each file is read once. */
export function fileTemplates(...roots: readonly string[]): TemplateLoader {
  const places = roots.length > 0 ? roots : [import.meta.dirname];
  const texts = new Map<string, string>();
  const readOnce = (path: string): string => {
    const known = texts.get(path);
    if (known !== undefined) return known;
    const place = places.find((root) => existsSync(join(root, path)));
    if (place === undefined) throw new Error(`${path} is in none of ${places.join(", ")}`);
    const text = readFileSync(join(place, path), "utf8");
    texts.set(path, text);
    return text;
  };
  return (path, besides) => {
    const files: Record<string, string> = {};
    const collect = (path: string): string => {
      const text = readOnce(path);
      if (path.endsWith(".sh")) return withoutComments(text);
      if (!path.endsWith(".yaml")) return text;
      return text.replaceAll(reference, (_, word: string, relative: string) => {
        const name = join(dirname(path), relative);
        files[name] ??= collect(name);
        return word + name;
      });
    };
    const template = collect(path);
    for (const name of besides) files[name] ??= collect(name);
    return { template, files };
  };
}

/** What explains a script is for those who read the folder; user data, where scripts go, is short of room. */
function withoutComments(script: string): string {
  const isKept = (line: string): boolean => !/^\s*(#(?!!| shellcheck )|$)/.test(line);
  return script
    .split("\n")
    .filter(isKept)
    .map((line) => `${line}\n`)
    .join("");
}
