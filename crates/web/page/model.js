// Everything that computes: here the browser itself, in a worker, so that the page never waits for it.
// The two functions are those of a page with a server, whose `load` says `server: true`.

const worker = new Worker(new URL("worker.js", import.meta.url));
/** Who waits for an answer: answers come in the order of the questions. */
const waiting = [];

worker.addEventListener("message", ({ data }) => waiting.shift().resolve(data));
worker.addEventListener("error", () => {
  const error = new Error("The model's worker cannot be started: give the page to a web server, such as python3 -m http.server");
  for (const { reject } of waiting.splice(0)) reject(error);
});

function ask(question) {
  return new Promise((resolve, reject) => {
    waiting.push({ resolve, reject });
    worker.postMessage(question);
  });
}

/** {name, classes: [names], digits, server: false, runs: []} */
export async function load() {
  const model = await ask(null);
  if (model.error) throw new Error(model.error);
  return { ...model, server: false, runs: [] };
}

/** {class, name, probabilities, pixels, channels, inverted, milliseconds}, or {error, reason}. */
export const predict = (blob) => ask(blob);
