// Everything that computes: here the server that the page comes from. A page without a server has another
// module of this name with the same two functions, whose `load` says `server: false`.
//
// `load(run)` -> {name, classes: [names], digits, server, run, runs: [{name, ...}]}
// `predict(blob)` -> {class, name, probabilities: [by class], pixels: [rows], channels, inverted, cam,
//                    milliseconds}
//                    or {error, reason} where the picture cannot be classified
// `neighbours(blob)` -> {neighbours: [{index, name, similarity, pixels, channels}]} or {error, reason}; with a
//                    server only
// `correct(blob, label)` -> {name, file} or {error}; with a server only

let query = "";

/** What is loaded: the run of that name, or the one that the server was started with. */
export async function load(run) {
  const asked = run ? `?run=${encodeURIComponent(run)}` : "";
  const model = await answer(await fetch(`model${asked}`));
  if (model.error) throw new Error(model.error);
  const { runs } = await answer(await fetch("runs"));
  query = `run=${encodeURIComponent(model.run)}`;
  return { ...model, runs, server: true };
}

/** What the model makes of a PNG or JPEG. */
export async function predict(blob) {
  return answer(await send(`predict?${query}`, blob));
}

/** The training pictures that are most like a PNG or JPEG. */
export async function neighbours(blob) {
  return answer(await send(`neighbours?${query}`, blob));
}

/** Keeps a picture as one of the class with the number `label`. */
export async function correct(blob, label) {
  return answer(await send(`corrections?${query}&class=${label}`, blob));
}

function send(address, blob) {
  const type = blob.type || "application/octet-stream";
  return fetch(address, { method: "POST", headers: { "Content-Type": type }, body: blob });
}

/** The JSON object of a response, which has `error` where it is a refusal. */
async function answer(response) {
  const type = response.headers.get("Content-Type") ?? "";
  if (type.startsWith("application/json")) return response.json();
  return { error: (await response.text()) || `${response.status} ${response.statusText}` };
}
