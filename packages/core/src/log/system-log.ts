/** Log lines as JSON on standard output, one object a line: time, level, event, then the facts. */
import type { Log, LogLevel } from "../ports.ts";

const ORDER: readonly LogLevel[] = ["debug", "info", "warning", "error"];

/** A log that writes lines of at least this level. */
export function createSystemLog(least: LogLevel, write: (line: string) => void = (line) => console.log(line)): Log {
  const threshold = ORDER.indexOf(least);
  return {
    write(level, event, facts = {}) {
      if (ORDER.indexOf(level) < threshold) return;
      write(JSON.stringify({ time: new Date().toISOString(), level, event, ...facts }));
    },
  };
}
