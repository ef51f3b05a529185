// Every sentence of the page in its languages. The first language that the browser prefers is taken, and a
// choice is remembered.

const TEXTS = {
  en: {
    language: "Language",
    run: "Run",
    inputPicture: "Picture",
    answer: "Answer",
    drawing: "Drawing area for one digit",
    preview: "The picture that you gave",
    seen: "What the model sees",
    cam: "Where it looked",
    camHelp: "Orange speaks for the answer, blue against it.",
    dropHere: "Drop or paste a picture here, or choose one below.",
    undo: "Undo",
    clear: "Clear",
    choose: "Choose a picture",
    photograph: "Take a photo",
    drawHelp: "Draw one digit, or drop, paste or choose a picture.",
    keyboardHelp: "Keys in the drawing area: arrows move the pen, Space puts it down and lifts it, Backspace takes the last line back, Escape clears.",
    neighbours: "Most alike among the training pictures",
    like: (name, index, percent) => `${name}, number ${index}, similarity ${percent}`,
    probabilities: "Probability of each class",
    wrong: "Wrong? The right class is",
    keep: "Keep as a correction",
    loading: "Loading the model …",
    waiting: "Nothing to classify yet.",
    unreachable: "The server does not answer. Is “graft serve” still running?",
    is: (name, percent) => `${name}, ${percent}`,
    unfamiliar: (found, expected) => `Perhaps none of these: its features are to ${found} like those of a class; ${expected} is expected.`,
    took: (model, all) => `${model} ms to classify it, ${all} ms in all`,
    kept: (name, file) => `Kept as “${name}” in ${file}`,
    reasons: {},
  },
  zh: {
    language: "语言",
    run: "运行",
    inputPicture: "图片",
    answer: "识别结果",
    drawing: "手写一个数字的画板",
    preview: "您提供的图片",
    seen: "模型看到的图像",
    cam: "模型依据的位置",
    camHelp: "橙色支持该结果，蓝色反对。",
    dropHere: "把图片拖到或粘贴到这里，或在下面选择。",
    undo: "撤销",
    clear: "清除",
    choose: "选择图片",
    photograph: "拍照",
    drawHelp: "请写一个数字，也可以拖入、粘贴或选择一张图片。",
    keyboardHelp: "画板上的按键：方向键移动画笔，空格键落笔或提笔，退格键撤销上一笔，Esc 键清除。",
    neighbours: "训练图片中最相似的",
    like: (name, index, percent) => `${name}，编号 ${index}，相似度 ${percent}`,
    probabilities: "各类别的概率",
    wrong: "识别错了？正确的类别是",
    keep: "保存为更正",
    loading: "正在加载模型……",
    waiting: "还没有可识别的内容。",
    unreachable: "服务器没有响应。graft serve 还在运行吗？",
    is: (name, percent) => `${name}，${percent}`,
    unfamiliar: (found, expected) => `可能不属于任何类别：其特征与最接近的类别相似度为 ${found}，正常应不低于 ${expected}。`,
    took: (model, all) => `识别用时 ${model} 毫秒，总共 ${all} 毫秒`,
    kept: (name, file) => `已作为“${name}”保存到 ${file}`,
    // Why a picture is refused, by the answer's `reason`; English has the answer's own sentence.
    reasons: {
      "no-ink": "没有找到笔迹：请提供对比度更高的图片，并且其中有一个数字。",
      scattered: "只找到零散的斑点：请把图片裁剪到数字，或提供噪点较少的图片。",
      filled: "找到的是实心图形：需要用笔画写成的一个数字，请把图片裁剪到数字。",
      several: "找到了不止一个数字：请把图片裁剪到一个数字。",
      joined: "图形的宽度远大于高度，可能是几个连在一起的数字：请把图片裁剪到一个数字。",
      diffuse: "笔迹没有清晰的边缘，可能是阴影：请在均匀的光线下拍摄，或提供更清晰的图片。",
      small: "数字太小：高度或宽度至少要有 8 个像素。",
      format: "不支持这种格式：请使用 JPEG、PNG、WebP、GIF、BMP 或 TIFF。",
      damaged: "图片已损坏，无法解码：请重新保存为 PNG。",
      size: "图片太大：请裁剪或缩小。",
      empty: "文件是空的：请提供一张图片。",
      "training-set": "缓存中已没有本次运行的训练图片特征：请用同样的配方运行 graft extract 重新计算。",
      busy: "服务器正忙，请稍后再试。",
    },
  },
};

const REMEMBERED = "graft-language";

/** The remembered language, or the first of the browser's that the page has. */
export function preferred() {
  const wanted = [remembered(), ...navigator.languages].map((name) => name?.slice(0, 2));
  return wanted.find((name) => name in TEXTS) ?? "en";
}

function remembered() {
  try {
    return localStorage.getItem(REMEMBERED);
  } catch {
    return null; // storage is forbidden
  }
}

/** Shows the page in `language` and gives its sentences. */
export function speak(language) {
  const texts = TEXTS[language];
  document.documentElement.lang = language;
  try {
    localStorage.setItem(REMEMBERED, language);
  } catch {
    // It is asked for again next time.
  }
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = texts[element.dataset.text];
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", texts[element.dataset.label]);
  }
  for (const element of document.querySelectorAll("[data-alt]")) {
    element.alt = texts[element.dataset.alt];
  }
  return texts;
}
