// The page: pictures in, answers out. What computes is behind model.js.

import * as computing from "./model.js";
import { drawing } from "./draw.js";
import { preferred, speak } from "./texts.js";

const PAUSE = 30; // ms that changes of a line are gathered before it is classified
const REST = 700; // ms before an answer is read out, and its neighbours are asked for: only those of the last of a line
const CAM = 224; // about the width of the overlay, in pixels
const [FOR, AGAINST] = [[240, 120, 0], [0, 120, 255]]; // its colours
const ROWS = 12; // classes that are shown at once; of more, the most probable

// A token is in the cookie now, and should not stay among the addresses that the browser remembers.
if (location.search) history.replaceState(null, "", location.pathname);

const byId = (id) => document.getElementById(id);
const surface = byId("surface");
const canvas = byId("drawing");

let language = preferred();
let texts = speak(language);
let model = null;
/** What is shown: {picture, answer, all} with the time in ms; null before the first. */
let shown = null;
/** A file that was given instead of a drawing. */
let file = null;

// Newest wins: at most one picture is on its way, and what changes meanwhile is sent when it is back.
let underWay = false;
let waiting = false;
let timer = 0;
/** Raised when what is there is replaced: an answer to what was there before is not shown. */
let generation = 0;

const pad = drawing(canvas, (ended) => {
  if (ended) classify();
  else timer ||= setTimeout(classify, PAUSE);
});

async function classify() {
  clearTimeout(timer);
  timer = 0;
  waiting = true;
  if (underWay || !model) return;
  underWay = true;
  while (waiting) {
    waiting = false;
    const [started, asked] = [performance.now(), generation];
    const picture = file ?? (await pad.picture());
    const answer = picture && (await answerTo(picture));
    if (asked !== generation) continue;
    shown = picture && { picture, answer, all: performance.now() - started };
    show();
  }
  underWay = false;
}

async function answerTo(picture) {
  try {
    return await computing.predict(picture);
  } catch {
    return { error: texts.unreachable };
  }
}

// ---- the answer

function show() {
  const answer = shown?.answer;
  const has = Boolean(answer && !answer.error);
  const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
  byId("answer").replaceChildren();
  byId("message").textContent = answer ? "" : texts.waiting;
  byId("message").classList.toggle("refused", Boolean(answer?.error));
  for (const id of ["probabilities", "seen-figure"]) byId(id).hidden = !has;
  byId("cam-figure").hidden = !has || !answer.cam;
  byId("correction").hidden = !has || !model.server;
  byId("unfamiliar").textContent = "";
  byId("kept").textContent = "";
  byId("neighbours").hidden = true;
  let spoken = "";
  if (has) {
    const share = percent.format(answer.probabilities[answer.class]);
    const small = document.createElement("small");
    small.textContent = share;
    byId("answer").append(answer.name, " ", small);
    spoken = texts.is(answer.name, share);
    if (answer.familiarity?.none_of_these) {
      const { similarity, threshold } = answer.familiarity;
      byId("unfamiliar").textContent = texts.unfamiliar(percent.format(similarity), percent.format(threshold));
      spoken += `. ${byId("unfamiliar").textContent}`;
    }
    showProbabilities(answer, percent);
    paint(byId("seen"), answer);
    showCam(answer);
    const ms = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
    byId("time").textContent = texts.took(ms.format(answer.milliseconds), ms.format(shown.all));
  } else if (answer) {
    spoken = texts.reasons[answer.reason] ?? answer.error;
    byId("message").textContent = spoken;
  }
  clearTimeout(show.timer);
  show.timer = setTimeout(() => {
    byId("spoken").textContent = spoken;
    if (has && model.server) showNeighbours(percent);
  }, REST);
}

function showProbabilities(answer, percent) {
  let classes = [...answer.probabilities.keys()];
  if (classes.length > ROWS) {
    classes.sort((a, b) => answer.probabilities[b] - answer.probabilities[a]);
    classes = classes.slice(0, ROWS);
  }
  const body = byId("probabilities").tBodies[0];
  while (body.rows.length < classes.length) body.append(row());
  while (body.rows.length > classes.length) body.deleteRow(-1);
  for (const [index, label] of classes.entries()) {
    const [name, bar, share] = body.rows[index].cells;
    const probability = answer.probabilities[label];
    name.textContent = name.title = model.classes[label];
    bar.querySelector(".bar div").style.setProperty("--share", probability);
    share.textContent = percent.format(probability);
    body.rows[index].classList.toggle("best", label === answer.class);
  }
}

function row() {
  const made = document.createElement("tr");
  const name = document.createElement("th");
  name.scope = "row";
  const bar = document.createElement("div");
  bar.className = "bar";
  bar.append(document.createElement("div"));
  const cell = document.createElement("td");
  cell.append(bar);
  made.append(name, cell, document.createElement("td"));
  return made;
}

