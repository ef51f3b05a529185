#!/usr/bin/env python3
"""Uses the page of `graft serve` as a person does, in headless Chromium, and says what failed.

    scripts/serve_check.py GRAFT RUN [--pictures FOLDER] [--chromium PROGRAM]

GRAFT is the program, RUN a run on digits. Needs the package playwright and a Chromium (`pip install playwright`,
`apt-get install chromium`). Screenshots are written to --pictures, to be looked at.
"""

import argparse
import base64
import json
import pathlib
import statistics
import subprocess
import sys

from playwright.sync_api import sync_playwright

ROOT = pathlib.Path(__file__).resolve().parent.parent
CASES = ROOT / "crates/dataset/tests/cases"
SOON = 100  # ms from the end of the last line to the bars

# Lines of digits in a square of side 1, as a hand draws them.
DIGITS = {
    "1": [[(0.5, 0.15), (0.5, 0.85)]],
    "2": [[(0.3, 0.3), (0.4, 0.17), (0.55, 0.15), (0.68, 0.25), (0.65, 0.42), (0.5, 0.6), (0.3, 0.83), (0.72, 0.83)]],
    "3": [[(0.3, 0.2), (0.5, 0.14), (0.68, 0.24), (0.62, 0.42), (0.47, 0.48), (0.66, 0.55), (0.7, 0.72), (0.52, 0.86), (0.3, 0.8)]],
    "4": [[(0.38, 0.15), (0.3, 0.55), (0.72, 0.55)], [(0.62, 0.2), (0.6, 0.88)]],
    "7": [[(0.28, 0.18), (0.72, 0.18), (0.6, 0.45), (0.48, 0.86)]],
}
failures = []


def check(what, right, found=""):
    """Says whether something is as it should be."""
    print(f"{'ok  ' if right else 'FAIL'}  {what}{f': {found}' if found != '' else ''}")
    if not right:
        failures.append(what)


def draw(page, lines, steps=8):
    """Draws lines with the mouse, and gives back when the last one ended, in the page's milliseconds."""
    box = page.locator("#drawing").bounding_box()
    at = lambda point: (box["x"] + point[0] * box["width"], box["y"] + point[1] * box["height"])
    for line in lines:
        page.mouse.move(*at(line[0]))
        page.mouse.down()
        for point in line[1:]:
            page.mouse.move(*at(point), steps=steps)
        page.mouse.up()


# From the last pointerup to the next change of the answer, measured by the page's own clock.
WATCH = """
() => {
  window.watched = { up: 0, answers: [] };
  addEventListener("pointerup", () => (watched.up = performance.now()), true);
  new MutationObserver(() => watched.answers.push(performance.now()))
    .observe(document.querySelector("#time"), { childList: true, characterData: true, subtree: true });
}
"""


def answer(page):
    return page.evaluate("document.querySelector('#answer').firstChild?.data ?? ''")


def wait(page, condition):
    """Waits until an expression holds. (The page's policy forbids what Playwright's own function needs.)"""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(20)
    raise TimeoutError(condition)


def settled(page):
    """Waits until no answer is under way."""
    page.wait_for_timeout(300)


def drawing(page, folder):
    right, times = 0, []
    for digit, lines in DIGITS.items():
        page.click("#clear")
        settled(page)
        page.evaluate("watched.answers = []")
        draw(page, lines)
        live = page.evaluate("watched.answers.length")
        wait(page, "watched.answers.some((time) => time > watched.up)")
        settled(page)
        up, answers = page.evaluate("[watched.up, watched.answers]")
        # The last answer is the one about the whole digit.
        times.append(answers[-1] - up)
        right += answer(page) == digit
        if digit == "3":
            check("answers come while it is drawn", live > 0, live)
            page.screenshot(path=folder / "drawn.png", full_page=True)
    check(f"drawn digits recognised, of {len(DIGITS)}", right >= len(DIGITS) - 1, right)
    worst, middle = max(times), statistics.median(times)
    check(f"ms from the last line to the bars, at most {SOON}", worst < SOON, f"median {middle:.0f}, most {worst:.0f}")
    page.click("#undo")
    settled(page)
    check("undo takes the only line back", not page.locator("#probabilities").is_visible())
    draw(page, [[(0.15, 0.3), (0.2, 0.7)], [(0.5, 0.3), (0.5, 0.7)], [(0.8, 0.3), (0.85, 0.7)]])
    settled(page)
    message = page.inner_text("#message")
    check("several digits are refused in words", "digits found" in message or "wider than high" in message, message)
    page.screenshot(path=folder / "refused.png", full_page=True)


