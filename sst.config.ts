// Composes stacks/: what is deployed to AWS. How to: docs/deploy-aws.md.
// SST allows no import up here; everything is imported inside run().
export default $config({
  app({ stage }) {
    const isProduction = stage === "production";
    return {
      name: "jeroboam",
      home: "aws",
      removal: isProduction ? "retain" : "remove",
      protect: isProduction,
      providers: {
        aws: { version: "7.20.0", defaultTags: { tags: { application: "jeroboam", stage: stage ?? "unnamed" } } },
      },
    };
  },

  async run() {
    const { readSettings } = await import("./stacks/settings.ts");
    const { bundleFunctions } = await import("./stacks/bundles.ts");
    const { createKeys } = await import("./stacks/keys.ts");
    const { createStorage } = await import("./stacks/storage.ts");
    const { createQueues } = await import("./stacks/queues.ts");
    const { createNetwork } = await import("./stacks/network.ts");
    const { createConductor } = await import("./stacks/conductor.ts");
    const { createDeliverer } = await import("./stacks/deliverer.ts");
    const { createApi, createEndpoint } = await import("./stacks/api.ts");
    const { createSchedule } = await import("./stacks/schedule.ts");
    const { createAlarms } = await import("./stacks/alarms.ts");

    const settings = readSettings(process.env);
    const base = {
      settings,
      bundles: bundleFunctions(),
      keys: createKeys(settings),
      storage: createStorage(),
      queues: createQueues(),
      network: createNetwork(settings),
      endpoint: createEndpoint(settings),
    };
    const conductor = createConductor(base);
    const deliverer = createDeliverer(base);
    const api = createApi(base);
    const schedule = createSchedule(base);
    const alarms = createAlarms(base, { api, conductor, deliverer, schedule });

    return { endpoint: base.endpoint.url, table: base.storage.table.name, alarms: alarms.topic.arn };
  },
});
