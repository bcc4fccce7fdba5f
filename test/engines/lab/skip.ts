/** Says in one line what is not tested where something is missing. In CI it is a failure, but for what Debian does not have. */
export function skipOrFail(what: string, why: string | undefined, isOfDebian = true): boolean {
  if (why === undefined) return false;
  if (isOfDebian && process.env["CI"]) throw new Error(`${what} cannot be tested: ${why}`);
  console.warn(`tests against ${what} are skipped: ${why}`);
  return true;
}
