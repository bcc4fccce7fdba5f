/**
 * Reads templates from this package's source folder (adapter: the file system). A template names what it needs as
 * Heat's own tools expect it, relative to itself: `get_file: ../fragments/etcd.sh`, `type: kubemaster.yaml`. The files
 * come back under just those names, for Heat looks them up as they are written; so a nested template must lie in the
 * folder of the one that names it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TemplateLoader } from "./bay-type.ts";

const reference = /(?:get_file|type): *([\w./-]+\.(?:yaml|sh|service|json))/g;

/** A loader over the files in `root`; each file is read once. */
export function fileTemplates(root: string = import.meta.dirname): TemplateLoader {
  const texts = new Map<string, string>();
  const readOnce = (path: string): string => {
    const text = texts.get(path) ?? readFileSync(path, "utf8");
    texts.set(path, text);
    return text;
  };
  return (folder, file, besides) => {
    const files: Record<string, string> = {};
    const collect = (name: string): string => {
      const text = readOnce(join(root, folder, name));
      if (!name.endsWith(".yaml")) return text;
      for (const [, needed = ""] of text.matchAll(reference)) files[needed] ??= collect(needed);
      return text;
    };
    const template = collect(file);
    for (const name of besides) files[name] = collect(name);
    return { template, files };
  };
}
