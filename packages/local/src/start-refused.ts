/** Why a process cannot start, as one line for the person at the terminal: no bug, and no stack is shown. */
export class StartRefused extends Error {
  override readonly name = "StartRefused";
}