def explaining(page, folder):
    """Where it looked, and what it learned from that is alike."""
    page.click("#clear")
    draw(page, DIGITS["3"])
    settled(page)
    wait(page, "!document.querySelector('#neighbours').hidden")
    alike = page.locator("#nearest b").all_inner_texts()
    check("of five training images that are alike most are 3", len(alike) == 5 and alike.count("3") >= 3, alike)
    seen = page.request.post(f"{page.url}predict", data=(CASES / "three.png").read_bytes(), headers={"Content-Type": "image/png"})
    has = "cam" in seen.json()
    check("where it looked is shown where there is something", page.locator("#cam").is_visible() == has, has)
    page.screenshot(path=folder / "explained.png", full_page=True)
    page.set_input_files("#file", CASES / "blank.png")
    settled(page)
    check("a refusal explains nothing", not page.locator("#cam, #neighbours").first.is_visible())
    page.click("#clear")
    settled(page)


def giving(page, folder):
    page.set_input_files("#file", CASES / "three_on_desk.png")
    settled(page)
    check("an uploaded photograph is a 3", answer(page) == "3", answer(page))
    check("it is shown", page.locator("#preview").is_visible() and not page.locator("#drawing").is_visible())
    page.screenshot(path=folder / "uploaded.png", full_page=True)
    page.set_input_files("#file", CASES / "blank.png")
    settled(page)
    check("an empty sheet is refused", "no ink found" in page.inner_text("#message"), page.inner_text("#message"))
    page.click("#clear")
    settled(page)
    png = base64.b64encode((CASES / "three.png").read_bytes()).decode()
    for kind, name in [("paste", "pasted"), ("drop", "dropped")]:
        page.evaluate(
            """async ([kind, png]) => {
              const bytes = Uint8Array.from(atob(png), (character) => character.charCodeAt(0));
              const data = new DataTransfer();
              data.items.add(new File([bytes], "three.png", { type: "image/png" }));
              const event = kind === "paste"
                ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true })
                : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
              document.body.dispatchEvent(event);
            }""",
            [kind, png],
        )
        settled(page)
        check(f"a {name} picture is a 3", answer(page) == "3", answer(page))
        page.click("#clear")
        settled(page)


def correcting(page, corrections):
    draw(page, DIGITS["7"])
    settled(page)
    page.select_option("#right-class", label="1")
    page.click("#correction button")
    wait(page, "document.querySelector('#kept').textContent !== ''")
    kept = list((corrections / "1").glob("*.png"))
    check("a correction is a file of its class", len(kept) == 1, page.inner_text("#kept"))


def languages(page, folder):
    page.select_option("#language", "zh")
    page.wait_for_timeout(100)
    text = page.inner_text("body")
    check("the page is in Chinese", "识别结果" in text and "Undo" not in text)
    check("and says that it is", page.get_attribute("html", "lang") == "zh")
    page.click("#clear")
    draw(page, [[(0.15, 0.3), (0.2, 0.7)], [(0.5, 0.3), (0.5, 0.7)], [(0.8, 0.3), (0.85, 0.7)]])
    settled(page)
    check("refusals too", "数字" in page.inner_text("#message"), page.inner_text("#message"))
    page.click("#clear")
    draw(page, DIGITS["2"])
    settled(page)
    page.screenshot(path=folder / "chinese.png", full_page=True)
    page.reload()
    wait(page, "document.querySelector('#message').textContent !== ''")
    check("the choice is remembered", page.input_value("#language") == "zh")
    page.select_option("#language", "en")


def another_run(page):
    names = page.eval_on_selector_all("#run option", "options => options.map((one) => one.value)")
    if len(names) < 2:
        return print("      there is one run: switching is not checked")
    page.click("#clear")
    draw(page, DIGITS["1"])
    now = page.input_value("#run")
    other = next(name for name in names if name != now)
    page.select_option("#run", other)
    wait(page, f"document.title === 'Graft: {other}'")
    settled(page)
    check("another run is asked about the same drawing", answer(page) == "1", other)
    page.select_option("#run", now)
    wait(page, f"document.title === 'Graft: {now}'")


def pictures(page, run, picture, folder):
    """A run on other pictures: nothing to draw."""
    page.select_option("#run", run)
    wait(page, f"document.title === 'Graft: {run}'")
    check("a run on other pictures has no drawing area", not page.locator("#drawing").is_visible())
    page.set_input_files("#file", picture)
    settled(page)
    check("and answers about a picture", page.locator("#probabilities").is_visible(), answer(page))
    page.screenshot(path=folder / "pictures.png", full_page=True)


