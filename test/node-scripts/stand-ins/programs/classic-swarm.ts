/**
 * Stands in for the image of classic Swarm: `join` keeps an engine known in etcd, `manage` answers for those it finds there.
 * Both reach etcd with the certificates they are told of, and a manager counts an engine in when that answers it.
 */
import { ask, give, identityOf, note, persist, serveMutually } from "./stand-in.ts";

const words = process.argv.slice(2);
note(`swarm ${words.join(" ")}`);
const value = (pattern: RegExp): string =>
  words.map((word) => pattern.exec(word)?.[1]).find((found) => found !== undefined) ?? give(`no ${pattern.source}`);
const [, members = "", prefix = ""] = /^etcd:\/\/([^/]+)\/(.+)$/.exec(words.at(-1) ?? "") ?? give("no store");
const store = identityOf(value(/^kv\.cacertfile=(.+)/), value(/^kv\.certfile=(.+)/), value(/^kv\.keyfile=(.+)/));
const nodes = `https://${members.split(",")[0] ?? ""}/v2/keys/${prefix}/docker/swarm/nodes`;

const enginesIn = (text: string): readonly string[] =>
  ((JSON.parse(text) as { node?: { nodes?: { value: string }[] } }).node?.nodes ?? []).map((node) => node.value);

if (words[0] === "join") {
  const address = value(/^--addr=(.+)/);
  await persist(async () => {
    const form = "application/x-www-form-urlencoded";
    const { status } = await ask(`${nodes}/${address}`, store, "PUT", `value=${address}`, form);
    if (status >= 300) throw new Error(`${status}`);
  });
} else {
  const port = value(/^tcp:\/\/0\.0\.0\.0:(\d+)$/);
  const own = identityOf(value(/^--tlscacert=(.+)/), value(/^--tlscert=(.+)/), value(/^--tlskey=(.+)/));
  const answering = async (engine: string): Promise<readonly string[]> =>
    ask(`https://${engine}/_ping`, own).then(
      ({ status }) => (status === 200 ? [engine] : []),
      () => [],
    );
  const info = async (): Promise<string> => {
    const { body } = await ask(nodes, store);
    const engines = (await Promise.all(enginesIn(body).map(answering))).flat();
    return JSON.stringify({ SystemStatus: engines.map((engine) => [" node", engine]) });
  };
  serveMutually(own, ({ url }, response) => {
    if (url === "/_ping") response.end("OK");
    else
      void info().then(
        (text) => response.end(text),
        () => response.writeHead(500).end(),
      );
  }).listen(Number(port));
}
setInterval(() => {}, 1_000_000);
