/** Lines that a suite prints at its end: how much was tried, and what came of it. */
export function tell(line: string): void {
  process.stdout.write(`security: ${line}\n`);
}
