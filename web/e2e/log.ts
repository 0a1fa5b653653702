// A transaction log as a firm might bring it: two years, sixty customers, one who matters most, one
// who has gone quiet, and two rows that are wrong.

export const BAD_AMOUNT = { line: 17, value: "not-a-number" };
export const BAD_TIME = { line: 204, value: "2026-13-45" };
export const BEST = "VIP-001";
export const QUIET = "QUIET-002";

const DAY_MS = 86_400_000;
const LAST = Date.UTC(2026, 9, 31);

type Line = { customer: string; at: number; amount: number };

function buys(customer: string, everyDays: number, amount: number, untilDaysAgo: number): Line[] {
  const lines: Line[] = [];
  for (let ago = 700; ago >= untilDaysAgo; ago -= everyDays) {
    lines.push({ customer, at: LAST - ago * DAY_MS, amount: amount + (ago % 7) });
  }
  return lines;
}

export function transactionLog(): { csv: string; rows: number } {
  const lines = [...buys(BEST, 9, 5_000, 0), ...buys(QUIET, 14, 800, 260)];
  for (let n = 3; n <= 60; n++) {
    const everyDays = 20 + ((n * 37) % 90);
    lines.push(
      ...buys(`C-${String(n).padStart(3, "0")}`, everyDays, 40 + ((n * 53) % 400), (n * 29) % 200),
    );
  }
  lines.sort((one, other) => one.at - other.at);
  const rows = lines.map((line, index) => {
    const fileLine = index + 2;
    const at = new Date(line.at).toISOString().slice(0, 10);
    return [
      line.customer,
      fileLine === BAD_TIME.line ? BAD_TIME.value : at,
      fileLine === BAD_AMOUNT.line ? BAD_AMOUNT.value : line.amount.toFixed(2),
      `T${fileLine}`,
    ].join(",");
  });
  return { csv: `客户编号,交易时间,金额,流水号\n${rows.join("\n")}\n`, rows: rows.length };
}
