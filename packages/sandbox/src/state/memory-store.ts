/** A store that forgets: for tests and simulations. */
import type { Store } from "../ports.ts";

export const createMemoryStore = (): Store => ({ load: () => [], append() {}, close() {} });
