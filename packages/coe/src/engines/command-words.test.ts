import { describe, expect, it } from "vitest";
import { splitCommand } from "./command-words.ts";
import { splitImage } from "./image-reference.ts";
import { parseMemoryBytes } from "./memory-size.ts";

describe("a command is split as a shell splits it, and no further", () => {
  it.each([
    ["ls -l /tmp", ["ls", "-l", "/tmp"]],
    ["  ls\t-l\n", ["ls", "-l"]],
    [`sh -c "echo 'a b'"`, ["sh", "-c", "echo 'a b'"]],
    [`echo 'a "b" \\c'`, ["echo", 'a "b" \\c']],
    [`echo a\\ b "c\\"d" "e\\f"`, ["echo", "a b", 'c"d', "e\\f"]],
    [`echo "" ''`, ["echo", "", ""]],
    [`a"b"'c'd`, ["abcd"]],
    ["echo $HOME; rm -rf * | cat > `x` && y", ["echo", "$HOME;", "rm", "-rf", "*", "|", "cat", ">", "`x`", "&&", "y"]],
  ])("%s", (text, words) => {
    expect(splitCommand(text)).toEqual({ kind: "words", words });
  });

  it.each([
    ["", "it is empty"],
    ["  ", "it is empty"],
    ["echo 'a", "a quote is not closed"],
    ['echo "a', "a quote is not closed"],
    ["echo \\", "it ends with a backslash"],
    ["a ".repeat(1_001), "it has more than 1000 words"],
  ])("%s is refused", (text, reason) => {
    expect(splitCommand(text)).toEqual({ kind: "invalid", reason });
  });
});

it.each([
  ["nginx", "nginx", "latest"],
  ["nginx:1.9", "nginx", "1.9"],
  ["127.0.0.1:5000/a/b", "127.0.0.1:5000/a/b", "latest"],
  ["127.0.0.1:5000/a/b:2", "127.0.0.1:5000/a/b", "2"],
  ["a/b@sha256:0f", "a/b", "sha256:0f"],
])("the image %s is %s with %s", (image, repository, tag) => {
  expect(splitImage(image)).toEqual({ repository, tag });
});

it.each([
  ["512m", 536_870_912],
  ["1G", 1_073_741_824],
  ["64kb", 65_536],
  ["1048576", 1_048_576],
  ["10b", 10],
  ["", null],
  ["m", null],
  ["-1m", null],
  ["1.5g", null],
  ["999999999999999t", null],
])("the memory %s is %s bytes", (text, bytes) => {
  expect(parseMemoryBytes(text)).toBe(bytes);
});
