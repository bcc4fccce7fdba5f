/** The functions' bundles, built afresh by the same script whose output the tests run and measure. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";

export function bundleFunctions() {
  const { root } = $cli.paths;
  if (process.env["X"])
    execFileSync("npm", ["run", "--silent", "bundle", "--", "--build-only"], { cwd: root, stdio: "inherit" });
  const folderOf = (name: string): string => join(root, "dist", "functions", name);
  return {
    api: folderOf("api"),
    conductor: folderOf("conductor"),
    deliverer: folderOf("deliverer"),
    schedule: folderOf("schedule"),
  };
}
