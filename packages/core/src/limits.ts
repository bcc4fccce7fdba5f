/**
 * Every limit of the product, in one place: bodies, lists, batches, retries, waits. Sizes in bytes, times in
 * milliseconds unless the name says otherwise. The AWS stacks derive their timeouts from `engine` below.
 */

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

export const limits = {
  engine: {
    /** A conductor invocation ends by then, whatever it is doing. */
    functionTimeoutMs: 60 * second,
    /** What an invocation spends on steps before it hands over to the next. */
    budgetMs: 40 * second,
    /** Outlives the function's timeout, so the holder of a lapsed lease is dead. */
    leaseMs: 75 * second,
    /** One external call; a step makes few. */
    callTimeoutMs: 15 * second,
    retryBaseMs: 500,
    retryCapMs: 60 * second,
    /** Throws in a row that were not Transient: a bug; then the operation fails. */
    bugAttempts: 5,
    /** Tries of a cleaning step before what it would have removed is left to the sweeper. */
    cleanupAttempts: 8,
    /** A lost message is noticed when work is overdue by this much. */
    sweepGraceMs: 15 * second,
    sweepIntervalMs: 60 * second,
    sweepPageItems: 100,
    /** Hints sent by one sweep; the rest waits for the next. */
    sweepHints: 2_000,
    dueShards: 8,
    /** Of records of one type: what compares them with the cloud works through one at a time. */
    typeShards: 16,
    /** A cold item without its hot one is garbage after this long. */
    provisionalMs: hour,
    outboxEvents: 20,
    /** Retries that one operation tells of; all of them are in the log. */
    retryEvents: 30,
    commitRetries: 4,
    statusReasonChars: 1_000,
  },
  queue: {
    batchMessages: 10,
    delayMaxMs: 15 * minute,
    messageBytes: 4_096,
    /** Deliveries of one message before it goes to the dead letters. */
    receives: 5,
    /** A message whose handling failed comes again after this. */
    redeliverMs: 10 * second,
    /** A received message comes again by itself after this: its handler is dead by then. */
    visibilityMs: 90 * second,
    longPollMs: 20 * second,
    requestTimeoutMs: 10 * second,
    connectTimeoutMs: 2 * second,
    /** Tries of one request inside the SDK, and of the messages of a batch that the queue did not take. */
    requestAttempts: 3,
    /** Between polls of a queue that is out of reach. */
    retryBaseMs: 500,
    retryCapMs: 30 * second,
    /** Batches being handled at one time by one process. */
    batchesInHand: 8,
    /** Hints waiting in the in-process queue; more, and the oldest are lost. */
    waitingMessages: 100_000,
    /** In-process delays end on a grid this wide, so that equal hints due together become one. */
    slotMs: 100,
    deadLetters: 1_000,
  },
  lambda: {
    /** When only this is left of an invocation, calls are cut, so that what is known can be committed. */
    cutMarginMs: 8 * second,
    /** When only this is left, the invocation answers, whatever goes on. */
    answerMarginMs: second,
  },
  table: {
    pageItems: 1_000,
    /** DynamoDB's own limits of keys. */
    partitionKeyBytes: 2_048,
    sortKeyBytes: 1_024,
    requestTimeoutMs: 5 * second,
    connectTimeoutMs: 2 * second,
    /** Tries of one request inside the SDK. */
    requestAttempts: 3,
    /** A new table is active by then. */
    createWaits: 120,
    createWaitMs: second,
    /** How long one process waits for another's commit to the same file. */
    busyTimeoutMs: 5 * second,
    /** Writes that share one commit of the embedded table. */
    commitWrites: 256,
    /** Expired items that one commit of the embedded table removes. */
    commitExpiredItems: 16,
    /** DynamoDB refuses items of 400 KB; ours stay well below. */
    itemBytes: 256 * 1_024,
    hotItemBytes: 4_096,
  },
  api: {
    bodyBytes: 1_024 * 1_024,
    pageItems: 1_000,
    /** Lists sorted by something else than creation are sorted in memory, up to this many records. */
    sortedRecords: 10_000,
    nameChars: 255,
    labels: 64,
    labelChars: 4_096,
    /** All labels of one record together, as JSON: a bay's item holds its own and its model's. */
    labelsBytes: 64 * 1_024,
    healthReasonBytes: 32 * 1_024,
    sshKeyChars: 16 * 1_024,
    urlChars: 2_048,
    patchOperations: 128,
    jsonDepth: 20,
    /** When callers are told to look what became of what was accepted. */
    acceptedRetryMs: 5 * second,
    tokenBytes: 16 * 1_024,
  },
  identity: {
    tokenCacheMs: minute,
    refusedTokenCacheMs: 5 * second,
    /** How long a token by a trust is used: services go on accepting it for minutes after the trust has ended. */
    trustTokenMs: minute,
    tokenCacheEntries: 10_000,
    /** What callers are told to wait while Keystone does not answer. */
    unavailableRetryMs: 5 * second,
    /** Tries to make a trust, and how far apart the ends of trusts for one deadline may lie. */
    trustAttempts: 4,
    trustSpreadMs: minute,
    /** How often a policy file is looked at, while somebody asks. */
    policyLookMs: 5 * second,
    /** One rule of a policy file. */
    ruleChars: 4_096,
  },
  openstack: {
    requestTimeoutMs: 15 * second,
    responseBytes: 16 * 1_024 * 1_024,
    /** Retries of calls that change nothing, inside one step. */
    readRetries: 2,
    nestedDepth: 6,
    /** A token is renewed this long before it expires, so that a call made with it can still end. */
    tokenMarginMs: 2 * minute,
    /** Tokens of sessions kept by one process. */
    sessionTokens: 1_000,
    /** Lists of flavors, networks, stacks: items asked for at once, and pages read before giving up. */
    pageItems: 500,
    pages: 100,
    /** Causes told of one failed stack. */
    failures: 20,
  },
  /** Requests of a project. */
  rate: {
    perSecond: 50,
    burst: 500,
    /** Projects that one process remembers. */
    projects: 10_000,
    /** The part of a full bucket that a process takes out of the table at once, and how long it may spend it. */
    stockShare: 0.1,
    stockMs: 5 * second,
    tries: 4,
  },
  bayModel: {
    /** A delete that has not ended by then is dead; the next one who needs the model clears its mark. */
    deletingMs: minute,
    /** Models of one name that are looked at before saying that the name is ambiguous. */
    sameName: 10,
    conflictRetries: 4,
  },
  secret: {
    /** One call of the key service. */
    requestTimeoutMs: 3 * second,
    requestAttempts: 3,
    /** How long a process keeps a data key that it opened. */
    dataKeyMs: hour,
    /** At most so many of them. */
    openedDataKeys: 1_000,
  },
  certificate: {
    requestChars: 32 * 1_024,
    /** What tempest and old clients still send; fewer bits are broken by amateurs. */
    rsaBitsLeast: 1_024,
    /** More only costs time. */
    rsaBitsMost: 8_192,
    /** One of the texts of a key pair that is kept for somebody. */
    storedChars: 64 * 1_024,
    /** The conductor's own certificate of a bay is renewed so long before its end: a round a day has many tries. */
    clientRenewedBeforeMs: 60 * day,
    /** Told to those who ask before the bay has its authority, which takes a moment. */
    retryAfterMs: 5 * second,
  },
  projectRecord: {
    /** Records of one name that are looked at before saying that the name is ambiguous. */
    sameName: 10,
    /** Removed at once when their bay goes. */
    removals: 50,
    /** A record whose place was taken so long ago is there, or never comes: the request that took it has ended. */
    placeUseMs: 2 * minute,
    placeTries: 50,
  },
  service: {
    /** A conductor writes that it works this often at most. */
    reportMs: minute,
    /** Magnum's `service_down_time`. */
    downMs: 3 * minute,
    keepMs: 30 * day,
    records: 1_000,
  },
  bay: {
    nodes: 1_000,
    /** Bays of one name that are looked at before saying that the name is ambiguous. */
    sameName: 10,
    masters: 15,
    /** Pages of bays read to count them all: a hundred thousand. */
    countPages: 100,
    /** What is waited for of a bay that is given up, a step. */
    abandonStepMs: 5 * minute,
    /** Nodes whose condition one check tells of. */
    healthReasons: 500,
    /** Between two checks of a bay's health: Magnum's `health_polling_interval`. */
    healthCheckMs: minute,
    createTimeoutDefaultMinutes: 60,
    createTimeoutMaxMinutes: 7 * 24 * 60,
    /** On top of the stack's own timeout, before the operation gives up by itself. */
    deadlineMarginMs: 10 * minute,
    /** For operations without a timeout of their own (0 means none to Heat, not to us). */
    deadlineMs: 6 * hour,
    deleteDeadlineMs: 2 * hour,
    /** How long it is remembered what the bays of a model take. */
    expectationKeepMs: 90 * day,
  },
  /** Replacing nodes that stay unhealthy. */
  repair: {
    /** Not ready in so many checks in a row, over so long. */
    checks: 5,
    spanMs: 10 * minute,
    nodesAtOnce: 2,
    /** Within the time below. */
    nodesADay: 6,
    budgetMs: day,
    /** More than this part of a bay's workers at once are not replaced. */
    manyPart: 1 / 3,
    /** Remembered of one bay. */
    watchedNodes: 50,
  },
  longPoll: {
    /** The longest that a reply is kept waiting. */
    mostMs: minute,
    lookMs: second,
    /** Of one process at once. */
    waits: 200,
    /** What is left of a function's time when its reply comes. */
    marginMs: 2 * second,
  },
  /** What an answer says of labels without effect. */
  labelWarning: { labels: 5, nameChars: 64 },
  idempotency: {
    keyChars: 255,
    /** A key's answer is kept so long after it was first asked for. */
    keepMs: day,
    /** Who died while answering is dead by then. */
    leaseMs: minute,
    /** By which the clocks of two functions may differ. */
    clockSkewMs: 10 * minute,
    /** Others who begin the same request at the same moment. */
    tries: 10,
    answerBytes: 64 * 1_024,
  },
  quota: {
    /** Magnum's `max_clusters_per_project`: where nobody set a limit. */
    defaultBays: 20,
    /** Bays of one project, whatever its limit: their uuids are in one item. */
    bays: 5_000,
    /** Writers of one item who may come in each other's way: each of them moves one on. */
    tries: 200,
    /** An item that says nothing is kept so long: no writer sleeps longer. */
    keepEmptyMs: day,
  },
  nodeGroup: {
    /** Besides the two that every bay has. */
    perBay: 32,
    /** Work that has not left a node by then goes with it; and how often to look. */
    drainMs: 5 * minute,
    drainLookMs: 5 * second,
    /** A name that was taken by a request that is dead by now may be taken over. */
    nameMs: 2 * minute,
    nodeLabels: 64,
    nodeTaints: 32,
    /** Nodes whose labels and taints one run of a step changes. */
    markedAtOnce: 20,
    /** Characters of a node label's or a taint's key and value, as Kubernetes has them. */
    labelKeyChars: 317,
    labelValueChars: 63,
  },
  manifest: {
    /** Magnum's `max_manifest_size`. */
    bytes: 512 * 1_024,
    /** What the YAML scanner may cut it into; bounds the time that parsing takes. */
    tokens: 40_000,
    /** Uses of anchors, each counted by how much it unfolds to. */
    aliases: 100,
    depth: 50,
    /** Maps, lists, texts and numbers in it, aliases unfolded, and how long they are as JSON: etcd takes no more. */
    values: 50_000,
    jsonBytes: 1_024 * 1_024,
    /** Mistakes told of one manifest. */
    problems: 10,
  },
  /** Addresses that users give. */
  web: {
    urlChars: 2_048,
    redirects: 3,
    /** Addresses of one host name that are looked at; more is no honest host. */
    addresses: 32,
    /** All of it: names, redirects, the reply. */
    timeoutMs: 10 * second,
    /** Looking at an address that is to be used later. */
    checkMs: 3 * second,
    responseBytes: 512 * 1_024,
  },
  /** Talking to the container engine of a bay. */
  containerEngine: {
    requestTimeoutMs: 10 * second,
    /** Fetching an image may take several tries: what has arrived by then is kept by the engine. */
    pullTimeoutMs: 30 * second,
    executeTimeoutMs: 30 * second,
    /** Stopping waits for the container's own end first. */
    stopGraceSec: 10,
    responseBytes: 16 * 1_024 * 1_024,
    /** Objects asked for at once, and pages read before giving up: 10,000 objects of a kind in a bay. */
    pageItems: 500,
    pages: 20,
    /** Logs and what a command printed; the rest is cut off. */
    outputBytes: 512 * 1_024,
    /** Lines asked for of a log; fewer at each try while they are more than the bytes above. */
    logLines: [5_000, 500, 50],
    commandWords: 1_000,
    /** Replacing an object that others keep changing. */
    conflictRetries: 3,
    /** Pods that one look at a node that is being drained asks to leave. */
    evictionsAtOnce: 50,
    /** Bays to which one process keeps connections open. */
    connections: 64,
    socketsPerBay: 8,
  },
  /** Container resources and their bays' engines. */
  container: {
    /** Pieces of a stored manifest; a character takes three bytes at most. */
    manifestPieceChars: 60_000,
    /** Longer than any operation that needs it. */
    manifestKeepMs: 4 * hour,
    /** A bay's engine that is away when something is to be made, changed or removed is waited for this long. */
    deadlineMs: 3 * hour,
    /** A look at a bay's engine serves all who ask for this long. */
    lookMs: 5 * second,
    /** An engine in trouble is not looked at again by those who ask. */
    troubleMs: 30 * second,
    /** Conductors look by themselves this often: while something is unsettled, and when all is well. */
    unsettledMs: 15 * second,
    settledMs: 5 * minute,
    /** A watch of a bay without container resources goes on this long: the index of what hangs on it may lag. */
    graceMs: minute,
    /** Resources of one bay that are kept up to date. */
    ofBay: 10_000,
    /** Bays that one page of a list has looked at. */
    looksPerPage: 8,
    /** All that a record shows of labels, images, ports and selectors, as JSON. */
    shownBytes: 16 * 1_024,
    /** Actions that wait to be done to one container. */
    waitingActions: 16,
    commandChars: 8 * 1_024,
    environmentEntries: 200,
    /** What is being removed is looked at again after this. */
    removingMs: 2 * second,
    descriptionChars: 4_096,
    /** A reply waits this long for what it asked for, and looks first after this. */
    waitMs: 5 * second,
    waitStepMs: 50,
    /** An engine that keeps a reply waiting is given up after this. */
    askMs: 5 * second,
  },
  process: {
    /** A token of the longest may come in a header, with others beside it. */
    headerBytes: 48 * 1_024,
    /** When stopping: requests in hand end by then. */
    requestsStopMs: 5 * second,
    /** When stopping: steps in hand end by then, or their calls are cut. */
    stepsStopMs: 20 * second,
  },
  callback: {
    tokenChars: 200,
    /** Of one operation's address; all nodes of a bay share it. */
    uses: 100,
    /** Uses that come closer together count as one. */
    spacingMs: 500,
    /** So long after a use the operation is looked at more than once a second: the last node is followed by its stack. */
    eagerMs: 10 * second,
    /** So long after a use it is looked at each second: what was told of is about to be seen. */
    keenMs: 30 * second,
  },
  /** Of a bay's authority. */
  rotation: {
    /** A node that has not come to a phase after so long is not waited for any more: they look once a minute. */
    phaseMs: 30 * minute,
    /** After so long each look sees whether the stacks still say what they were told. */
    tellAgainMs: 5 * minute,
    /** Between two looks at who has come to it; a node's word makes one at once. */
    lookMs: 15 * second,
    /** Nodes that a text names. */
    namedNodes: 5,
  },
  upgrade: {
    /** A master that has said nothing after so long is not waited for any more; its own work ends before. */
    masterMs: 60 * minute,
    /** Between two looks at whether it has said something; its word makes one at once. */
    lookMs: 15 * second,
  },
  /** What nodes say to an operation that has told them something by their metadata. */
  nodeWords: {
    /** They are kept so long after the operation's deadline. */
    keepMs: day,
    /** More than any bay has. */
    nodes: 20_000,
    /** A mark, a node's name, and why it could not. */
    markChars: 100,
    nodeNameChars: 255,
    failureChars: 1_000,
  },
  hook: {
    perProject: 50,
    /** Models that one may upgrade to. */
    bayModels: 20,
    bodyBytes: 4_096,
    idChars: 256,
    /** How far a call's time may be from ours. */
    toleranceMs: 5 * minute,
  },
  webhook: {
    /** In one project. */
    perProject: 20,
    /** Types in one filter. */
    patterns: 20,
    descriptionChars: 1_024,
    /** Of a secret before its encoding; Standard Webhooks asks for 24 to 64. */
    secretBytes: 32,
    /** A secret that was replaced signs along for so long. */
    overlapMs: day,
    /** A process remembers which webhooks a project has for so long. */
    cacheMs: 5 * second,
    cachedProjects: 10_000,
    payloadBytes: 64 * 1_024,
    /** One attempt, the reply included. */
    timeoutMs: 15 * second,
    /** Of a reply; more is no answer. */
    responseBytes: 64 * 1_024,
    /** Waits between the attempts (Standard Webhooks, "Deliverability and reliability"): ten in three days. */
    retriesMs: [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour],
    /** Waits are longer by up to this part of them. */
    jitter: 0.1,
    /** A receiver's Retry-After is honoured up to this. */
    retryAfterMs: 2 * hour,
    /** A delivery gives up by then, whatever kept it. */
    deadlineMs: 6 * day,
    /** While a receiver fails one delivery at a time tries it, this long after the last failure, twice as long each time. */
    holdLeastMs: 5 * second,
    holdMostMs: 30 * minute,
    /** A receiver that failed so long, and so often, without one success is not tried any more. */
    disableAfterMs: 5 * day,
    disableFailures: 10,
    /** Deliveries are shown for so long. */
    keepMs: 14 * day,
    /** Attempts that are shown of one delivery. */
    attempts: 20,
    errorChars: 300,
  },
  event: {
    keepMs: 90 * day,
    /** Events of the stream read at once, and given out at once. */
    pageItems: 500,
    /** Pages of the table that are looked through for one event: thousands of events. */
    lookBackPages: 20,
    /** The stream tells nothing younger: by then whatever was written before is seen by who reads the index. */
    settleMs: 2 * second,
    /** Between two looks of a live stream, and how long one lives before its reader has to come again. */
    lookMs: second,
    streamMs: 10 * minute,
    /** Live streams of one process at once. */
    streams: 200,
  },
  /** Jobs that compare the records with the world. */
  reconciliation: {
    driftEveryMs: 5 * minute,
    leftOversEveryMs: 6 * hour,
    expiryEveryMs: day,
    sealsEveryMs: day,
    /** A round that takes longer has failed; the next begins anew. */
    roundDeadlineMs: 2 * hour,
    /** Each round begins up to this part of its interval early or late, so that jobs do not march in step. */
    jitter: 0.1,
    /** Looking at one bay's stack again. */
    observeDeadlineMs: hour,
    /** What could not be looked at is tried again after this long, if it has not changed meanwhile. */
    lookAgainMs: 6 * hour,
    /** So many of our stacks are compared at once; more, and the job goes through them shard by shard. */
    stacksAtOnce: 2_000,
    /** Pages of stacks of one shard (or one project) before it is called too many. */
    stackPages: 200,
    /** Bays and node groups of one shard that are held in memory. */
    ownersAtOnce: 100_000,
    /** What nobody knows is looked at again after this long before anything is done about it, and forgotten in the end. */
    suspectAgeMs: hour,
    suspectKeepMs: 7 * day,
    /** Trusts and users looked up in one step, and how many of them at a time. */
    lookups: 2_000,
    lookupsAtOnce: 16,
    /** Cold items read in one step. */
    pageItems: 200,
    /** Certificates are told of when they end within these. */
    expiryWarningDays: [30, 7, 1],
    /** Findings told of one round; all are counted. */
    findings: 100,
    findingChars: 500,
    reportKeepMs: 30 * day,
  },
} as const;
