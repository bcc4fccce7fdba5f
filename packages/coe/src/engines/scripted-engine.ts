/** The engines' HTTP port for tests: answers by method and path, keeps what it was asked. */
import type { EngineHttp, EngineReply, EngineRequest } from "./engine-http.ts";
import type { Unreachable } from "./container-engine.ts";

export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
  readonly bytes?: Uint8Array;
}

type Answer = ScriptedAnswer | Unreachable | ((request: EngineRequest) => ScriptedAnswer | Unreachable);

export interface ScriptedEngine {
  readonly http: EngineHttp;
  readonly requests: EngineRequest[];
  /** `GET /api/v1/nodes?limit=500` for each request so far. */
  readonly lines: () => string[];
}

/** Keys are `GET /path` (any query) or `GET /path?query`. A request that nothing fits is a fault of the test. */
export function scriptEngine(script: Readonly<Record<string, Answer | readonly Answer[]>>): ScriptedEngine {
  const requests: EngineRequest[] = [];
  const used = new Map<string, number>();
  const lineOf = ({ method, path }: EngineRequest): string => `${method} ${path}`;
  return {
    requests,
    lines: () => requests.map(lineOf),
    async http(_endpoint, request) {
      requests.push(request);
      const key = [lineOf(request), lineOf(request).replace(/\?.*/, "")].find((one) => one in script);
      if (key === undefined) throw new Error(`nothing in the script answers ${lineOf(request)}`);
      const turn = used.get(key) ?? 0;
      used.set(key, turn + 1);
      const entry = script[key];
      // Of several answers each is given once, the last for ever.
      const answer = (Array.isArray(entry) ? entry[Math.min(turn, entry.length - 1)] : entry) as Answer;
      return replyOf(typeof answer === "function" ? answer(request) : answer, request);
    },
  };
}

function replyOf(answer: ScriptedAnswer | Unreachable, request: EngineRequest): EngineReply | Unreachable {
  if ("kind" in answer) return answer;
  const text = answer.json === undefined ? (answer.text ?? "") : JSON.stringify(answer.json);
  const bytes = answer.bytes ?? Buffer.from(text);
  const isCut = request.whenLonger === "cut" && bytes.length > request.maxBytes;
  return {
    kind: "reply",
    status: answer.status ?? 200,
    headers: answer.headers ?? {},
    body: isCut ? bytes.subarray(0, request.maxBytes) : bytes,
    isCut,
  };
}
