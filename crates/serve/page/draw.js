// Drawing with mouse, finger, pen or keys: lines on white paper, kept as points so that they can be taken back.

const WIDTH = 20; // of a line, in the canvas's 280 pixels
const STEP = 12; // of the pen at a key
const SENT = 140; // pixels a side of the picture that is classified: enough for 28x28, and found four times as fast

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** A canvas to draw on; `onChange(ended)` is told of every change, and whether a line has ended. */
export function drawing(canvas, onChange) {
  const paper = canvas.getContext("2d", { willReadFrequently: true });
  const sent = document.createElement("canvas");
  sent.width = sent.height = SENT;
  const sentPaper = sent.getContext("2d", { willReadFrequently: true });
  let lines = [];
  let pointer = null; // the one that draws
  let pen = null; // of the keys: {at: [x, y], down}

  function render() {
    paper.fillStyle = "#fff";
    paper.fillRect(0, 0, canvas.width, canvas.height);
    paper.strokeStyle = "#111";
    paper.lineWidth = WIDTH;
    paper.lineCap = paper.lineJoin = "round";
    for (const points of lines) {
      paper.beginPath();
      paper.moveTo(...points[0]);
      // A single point is a dot.
      for (const point of points.length > 1 ? points.slice(1) : points) paper.lineTo(...point);
      paper.stroke();
    }
  }

  function changed(ended) {
    render();
    showPen();
    onChange(ended);
  }

  /** Where the pen of the keys is; it is no part of the picture. */
  function showPen() {
    canvas.classList.toggle("pen-down", pen?.down ?? false);
    if (!pen) return;
    paper.fillStyle = pen.down ? "#1f6f54" : "#999";
    paper.beginPath();
    paper.arc(...pen.at, WIDTH / 4, 0, 2 * Math.PI);
    paper.fill();
  }

  function place(event) {
    const box = canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) * canvas.width) / box.width,
      ((event.clientY - box.top) * canvas.height) / box.height,
    ];
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0) return;
    pointer = event.pointerId;
    pen = null;
    canvas.setPointerCapture(pointer);
    lines.push([place(event)]);
    changed(false);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const events = event.getCoalescedEvents?.() ?? [];
    lines.at(-1).push(...(events.length > 0 ? events : [event]).map(place));
    changed(false);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, (event) => {
      if (event.pointerId !== pointer) return;
      pointer = null;
      changed(true);
    });
  }

  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      if (event.key !== "z" || event.altKey) return;
      undo();
    } else if (event.key in STEPS) {
      pen ??= { at: [canvas.width / 2, canvas.height / 2], down: false };
      pen.at = pen.at.map((value, axis) => {
        const moved = value + STEP * STEPS[event.key][axis];
        return Math.min(Math.max(moved, WIDTH), canvas.width - WIDTH);
      });
      if (pen.down) lines.at(-1).push(pen.at);
      pen.down ? changed(false) : (render(), showPen());
    } else if (event.key === " ") {
      pen ??= { at: [canvas.width / 2, canvas.height / 2], down: false };
      pen.down = !pen.down;
      if (pen.down) lines.push([pen.at]);
      changed(!pen.down);
    } else if (event.key === "Backspace" || event.key === "Delete") {
      undo();
    } else if (event.key === "Escape") {
      clear();
    } else {
      return;
    }
    event.preventDefault();
  });

  function undo() {
    if (pen) pen.down = false;
    pointer = null;
    lines.pop();
    changed(true);
  }

  function clear() {
    pen = pointer = null;
    lines = [];
    changed(true);
  }

  /** The drawing as PNG, without the pen; null where nothing is drawn. */
  async function picture() {
    if (lines.length === 0) return null;
    render();
    sentPaper.drawImage(canvas, 0, 0, SENT, SENT);
    showPen();
    return new Promise((resolve) => sent.toBlob(resolve, "image/png"));
  }

  render();
  return { undo, clear, picture };
}
