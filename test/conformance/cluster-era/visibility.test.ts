/** Who sees and does what, across projects and roles (cluster sheet 6.4, 7.7, 12, 13, 14, 16, 22). */
import type { JsonObject } from "@jeroboam/core/json";
import type { Call } from "../api-harness.ts";
import type { SheetCase } from "./sheet.ts";
import { sheet } from "./sheet.ts";

type As = NonNullable<Call["as"]>;

const get = (path: string, as: As, status: number, shows?: JsonObject): SheetCase => ({
  of: as,
  path,
  as,
  status,
  ...(shows && { shows }),
});
const write = (method: string, path: string, as: As, status: number, body?: Call["body"], says = ""): SheetCase => ({
  of: as,
  method,
  path,
  as,
  status,
  says,
  ...(body !== undefined && { body }),
});

const TWO = [{ op: "replace", path: "/node_count", value: 2 }];
const TAG = [{ op: "add", path: "/tags", value: "x" }];
const NEW = (template: string) => ({ name: "new", cluster_template_id: template, keypair: "ops" });

sheet("6.4, clusters", [
  get("/v1/clusters/blue", "memberA", 200),
  get("/v1/clusters/blue", "otherMemberA", 200),
  get("/v1/clusters/blue", "readerA", 200),
  get("/v1/clusters/blue", "memberB", 404),
  get("/v1/clusters/blue", "admin", 200, { project_id: "a" }),
  get("/v1/clusters/red", "admin", 200, { project_id: "b" }),
  get("/v1/clusters", "memberA", 200, { clusters: [{ name: "blue" }] }),
  get("/v1/clusters", "memberB", 200, { clusters: [{ name: "red" }] }),
  get("/v1/clusters", "admin", 200, { clusters: [{ name: "blue" }, { name: "red" }] }),
  get("/v1/clusters/detail", "admin", 200, { clusters: [{ project_id: "a" }, { project_id: "b" }] }),
  { ...get("/v1/clusters?all_tenants=True", "admin", 400), says: "all_tenants" },
  write("PATCH", "/v1/clusters/blue", "otherMemberA", 202, TWO),
  write("PATCH", "/v1/clusters/blue", "readerA", 403, TWO, "cluster:update"),
  write("PATCH", "/v1/clusters/blue", "memberB", 404, TWO),
  write("PATCH", "/v1/clusters/blue", "admin", 202, TWO),
  write("DELETE", "/v1/clusters/blue", "otherMemberA", 204),
  write("DELETE", "/v1/clusters/blue", "readerA", 403, undefined, "cluster:delete"),
  write("DELETE", "/v1/clusters/blue", "memberB", 404),
  write("DELETE", "/v1/clusters/blue", "admin", 204),
  write("POST", "/v1/clusters", "readerA", 403, NEW("prod"), "cluster:create"),
  write("POST", "/v1/clusters", "memberA", 202, NEW("shared")),
  write("POST", "/v1/clusters", "memberB", 202, NEW("shared")),
  write("POST", "/v1/clusters", "memberB", 400, NEW("prod"), "prod"),
  write("POST", "/v1/clusters", "admin", 400, NEW("prod"), "prod"),
  write("POST", "/v1/clusters", "admin", 202, NEW("old")),
  write("POST", "/v1/clusters", "memberA", 400, NEW("old"), "old"),
]);

