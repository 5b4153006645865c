// Lines over one axis, panel under panel, as an SVG that is readable on a light and on a dark page.

/** Some lines with a scale of their own. */
export interface Panel {
  readonly title: string;
  readonly lines: readonly { readonly name: string; readonly points: readonly (readonly [x: number, y: number])[] }[];
}

export interface Plot {
  readonly title: string;
  readonly note: string;
  readonly panels: readonly Panel[];
}

const WIDTH = 860;
const LEFT = 64;
const RIGHT = 150;
const TOP = 64;
const PANEL = 110;
const GAP = 52;
/** Seen well on white and on black. */
const COLOURS = ["#2f81f7", "#d9822b", "#3fa75a"];
const GREY = "#808890";

/** The picture's text. */
export function plot({ title, note, panels }: Plot): string {
  const height = TOP + panels.length * (PANEL + GAP) + 16;
  const lastX = Math.max(...panels.flatMap(({ lines }) => lines.flatMap(({ points }) => points.map(([x]) => x))));
  const body = panels.map((panel, index) => panelText(panel, TOP + 20 + index * (PANEL + GAP), lastX));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="${GREY}" role="img" aria-label="${escaped(title)}">`,
    `<text x="${LEFT}" y="22" font-size="15" font-weight="600">${escaped(title)}</text>`,
    `<text x="${LEFT}" y="42">${escaped(note)}</text>`,
    ...body,
    "</svg>",
    "",
  ].join("\n");
}

function panelText({ title, lines }: Panel, top: number, lastX: number): string {
  const most = ceiling(Math.max(1, ...lines.flatMap(({ points }) => points.map(([, y]) => y))));
  const place = ([x, y]: readonly [number, number]) => [LEFT + (x / lastX) * (WIDTH - LEFT - RIGHT), top + PANEL - (y / most) * PANEL] as const;
  const grid = [0, 0.5, 1].map((share) => {
    const y = top + PANEL * (1 - share);
    return `<path d="M${LEFT} ${y}H${WIDTH - RIGHT}" stroke="${GREY}" stroke-opacity="${share === 0 ? 0.8 : 0.25}"/><text x="${LEFT - 8}" y="${y + 4}" text-anchor="end">${(most * share).toLocaleString("en")}</text>`;
  });
  const hours = Array.from({ length: Math.floor(lastX / 4) + 1 }, (_, index) => index * 4);
  const ticks = hours.map((hour) => `<text x="${place([hour, 0])[0].toFixed(1)}" y="${top + PANEL + 16}" text-anchor="middle">${hour}</text>`);
  const drawn = lines.map(({ name, points }, index) => {
    const path = points.map((point) => place(point).map((value) => value.toFixed(1)).join(" ")).join("L");
    const colour = COLOURS[index % COLOURS.length]!;
    return `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2" stroke-linejoin="round"/><text x="${WIDTH - RIGHT + 10}" y="${top + 12 + index * 18}" fill="${colour}">${escaped(name)}</text>`;
  });
  return [`<text x="${LEFT}" y="${top - 8}" font-weight="600">${escaped(title)}</text>`, ...grid, ...ticks, ...drawn].join("\n");
}

/** The next number above that reads well: 1, 2 or 5 and zeros. */
function ceiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value)!;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
