// BullMQ itself, as a yardstick: `produce` adds empty jobs, `work` completes them, each keeping CONCURRENCY
// under way; `both` does so in one process. It says when it is ready, and whoever works says when all are done;
// adding begins when it is told a line. (`addBulk` takes no less time, of Node.js and of Redis, than this.)
//
//   node queue_node.js produce|work|both PORT JOBS CONCURRENCY
const { Queue, Worker } = require("bullmq");
const { randomUUID } = require("crypto");
const { once } = require("events");

const [role, port, jobs, concurrency] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const connection = { host: "127.0.0.1", port };
const name = "inference-processing";
const prefix = "bench";

async function startProducer() {
  const queue = new Queue(name, { connection, prefix });
  await queue.waitUntilReady();
  const options = { attempts: 3, backoff: { type: "exponential", delay: 1000 } };
  return async () => {
    await once(process.stdin, "data");
    process.stdin.destroy();
    let left = jobs;
    const add = async () => {
      while (left-- > 0) {
        const id = randomUUID();
        await queue.add("process-inference", { inferenceId: id }, { ...options, jobId: id });
      }
    };
    await Promise.all(Array.from({ length: concurrency }, add));
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
