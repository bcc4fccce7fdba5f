/**
 * /v1/mservices: which conductors were seen working lately, for administrators (bay-era sheet 3.10, cluster sheet 16).
 * There are no pages; the arguments of pages that the client's library may send change nothing (sheet 15, number 13).
 */
import { isUp, listServices } from "@jeroboam/core/service-record/service-record";
import type { Route } from "../route.ts";
import { defineRoute, refuseArguments } from "../route.ts";
import { viewService } from "../views/mservices.ts";
import { describeQuery } from "../wire/reader.ts";
import type { QueryArguments } from "../wire/reader.ts";

function readQuery({ limit: _l, marker: _m, sort_key: _k, sort_dir: _d, ...rest }: QueryArguments): void {
  refuseArguments(rest);
}

const PAGE_PARAMETERS = ["limit", "marker", "sort_key", "sort_dir"].map((name) => ({
  name,
  schema: { type: "string" },
}));

const listRoute = (path: string): Route =>
  defineRoute({
    method: "GET",
    path,
    rule: "magnum-service:get_all",
    query: describeQuery(PAGE_PARAMETERS, readQuery),
    answers: { 200: { list: "mservice", key: "mservices" } },
    async run({ ports }) {
      const nowMs = ports.clock.nowMs();
      const services = await listServices(ports.table);
      return { status: 200, body: { mservices: services.map((one) => viewService(one, isUp(one, nowMs))) } };
    },
  });

export const mservices: readonly Route[] = [listRoute("/v1/mservices"), listRoute("/v1/mservices/detail")];
