/**
 * A command as users write it, one text, split into the words that are run: as a POSIX shell splits it, with quotes and
 * backslashes, and nothing else of a shell (no variables, no globs, no pipes). Magnum's clients send one text.
 */
import { limits } from "@jeroboam/core/limits";

export type CommandWords =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "invalid"; readonly reason: string };

export function splitCommand(text: string): CommandWords {
  const words: string[] = [];
  let word: string | null = null;
  let quote: '"' | "'" | null = null;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (quote === "'") {
      if (character === "'") quote = null;
      else word += character;
    } else if (character === "\\") {
      const next = text.charAt(index + 1);
      if (next === "") return invalid("it ends with a backslash");
      // Within double quotes a backslash stands for itself unless it guards something.
      const isGuard = quote === null || '"\\$`'.includes(next);
      word = (word ?? "") + (isGuard ? next : `\\${next}`);
      index += 1;
    } else if (quote === '"') {
      if (character === '"') quote = null;
      else word += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= "";
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? "") + character;
    }
  }
  if (quote !== null) return invalid("a quote is not closed");
  if (word !== null) words.push(word);
  if (words.length === 0) return invalid("it is empty");
  const { commandWords } = limits.containerEngine;
  return words.length > commandWords ? invalid(`it has more than ${commandWords} words`) : { kind: "words", words };
}

const invalid = (reason: string): CommandWords => ({ kind: "invalid", reason });
