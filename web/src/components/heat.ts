// The colour of a share in a table of shares.

const NONE_LEFT = [240, 246, 252] as const;
const ALL_LEFT = [0, 90, 150] as const;

/** Relative luminance as WCAG defines it, of a colour in 0–255. */
function luminance(rgb: readonly number[]): number {
  const [r = 0, g = 0, b = 0] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Deeper blue for a larger share; the number in the cell takes whichever ink reads better on it. */
export function heatStyle(share: number): { background: string; color: string } {
  const depth = Math.min(1, Math.max(0, share));
  const rgb = NONE_LEFT.map((from, part) =>
    Math.round(from + ((ALL_LEFT[part] ?? 0) - from) * depth),
  );
  const light = luminance(rgb) + 0.05;
  return {
    background: `rgb(${rgb.join(", ")})`,
    color: light / 0.05 > 1.05 / light ? "#000000" : "#ffffff",
  };
}
