/** Comparing what proves something, without telling by the time it takes how much of it was right. */
import { timingSafeEqual } from "node:crypto";

export function isSameText(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