def phone(browser, url, folder):
    context = browser.new_context(
        viewport={"width": 320, "height": 640}, device_scale_factor=2, has_touch=True, is_mobile=True,
        color_scheme="dark", locale="zh-CN",
    )
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("#drawing", state="visible")
    check("a Chinese browser gets Chinese", page.input_value("#language") == "zh")
    touch = context.new_cdp_session(page)
    box = page.locator("#drawing").bounding_box()
    spots = [{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in DIGITS["7"][0]]
    send = lambda kind, points: touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    send("touchStart", spots[:1])
    for before, spot in zip(spots, spots[1:]):
        for part in range(1, 6):
            mix = lambda axis: before[axis] + (spot[axis] - before[axis]) * part / 5
            send("touchMove", [{"x": mix("x"), "y": mix("y")}])
    send("touchEnd", [])
    settled(page)
    check("a digit drawn with a finger is recognised", answer(page) == "7", answer(page))
    width = page.evaluate("document.documentElement.scrollWidth")
    check("320 pixels need no scrolling sideways", width <= 320, width)
    check("the page has not scrolled while drawing", page.evaluate("scrollY") == 0)
    check("the answer is in sight", page.locator("#answer").bounding_box()["y"] < 600)
    check("a photograph can be taken", page.locator(".touch-only").is_visible())
    page.screenshot(path=folder / "phone.png", full_page=True)
    context.close()


def keyboard(page, corrections):
    page.reload()
    page.wait_for_selector("#drawing", state="visible")
    reached = []
    for _ in range(20):
        page.keyboard.press("Tab")
        name = page.evaluate("document.activeElement.id || document.activeElement.dataset.text || ''")
        reached.append(name)
        if name == "drawing":
            break
    check("Tab reaches run, language and drawing", {"run", "language", "drawing"} <= set(reached), reached)
    keys = ["ArrowUp"] * 7 + [" "] + ["ArrowDown"] * 14 + [" "]
    for key in keys:
        page.keyboard.press(key)
    settled(page)
    check("a 1 drawn with keys is recognised", answer(page) == "1", answer(page))
    page.wait_for_timeout(900)
    spoken = page.inner_text("#spoken")
    check("the answer is read out", spoken.startswith("1, "), spoken)
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "right-class":
            break
    page.keyboard.type("4")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    wait(page, "document.querySelector('#kept').textContent !== ''")
    check("and corrected with keys", len(list((corrections / "4").glob("*.png"))) == 1, page.inner_text("#kept"))
    unnamed = page.evaluate(
        """[...document.querySelectorAll("button, select, input, canvas, img:not([hidden])")]
          .filter((one) => !(one.textContent.trim() || one.labels?.[0]?.textContent.trim()
            || one.getAttribute("aria-label") || one.alt)).map((one) => one.outerHTML)"""
    )
    check("every control has a name", unnamed == [], unnamed)
    page.focus("#drawing")
    page.keyboard.press("Escape")
    settled(page)
    check("Escape clears", not page.locator("#probabilities").is_visible())


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("graft")
    arguments.add_argument("run")
    arguments.add_argument("--other", nargs=2, metavar=("RUN", "PICTURE"), help="a run on other pictures, and one of them")
    arguments.add_argument("--pictures", type=pathlib.Path, default=ROOT / "target/serve")
    arguments.add_argument("--chromium", default="/usr/bin/chromium")
    given = arguments.parse_args()
    given.pictures.mkdir(parents=True, exist_ok=True)
    command = [given.graft, "serve", given.run, "--port", "0", "--offline"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        url = server.stdout.readline().split(" at ")[1].strip()
        corrections = pathlib.Path(server.stdout.readline().split(" in ")[1].strip())
        for old in corrections.glob("*/*.png"):
            sys.exit(f"{old} is there already: expected no corrections; use another folder as GRAFT_HOME")
        with sync_playwright() as playwright:
            flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
            browser = playwright.chromium.launch(executable_path=given.chromium, args=flags)
            page = browser.new_page(viewport={"width": 1000, "height": 800}, locale="en-US")
            said = []
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            page.goto(url)
            page.wait_for_selector("#drawing", state="visible")
            page.evaluate(WATCH)
            drawing(page, given.pictures)
            explaining(page, given.pictures)
            giving(page, given.pictures)
            correcting(page, corrections)
            languages(page, given.pictures)
            keyboard(page, corrections)
            another_run(page)
            if given.other:
                pictures(page, *given.other, given.pictures)
            phone(browser, url, given.pictures)
            # A refused picture is a 422, which Chromium notes.
            said = [text for text in said if "422" not in text]
            check("the browser complains of nothing", said == [], said)
            browser.close()
    finally:
        server.terminate()
        server.wait()
    sys.exit(f"{len(failures)} failed" if failures else 0)


if __name__ == "__main__":
    main()