sheet("6.4, 7.6, 7.7, templates", [
  get("/v1/clustertemplates/prod", "memberA", 200),
  get("/v1/clustertemplates/prod", "readerA", 200),
  get("/v1/clustertemplates/prod", "memberB", 404),
  get("/v1/clustertemplates/prod", "admin", 200),
  get("/v1/clustertemplates/shared", "memberA", 200, { public: true }),
  get("/v1/clustertemplates/shared", "readerA", 200, { public: true }),
  get("/v1/clustertemplates/old", "memberA", 404),
  get("/v1/clustertemplates/old", "admin", 200, { hidden: true }),
  write("PATCH", "/v1/clustertemplates/prod", "otherMemberA", 200, TAG),
  write("PATCH", "/v1/clustertemplates/prod", "readerA", 403, TAG, "clustertemplate:update"),
  write("PATCH", "/v1/clustertemplates/prod", "memberB", 404, TAG),
  write("PATCH", "/v1/clustertemplates/prod", "admin", 200, TAG),
  write("PATCH", "/v1/clustertemplates/shared", "memberA", 403, TAG),
  write("DELETE", "/v1/clustertemplates/shared", "memberA", 403),
  write("DELETE", "/v1/clustertemplates/shared", "admin", 204),
  write("DELETE", "/v1/clustertemplates/prod", "memberA", 400, undefined, "referenced"),
  write("DELETE", "/v1/clustertemplates/prod", "memberB", 404),
  write("DELETE", "/v1/clustertemplates/theirs", "admin", 400, undefined, "referenced"),
  write("DELETE", "/v1/clustertemplates/nowhere", "memberA", 404),
  write(
    "POST",
    "/v1/clustertemplates",
    "readerA",
    403,
    { coe: "kubernetes", image_id: "atomic" },
    "clustertemplate:create",
  ),
  write("POST", "/v1/clustertemplates", "readerA", 400, { coe: "kubernetes" }, "image_id"),
]);

sheet("13 to 16, and 22", [
  get("/v1/mservices", "admin", 200, { mservices: [] }),
  { ...get("/v1/mservices", "memberA", 403), says: "magnum-service:get_all" },
  { ...get("/v1/mservices?hosts=all", "admin", 400), says: "hosts" },
  get("/v1/quotas/a/Cluster", "readerA", 200),
  { ...get("/v1/quotas/b/Cluster", "memberA", 403), says: "quota:get" },
  get("/v1/quotas/b/Cluster", "admin", 200),
  get("/v1/stats", "readerA", 200, { clusters: 1, nodes: 2 }),
  get("/v1/stats", "admin", 200, { clusters: 2, nodes: 4 }),
  { ...get("/v1/stats?project_id=b", "memberA", 403), says: "stats:get_all" },
  get("/v1/federations", "readerA", 200, { federations: [] }),
  write("DELETE", "/v1/federations/x", "readerA", 403, undefined, "federation:delete"),
]);

const PAGES = ["clusters", "clusters/detail", "clustertemplates", "clustertemplates/detail"];

sheet("6.3, pages", [
  ...PAGES.flatMap((path): SheetCase[] => [
    get(`/v1/${path}?limit=1`, "memberA", 200),
    get(`/v1/${path}?limit=5000`, "memberA", 200),
    get(`/v1/${path}?sort_key=name&sort_dir=desc`, "memberA", 200),
    get(`/v1/${path}?sort_key=created_at`, "memberA", 200),
    { ...get(`/v1/${path}?limit=0`, "memberA", 400), says: "limit" },
    { ...get(`/v1/${path}?limit=-1`, "memberA", 400), says: "limit" },
    { ...get(`/v1/${path}?limit=ten`, "memberA", 400), says: "limit" },
    { ...get(`/v1/${path}?marker=blue`, "memberA", 400), says: "marker" },
    { ...get(`/v1/${path}?marker=99999999-9999-4999-8999-999999999999`, "memberA", 404), says: "99999999" },
    { ...get(`/v1/${path}?sort_key=colour`, "memberA", 400), says: "sort_key" },
    { ...get(`/v1/${path}?sort_dir=up`, "memberA", 400), says: "sort_dir" },
    { ...get(`/v1/${path}?name=blue`, "memberA", 400), says: "name" },
  ]),
  { ...get("/v1/clusters?sort_key=node_count", "memberA", 400), says: "sort_key" },
  { ...get("/v1/clusters?sort_key=master_count", "memberA", 400), says: "sort_key" },
]);

sheet("6.2, names and uuids in paths", [
  { ...get("/v1/clusters/BLUE", "memberA", 404), says: "BLUE" },
  { ...get("/v1/clusters/00000000-0000-4000-8000-00000000ABCD", "memberA", 404), says: "ABCD" },
  { ...get("/v1/clusters/99999999999949998999999999999999", "memberA", 404), says: "9999" },
  { ...get("/v1/clusters/1", "memberA", 404), says: "1" },
]);
