// Runs the model: null is answered with what it is, a picture (a Blob) with what it shows.

/** A module with an instruction of SIMD, which browsers without it refuse. */
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];

let loaded; // {module, weights}, once they are here
let model; // what a fresh instance exports

let last = Promise.resolve();
self.addEventListener("message", ({ data }) => {
  last = last.then(() => answer(data)).then((result) => postMessage(result));
});

async function answer(picture) {
  try {
    if (!picture) return await load();
    const bytes = new Uint8Array(await picture.arrayBuffer());
    const started = performance.now();
    const result = call("predict", bytes);
    return { ...result, milliseconds: performance.now() - started };
  } catch (error) {
    // An instance that has failed, as without memory, is not used again.
    if (loaded && error instanceof WebAssembly.RuntimeError) await fresh();
    return { error: `${error.message}; try another picture, or load the page again`, reason: "failed" };
  }
}

async function load() {
  if (!loaded) {
    const fast = WebAssembly.validate(new Uint8Array(SIMD));
    const files = [fast ? "graft.wasm" : "graft-plain.wasm", "model.safetensors"].map(bytesOf);
    const [code, weights] = await Promise.all(files);
    loaded = { module: await WebAssembly.compile(code), weights };
  }
  return fresh();
}

async function fresh() {
  model = (await WebAssembly.instantiate(loaded.module)).exports;
  return call("load", loaded.weights);
}

/** Hands bytes to a function of the model, and takes its JSON. */
function call(name, bytes) {
  const at = model.input(bytes.length); // the memory may grow, which makes another buffer of it
  new Uint8Array(model.memory.buffer, at, bytes.length).set(bytes);
  const length = model[name]();
  const json = new Uint8Array(model.memory.buffer, model.output(), length);
  return JSON.parse(new TextDecoder().decode(json));
}

async function bytesOf(name) {
  const response = await fetch(name);
  if (!response.ok) throw new Error(`cannot load ${name}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}
