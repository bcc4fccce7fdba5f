/** The file of master keys from the terminal; docs/secrets.md says in which order, and when a key may go. */
import { addKey, readKeyIds, removeKey, rotateKey, useKey } from "@jeroboam/core/secret/file-keys";

export type KeysAction =
  | { readonly kind: "show" | "rotate" | "add" }
  | { readonly kind: "use" | "remove"; readonly id: string };

/** What happened, for the terminal. Throws with what is wrong. */
export async function changeKeys(path: string, action: KeysAction): Promise<string> {
  switch (action.kind) {
    case "show": {
      const { current, ids } = await readKeyIds(path);
      return ids.map((id) => (id === current ? `${id}  current` : id)).join("\n");
    }
    case "rotate":
      return `the key ${await rotateKey(path)} wraps from now on; the round "seals" of reconciliation wraps the rest anew`;
    case "add":
      return `the key ${await addKey(path)} was added; once every machine has this file, use it`;
    case "use":
      await useKey(path, action.id);
      return `the key ${action.id} wraps from now on; the round "seals" of reconciliation wraps the rest anew`;
    case "remove":
      await removeKey(path, action.id);
      return `the key ${action.id} is gone`;
    default:
      return action satisfies never;
  }
}
