/**
 * What containers on paper run: a few commands of a shell that need no machine, told as what they print, when they end
 * and with which code. An image's own command runs for ever and says nothing; a command that is none of these is not found.
 */
export interface Printed {
  /** From the start. */
  readonly afterMs: number;
  readonly stream: 1 | 2;
  readonly text: string;
}

export interface Program {
  readonly printed: readonly Printed[];
  /** Null: it runs until it is stopped. */
  readonly endsAfterMs: number | null;
  readonly exitCode: number;
}

export interface Surroundings {
  readonly hostname: string;
  /** `NAME=value`. */
  readonly environment: readonly string[];
}

export const ENDLESS: Program = { printed: [], endsAfterMs: null, exitCode: 0 };

interface Run {
  readonly printed: Printed[];
  atMs: number;
  exitCode: number;
  isEndless: boolean;
  /** `exit` was run. */
  isOver: boolean;
}

/** Null when there is no such command. */
export function runProgram(words: readonly string[], surroundings: Surroundings): Program | null {
  const run: Run = { printed: [], atMs: 0, exitCode: 0, isEndless: false, isOver: false };
  if (!runWords(words, surroundings, run)) return null;
  return { printed: run.printed, endsAfterMs: run.isEndless ? null : run.atMs, exitCode: run.exitCode };
}

const nameOf = (path: string): string => path.replace(/^(\/usr)?\/s?bin\//, "");

function runWords(words: readonly string[], surroundings: Surroundings, run: Run): boolean {
  const [path = "", ...given] = words;
  const print = (text: string, stream: 1 | 2 = 1): void => void run.printed.push({ afterMs: run.atMs, stream, text });
  run.exitCode = 0;
  switch (nameOf(path)) {
    case "echo":
      print(`${given.join(" ")}\n`);
      return true;
    case "true":
    case ":":
      return true;
    case "false":
      run.exitCode = 1;
      return true;
    case "sleep":
      run.atMs += Number(given[0] ?? 0) * 1_000;
      return true;
    case "cat":
    case "top":
      run.isEndless = true;
      return true;
    case "hostname":
      print(`${surroundings.hostname}\n`);
      return true;
    case "env":
      print(surroundings.environment.map((line) => `${line}\n`).join(""));
      return true;
    case "sh":
      runScript(given[0] === "-c" ? (given[1] ?? "") : "", surroundings, run);
      return true;
    default:
      return false;
  }
}

/** A script of commands in a row, each with `>&2` at most. */
function runScript(script: string, surroundings: Surroundings, run: Run): void {
  if (/^\s*while (true|:)/.test(script)) {
    run.isEndless = true;
    return;
  }
  for (const command of script.split(/;|\n/).map((one) => one.trim())) {
    if (command === "" || run.isOver || run.isEndless) continue;
    const before = run.printed.length;
    const words = wordsOf(command.replace(/\s*>&2\s*$/, ""), surroundings);
    if (words[0] === "exit") {
      run.exitCode = Number(words[1] ?? 0);
      run.isOver = true;
    } else if (!runWords(words, surroundings, run)) {
      run.exitCode = 127;
      run.printed.push({ afterMs: run.atMs, stream: 2, text: `sh: ${words[0] ?? ""}: not found\n` });
    }
    if (/>&2\s*$/.test(command)) {
      for (const [index, one] of run.printed.entries()) {
        if (index >= before) run.printed[index] = { ...one, stream: 2 };
      }
    }
  }
}

/** The words of a command, quotes taken off and variables put in. */
const wordsOf = (command: string, { environment }: Surroundings): string[] =>
  (command.match(/'[^']*'|"[^"]*"|\S+/g) ?? []).map((word) => {
    if (word.startsWith("'")) return word.slice(1, -1);
    const plain = word.startsWith('"') ? word.slice(1, -1) : word;
    return plain.replaceAll(/\$\{?(\w+)\}?/g, (_, name: string) => {
      const found = environment.find((line) => line.startsWith(`${name}=`));
      return found ? found.slice(name.length + 1) : "";
    });
  });
