import { CANARY } from "../cloud.ts";
import type { Invariant } from "./invariant.ts";

export const secrets: Invariant = {
  id: "I9",
  says: "no token, trust, password or key stands in the clear in an item, a message, a log line or a reply",
  watch(_world, broken) {
    const check = (text: string, where: string): void => {
      const at = text.indexOf(CANARY);
      if (at >= 0) broken(`${where} holds a secret: ${text.slice(Math.max(0, at - 40), at + 20)}`);
    };
    return {
      wrote: (item, _before, text) => check(text, `item ${item.pk} ${item.sk}`),
      sent: (body) => check(body, "a message"),
      logged: (line) => check(JSON.stringify(line), `log line ${line.event}`),
      replied: ({ method, path, answer }) => {
        if (answer.kind !== "reply") return;
        // A webhook's and a hook's secret is shown once, to who makes it.
        const isShown = method === "POST" && /^\/v1\/(?:webhooks|hooks$)/.test(path);
        check(isShown ? answer.text.replace(/"secret":"[^"]*"/, "") : answer.text, `the reply to ${path}`);
      },
    };
  },
};
