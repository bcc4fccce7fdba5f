/** Stands in for an engine of Docker: it answers on the addresses it is told of, to whoever has a certificate of the bay. */
import { give, identityOf, note, ready, serveMutually } from "./stand-in.ts";

const words = process.argv.slice(2);
note(`dockerd ${words.join(" ")}`);
const addresses = words.flatMap((word, place) => (word === "-H" ? [words[place + 1] ?? give("-H of nothing")] : []));
const option = (name: string): string =>
  words.findLast((word) => word.startsWith(`--${name}=`))?.replace(/^[^=]*=/, "") ?? give(`--${name} is missing`);

let awaited = 1;
const oneReady = (): void => {
  awaited -= 1;
  if (awaited === 0) ready();
};
for (const address of addresses) {
  const [, host, port] = /^tcp:\/\/([^:]+):(\d+)$/.exec(address) ?? [];
  if (port === undefined) continue;
  if (!words.includes("--tlsverify")) give(`${address} would be open to all`);
  awaited += 1;
  const identity = identityOf(option("tlscacert"), option("tlscert"), option("tlskey"));
  serveMutually(identity, ({ url }, response) => {
    response.writeHead(url === "/_ping" ? 200 : 404).end(url === "/_ping" ? "OK" : "{}");
  }).listen(Number(port), host, oneReady);
}
oneReady();
setInterval(() => {}, 1_000_000);
