// BullMQ itself, as a yardstick: `produce` adds empty jobs, `work` completes them, keeping CONCURRENCY under way;
// `both` does so in one process. It says when it is ready, and whoever works says when all are done; adding begins
// when it is told a line. Each adds in the way that is faster there: a hundred at once from a process of its own,
// CONCURRENCY single ones at a time beside the work.
//
//   node queue_node.js produce|work|both PORT JOBS CONCURRENCY
const { Queue, Worker } = require("bullmq");
const { randomUUID } = require("crypto");
const { once } = require("events");

const [role, port, jobs, concurrency] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const connection = { host: "127.0.0.1", port };
const name = "inference-processing";
const prefix = "bench";

const description = () => {
  const id = randomUUID();
  const opts = { attempts: 3, backoff: { type: "exponential", delay: 1000 }, jobId: id };
  return { name: "process-inference", data: { inferenceId: id }, opts };
};

async function addMany(queue) {
  for (let left = jobs; left > 0; left -= 100) {
    await queue.addBulk(Array.from({ length: Math.min(left, 100) }, description));
  }
}

async function addSingly(queue) {
  let left = jobs;
  const add = async () => {
    while (left-- > 0) {
      const { name, data, opts } = description();
      await queue.add(name, data, opts);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, add));
}

async function startProducer() {
  const queue = new Queue(name, { connection, prefix });
  await queue.waitUntilReady();
  return async () => {
    await once(process.stdin, "data");
    process.stdin.destroy();
    await (role === "both" ? addSingly(queue) : addMany(queue));
    await queue.close();
  };
}

async function startWorker() {
  let done = 0;
  const keep = { count: 10000, age: 7 * 24 * 3600 };
  const options = { connection, prefix, concurrency, removeOnComplete: keep, removeOnFail: keep };
  const worker = new Worker(name, async () => null, options);
  await worker.waitUntilReady();
  const end = new Promise((resolve) => worker.on("completed", () => ++done === jobs && resolve()));
  return async () => {
    await end;
    console.log("Done");
    await worker.close();
  };
}

async function main() {
  const roles = { produce: [startProducer], work: [startWorker], both: [startWorker, startProducer] };
  const started = await Promise.all(roles[role].map((start) => start()));
  console.log("Ready");
  await Promise.all(started.map((finish) => finish()));
}

main();