/** The pixels `[row][column]`, or `[row][column, channel]` in colour. */
function paint(canvas, { pixels, channels }) {
  canvas.height = pixels.length;
  canvas.width = pixels[0].length / channels;
  const image = new ImageData(canvas.width, canvas.height);
  for (const [index, value] of pixels.flat().entries()) {
    if (channels === 1) image.data.fill(value, 4 * index, 4 * index + 3);
    else image.data[4 * Math.floor(index / 3) + (index % 3)] = value;
  }
  for (let alpha = 3; alpha < image.data.length; alpha += 4) image.data[alpha] = 255;
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** What the model sees, and over it what each place of it adds to the answer's logit. */
function showCam({ cam }) {
  if (!cam) return;
  const [seen, over] = [byId("seen"), byId("cam")];
  const scale = Math.ceil(CAM / seen.width);
  [over.width, over.height] = [seen.width * scale, seen.height * scale];
  const context = over.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(seen, 0, 0, over.width, over.height);
  const values = cam.values.flat();
  const most = Math.max(...values.map(Math.abs));
  const places = new ImageData(cam.values[0].length, cam.values.length);
  for (const [index, value] of values.entries()) {
    const colour = value > 0 ? FOR : AGAINST;
    places.data.set([...colour, most && (200 * Math.abs(value)) / most], 4 * index);
  }
  const map = document.createElement("canvas");
  [map.width, map.height] = [places.width, places.height];
  map.getContext("2d").putImageData(places, 0, 0);
  const [top, left, height, width] = cam.area.map((pixels) => pixels * scale);
  context.imageSmoothingEnabled = true;
  context.drawImage(map, left, top, width, height);
}

async function showNeighbours(percent) {
  const asked = shown;
  const unreachable = { error: texts.unreachable };
  const { neighbours, error, reason } = await computing.neighbours(asked.picture).catch(() => unreachable);
  if (asked !== shown) return;
  byId("no-neighbours").textContent = error ? (texts.reasons[reason] ?? error) : "";
  const items = (neighbours ?? []).map((one) => {
    const [item, canvas, name, index] = ["li", "canvas", "b", "small"].map((tag) => document.createElement(tag));
    paint(canvas, one);
    item.title = texts.like(one.name, one.index, percent.format(one.similarity));
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", item.title);
    name.textContent = one.name;
    index.textContent = `#${one.index}`;
    item.append(canvas, name, index);
    return item;
  });
  byId("nearest").replaceChildren(...items);
  byId("neighbours").hidden = false;
}

// ---- pictures that are given

function take(picture) {
  if (!picture) return;
  generation += 1;
  file = picture;
  preview(URL.createObjectURL(picture));
  classify();
}

function preview(address) {
  const image = byId("preview");
  if (image.src) URL.revokeObjectURL(image.src);
  if (address) image.src = address;
  else image.removeAttribute("src");
  arrange();
}

/** Shows what is used of the surface and its buttons. */
function arrange() {
  const draws = model?.digits ?? false;
  canvas.hidden = !draws || file !== null;
  byId("preview").hidden = file === null;
  byId("drop-here").hidden = draws || file !== null;
  byId("undo").hidden = byId("draw-help").hidden = byId("drawing-help").hidden = !draws;
  byId("undo").disabled = file !== null;
}

function clear() {
  generation += 1;
  file = null;
  preview(null);
  pad.clear();
}

for (const id of ["file", "photo"]) {
  byId(id).addEventListener("change", (event) => {
    take(event.target.files[0]);
    event.target.value = ""; // so that the same file can be chosen again
  });
}
document.addEventListener("paste", (event) => {
  const files = [...event.clipboardData.files];
  take(files.find((one) => one.type.startsWith("image/")));
});
for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    surface.classList.toggle("over", name === "dragenter" || name === "dragover");
    if (name === "drop") take(event.dataTransfer.files[0]);
  });
}
byId("clear").addEventListener("click", clear);
byId("undo").addEventListener("click", pad.undo);

// ---- corrections, runs, language

byId("correction").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { picture } = shown;
  let kept;
  try {
    kept = await computing.correct(picture, byId("right-class").value);
  } catch {
    kept = { error: texts.unreachable };
  }
  byId("kept").textContent = kept.error ?? texts.kept(kept.name, kept.file);
});

async function load(run) {
  byId("message").textContent = texts.loading;
  try {
    model = await computing.load(run);
  } catch (error) {
    byId("message").textContent = error instanceof TypeError ? texts.unreachable : error.message;
    byId("message").classList.add("refused");
    return;
  }
  document.title = `Graft: ${model.name}`;
  const options = (names) => names.map((name, value) => new Option(name, value));
  byId("right-class").replaceChildren(...options(model.classes));
  if (model.server) {
    const runs = model.runs.map(({ name }) => new Option(name, name, false, name === model.run));
    byId("run").replaceChildren(...runs);
    byId("run-choice").hidden = false;
  }
  generation += 1;
  shown = null;
  arrange();
  show();
  classify();
}

byId("run").addEventListener("change", (event) => load(event.target.value));
byId("language").value = language;
byId("language").addEventListener("change", (event) => {
  language = event.target.value;
  texts = speak(language);
  if (model) show();
});

await load();
