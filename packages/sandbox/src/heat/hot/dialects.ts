/**
 * The versions of HOT: which functions, conditions and sections each knows. A function that a version does not know is no function there,
 * it is a map; one that an earlier version had and this one dropped is refused by name (heat's `Removed`).
 */

/** How a function of one name behaves, where versions differ. */
export type FunctionName =
  | "get_param"
  | "get_resource"
  | "get_attr"
  | "get_attr_then_select"
  | "get_attr_or_all"
  | "get_file"
  | "list_join"
  | "list_join_many"
  | "str_replace"
  | "str_replace_json"
  | "str_replace_strict"
  | "str_replace_vstrict"
  | "repeat"
  | "repeat_map"
  | "repeat_nested"
  | "digest"
  | "str_split"
  | "map_merge"
  | "map_replace"
  | "if"
  | "if_nullable"
  | "filter"
  | "make_url"
  | "list_concat"
  | "list_concat_unique"
  | "contains"
  | "equals"
  | "not"
  | "and"
  | "or"
  | "select"
  | "split_pair"
  | "base64"
  | "get_azs"
  | "replace_pair"
  | "unsupported"
  | "out_of_place"
  | "removed";

export interface Dialect {
  /** The date, as written. */
  readonly version: string;
  readonly functions: Readonly<Record<string, FunctionName>>;
  readonly conditionFunctions: Readonly<Record<string, FunctionName>>;
  readonly sections: readonly string[];
  readonly resourceKeys: readonly string[];
  readonly parameterKeys: readonly string[];
  readonly hasModulo: boolean;
}

const SECTIONS = ["heat_template_version", "description", "parameter_groups", "parameters", "resources", "outputs"];
const RESOURCE_KEYS = [
  "type",
  "properties",
  "metadata",
  "depends_on",
  "deletion_policy",
  "update_policy",
  "description",
];
const PARAMETER_KEYS = ["type", "description", "default", "schema", "constraints", "hidden", "label", "immutable"];

const REMOVED_2014: Record<string, FunctionName> = Object.fromEntries(
  ["GetAZs", "Join", "Split", "Replace", "Base64", "MemberListToMap", "ResourceFacade"].map((name) => [
    `Fn::${name}`,
    "removed" as const,
  ]),
);

const base: Dialect = {
  version: "2013-05-23",
  functions: {
    get_param: "get_param",
    get_resource: "get_resource",
    get_attr: "get_attr_then_select",
    get_file: "get_file",
    list_join: "list_join",
    str_replace: "str_replace",
    resource_facade: "unsupported",
    Ref: "get_resource",
    "Fn::GetAZs": "get_azs",
    "Fn::Select": "select",
    "Fn::Join": "list_join",
    "Fn::Split": "split_pair",
    "Fn::Replace": "replace_pair",
    "Fn::Base64": "base64",
    "Fn::MemberListToMap": "unsupported",
    "Fn::ResourceFacade": "unsupported",
  },
  conditionFunctions: {},
  sections: SECTIONS,
  resourceKeys: RESOURCE_KEYS,
  parameterKeys: PARAMETER_KEYS,
  hasModulo: false,
};

const next = (before: Dialect, version: string, change: Partial<Dialect>): Dialect => ({
  ...before,
  version,
  ...change,
  functions: { ...before.functions, ...change.functions },
  conditionFunctions: { ...before.conditionFunctions, ...change.conditionFunctions },
});

const v20141016 = next(base, "2014-10-16", { functions: { get_attr: "get_attr", ...REMOVED_2014, Ref: "removed" } });
const v20150430 = next(v20141016, "2015-04-30", { functions: { repeat: "repeat", digest: "digest" } });
const v20151015 = next(v20150430, "2015-10-15", {
  functions: {
    get_attr: "get_attr_or_all",
    list_join: "list_join_many",
    str_replace: "str_replace_json",
    str_split: "str_split",
    "Fn::Select": "removed",
  },
});
const v20160408 = next(v20151015, "2016-04-08", { functions: { map_merge: "map_merge" } });
const v20161014 = next(v20160408, "2016-10-14", {
  functions: { repeat: "repeat_map", yaql: "unsupported", map_replace: "map_replace", if: "if" },
  conditionFunctions: { get_param: "get_param", equals: "equals", not: "not", and: "and", or: "or" },
  sections: [...SECTIONS, "conditions"],
  resourceKeys: [...RESOURCE_KEYS, "external_id", "condition"],
});
const v20170224 = next(v20161014, "2017-02-24", {
  functions: { filter: "filter", str_replace_strict: "str_replace_strict" },
  hasModulo: true,
});
const v20170901 = next(v20170224, "2017-09-01", {
  functions: {
    repeat: "repeat_nested",
    make_url: "make_url",
    list_concat: "list_concat",
    list_concat_unique: "list_concat_unique",
    str_replace_vstrict: "str_replace_vstrict",
    contains: "contains",
  },
  conditionFunctions: { yaql: "unsupported", contains: "contains" },
});
const v20180302 = next(v20170901, "2018-03-02", { parameterKeys: [...PARAMETER_KEYS, "tags"] });
const v20180831 = next(v20180302, "2018-08-31", {});
const v20210416 = next(v20180831, "2021-04-16", { functions: { if: "if_nullable" } });

const ALL = [
  base,
  v20141016,
  v20150430,
  v20151015,
  v20160408,
  v20161014,
  v20170224,
  v20170901,
  v20180302,
  v20180831,
  v20210416,
] as const;

/** By date, and by the release names that Heat takes for them. */
const DIALECTS: ReadonlyMap<string, Dialect> = new Map([
  ...ALL.map((dialect): [string, Dialect] => [dialect.version, dialect]),
  ["newton", v20161014],
  ["ocata", v20170224],
  ["pike", v20170901],
  ["queens", v20180302],
  ["rocky", v20180831],
  ["wallaby", v20210416],
]);

export const dialectOf = (version: string): Dialect | undefined => DIALECTS.get(version);

export const versions = (): readonly string[] => [...DIALECTS.keys()];

/** What a ResourceGroup's own template is written in. */
export const groupDialect = v20150430;
