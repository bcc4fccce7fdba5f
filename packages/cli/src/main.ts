/** The `jeroboam` command: parses what was asked, runs it, and says in one line what is wrong. */
import { StartRefused } from "@jeroboam/local/start-refused";
import { createProgram } from "./program.ts";

try {
  await createProgram().parseAsync();
} catch (thrown) {
  if (!(thrown instanceof StartRefused)) throw thrown;
  // For the person at the terminal, who can mend it: no stack.
  console.error(`jeroboam: ${thrown.message}`);
  process.exit(1);
}
