// The other side of the tests: BullMQ itself on Node.js, and bull-board on top of it. One action a run; what
// it found is printed as JSON, one line each.
const { Queue, QueueEvents, UnrecoverableError, Worker } = require("bullmq");

const [action, port, ...rest] = process.argv.slice(2);
const name = "inference-processing";
const connection = { host: "127.0.0.1", port: Number(port) };
const print = (value) => console.log(JSON.stringify(value));

async function withQueue(use) {
  const queue = new Queue(name, { connection });
  const result = await use(queue);
  await queue.close();
  return result;
}

// Lets a worker do `what` with COUNT jobs, prints their ids, and closes it.
async function work(count, what) {
  const seen = [];
  // As docs/operations.md asks of every worker on this queue.
  const worker = new Worker(name, async (job) => what(seen.push(job.id)), { connection, stalledInterval: 5000 });
  await new Promise((resolve) => {
    const note = () => seen.length === count && resolve();
    worker.on("completed", note).on("failed", note);
  });
  await worker.close();
  print(seen);
}

const actions = {
  counts: () => withQueue(async (queue) => print(await queue.getJobCounts())),
  workers: () => withQueue(async (queue) => print((await queue.getWorkers()).length)),
  job: (id) => withQueue(async (queue) => print((await queue.getJob(id)).toJSON())),
  add: (id) =>
    withQueue(async (queue) => print((await queue.add("process-inference", { inferenceId: id }, { jobId: id })).id)),
  complete: (count) => work(Number(count), () => ({ by: "Node.js" })),
  fail: (count) =>
    work(Number(count), () => {
      throw new UnrecoverableError("Node.js can't do this");
    }),
  // Prints what is heard of the job, until it is completed.
  listen: async (id) => {
    const events = new QueueEvents(name, { connection });
    await events.waitUntilReady();
    print("Ready");
    events.on("progress", ({ jobId, data }) => jobId === id && print({ progress: data }));
    await new Promise((resolve) => events.on("completed", ({ jobId }) => jobId === id && resolve()));
    print("completed");
    await events.close();
  },
  board: async () => {
    const { createBullBoard } = require("@bull-board/api");
    const { BullMQAdapter } = require("@bull-board/api/bullMQAdapter");
    const { ExpressAdapter } = require("@bull-board/express");
    const serverAdapter = new ExpressAdapter();
    createBullBoard({ queues: [new BullMQAdapter(new Queue(name, { connection }))], serverAdapter });
    const app = require("express")().use(serverAdapter.getRouter());
    const server = app.listen(0, "127.0.0.1", () => print(`http://127.0.0.1:${server.address().port}`));
    await new Promise(() => {});
  },
};

actions[action](...rest).catch((error) => {
  console.error(error);
  process.exit(1);
});
