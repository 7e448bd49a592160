// Measures every mail in its frame and leaves the numbers as JSON in the page's <pre>.
const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
const luminance = (colour) => {
  const [red, green, blue] = colour.match(/[\d.]+/g).map(Number);
  return 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue);
};
const contrast = (one, other) => {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
};

function textElements(document) {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const elements = new Set();
  while (walker.nextNode()) if (walker.currentNode.data.trim()) elements.add(walker.currentNode.parentElement);
  return [...elements];
}

function unseen(element, width) {
  const box = element.getBoundingClientRect();
  return !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
    || box.width === 0 || box.height === 0 || box.left < 0 || box.right > width;
}

// The nearest background that is not transparent.
function ground(element, window) {
  const colour = window.getComputedStyle(element).backgroundColor;
  return colour === "rgba(0, 0, 0, 0)" ? ground(element.parentElement, window) : colour;
}

// Where a link can be pressed, and what a mail program begins to write for it.
function target(link, document) {
  const { left, top, right, bottom, width, height } = link.getBoundingClientRect();
  const others = [...document.querySelectorAll("a")].filter((other) => other !== link);
  const url = new URL(link.href);
  return {
    width,
    height,
    // How far the nearest other one is, sideways or up and down, whichever keeps them apart.
    apart: Math.min(...others.map((other) => {
      const box = other.getBoundingClientRect();
      return Math.max(box.left - right, left - box.right, box.top - bottom, top - box.bottom);
    }), 999),
    label: link.textContent,
    scheme: url.protocol,
    to: decodeURIComponent(url.pathname),
    subject: url.searchParams.get("subject"),
    body: url.searchParams.get("body"),
  };
}

function measure(frame) {
  const { contentDocument: document, contentWindow: window } = frame;
  const width = Number(frame.dataset.width);
  const texts = textElements(document);
  const style = (element) => window.getComputedStyle(element);
  return {
    mail: frame.dataset.mail,
    width,
    scheme: window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light",
    scroll: document.documentElement.scrollWidth,
    column: Math.max(...texts.map((element) => element.getBoundingClientRect().width)),
    smallest: Math.min(...texts.map((element) => parseFloat(style(element).fontSize))),
    contrast: Math.min(...texts.map((element) => contrast(style(element).color, ground(element, window)))),
    targets: [...document.querySelectorAll("a")].map((link) => target(link, document)),
    hidden: texts.filter((element) => unseen(element, width)).map((element) => element.textContent),
    texts: texts.length,
    fetched: window.performance.getEntriesByType("resource").map((entry) => entry.name),
  };
}

window.addEventListener("load", () => {
  const frames = [...document.querySelectorAll("iframe")];
  document.querySelector("pre").textContent = JSON.stringify(frames.map(measure));
});
