/**
 * Brings the lab up before the suite and leaves it as it was found: a lab that was not up is stopped again, even when this
 * process is killed. JEROBOAM_LAB_KEEP=1 lets it run, for the next time. Where there can be no lab, every test is skipped,
 * and why is said; in CI that is a failure.
 */
import { execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import type { Lab, LabOutcome } from "./lab.ts";

const FOLDER = join(import.meta.dirname, "lab");
/** What up.sh ends with where there can be no lab. */
const CANNOT = 77;

export default async function openLab({ provide }: TestProject): Promise<() => Promise<void>> {
  const lab = readSettings();
  const staysUp = Boolean(process.env["JEROBOAM_LAB_KEEP"]) || (await answers(lab.authUrl));
  const watch = staysUp ? undefined : stopWhenThisEnds();
  // What a run that was killed left in the cloud is nothing to begin with.
  if (!staysUp && process.env["CI"]) await runScript("down.sh", "--purge");
  const outcome = await bringUp(lab);
  if (outcome.kind === "absent") {
    if (process.env["CI"]) throw new Error(outcome.reason);
    console.warn(`tests against a real OpenStack are skipped: ${outcome.reason}`);
  }
  provide("lab", outcome);
  return async () => {
    if (watch === undefined) return;
    await runScript("down.sh");
    watch();
  };
}

function readSettings(): Lab {
  const print = '. "$0/settings.sh" && printf "%s\\n" "$AUTH_URL" "$HOST" "$JEROBOAM_PORT" "$REGION" "$PASSWORD"';
  const text = execFileSync("bash", ["-c", print, FOLDER], { encoding: "utf8" });
  const [authUrl = "", host = "", jeroboamPort = "", region = "", password = ""] = text.split("\n");
  return { authUrl, jeroboam: { host, port: Number(jeroboamPort) }, region, password };
}

/** Also repairs a lab of which a part has ended, and brings its contents up to date. */
async function bringUp(lab: Lab): Promise<LabOutcome> {
  const { status, lastLine } = await runScript("up.sh");
  if (status === 0) return { kind: "up", lab };
  if (status === CANNOT) return { kind: "absent", reason: lastLine };
  throw new Error(`the lab does not come up: ${lastLine}`);
}

/** A process of its own, which outlives us where we are killed. Returns what ends it. */
function stopWhenThisEnds(): () => void {
  const words = [join(FOLDER, "down-after.sh"), String(process.pid)];
  const child = spawn("bash", words, { detached: true, stdio: "ignore" });
  child.unref();
  return () => void child.kill();
}

/** Runs one of the lab's scripts; what it says is seen at once. */
function runScript(
  name: string,
  ...words: readonly string[]
): Promise<{ readonly status: number | null; readonly lastLine: string }> {
  const child = spawn("bash", [join(FOLDER, name), ...words], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const hear = (chunk: Buffer): void => {
    said = `${said}${chunk.toString()}`.slice(-4_000);
    process.stderr.write(chunk);
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (status) => resolve({ status, lastLine: said.trimEnd().split("\n").at(-1) ?? "" }));
  });
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(10_000) })).ok;
  } catch {
    // Nobody listens.
    return false;
  }
}
