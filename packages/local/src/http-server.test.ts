import { connect } from "node:net";
import { once } from "node:events";
import { expect, test } from "vitest";
import { listen } from "./http-server.ts";

const address = { what: "the API", host: "127.0.0.1", port: 0, option: "--port" };

test("a request that comes before there is anything to serve it waits", async () => {
  const server = await listen(address);
  const reply = fetch(`${server.url}/early`);
  server.serve((request) => new Response(new URL(request.url).pathname));
  expect(await (await reply).text()).toBe("/early");
  await server.stop();
});

test("a taken port is refused in one line that names the option", async () => {
  const server = await listen(address);
  const port = Number(new URL(server.url).port);
  await expect(listen({ ...address, port })).rejects.toThrow(
    `the API cannot listen on 127.0.0.1:${port}: another program listens there; choose by --port`,
  );
  await server.stop();
});

test("stopping lets the request in hand end and takes no more", async () => {
  const server = await listen(address);
  const begun = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  server.serve(async () => {
    begun.resolve();
    await finish.promise;
    return new Response("ended");
  });
  const reply = fetch(server.url);
  await begun.promise;
  const stopped = server.stop();
  await expect(fetch(server.url)).rejects.toThrow("fetch failed");
  finish.resolve();
  expect(await (await reply).text()).toBe("ended");
  await stopped;
});

test("a token of the longest passes in a header", async () => {
  const server = await listen(address);
  server.serve((request) => new Response(String(request.headers.get("x-auth-token")?.length)));
  const reply = await fetch(server.url, { headers: { "x-auth-token": "t".repeat(16 * 1_024) } });
  expect(await reply.text()).toBe(String(16 * 1_024));
  await server.stop();
});

test("bytes that are no HTTP get 400 and end nobody else's connection", async () => {
  const server = await listen(address);
  server.serve(() => new Response("fine"));
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  socket.write("nonsense\r\n\r\n");
  const [chunk] = (await once(socket, "data")) as [Buffer];
  expect(chunk.toString()).toMatch(/^HTTP\/1\.1 400 /);
  expect(await (await fetch(server.url)).text()).toBe("fine");
  socket.destroy();
  await server.stop();
});
