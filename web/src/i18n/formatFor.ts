// Numbers, money, days and times as the reader's language writes them.
import type { Money } from "../api/types";

export const ABSENT = "—";

export type Format = ReturnType<typeof formatFor>;

/** How many digits of a currency's minor unit come after the point: 2 for CNY, 0 for JPY. */
export function minorDigits(currency: string): number {
  try {
    return (
      new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions()
        .maximumFractionDigits ?? 2
    );
  } catch {
    return 2;
  }
}

export function majorUnits(money: Money): number {
  return money.minor / 10 ** minorDigits(money.currency);
}

/** Sizes of files, in the units in which limits are set. */
const SIZES = [
  { bytes: 1, unit: "B" },
  { bytes: 2 ** 10, unit: "KiB" },
  { bytes: 2 ** 20, unit: "MiB" },
  { bytes: 2 ** 30, unit: "GiB" },
] as const;
export const MEBIBYTE = SIZES[2].bytes;

export function formatFor(language: string) {
  const number = (value: number | null | undefined, digits = 0) =>
    value === null || value === undefined || !Number.isFinite(value)
      ? ABSENT
      : new Intl.NumberFormat(language, {
          minimumFractionDigits: 0,
          maximumFractionDigits: digits,
          useGrouping: "always",
        }).format(value);

  const currency = (money: Money | null | undefined, options: Intl.NumberFormatOptions) =>
    money
      ? new Intl.NumberFormat(language, {
          style: "currency",
          currency: money.currency,
          currencyDisplay: "narrowSymbol",
          useGrouping: "always",
          ...options,
        }).format(majorUnits(money))
      : ABSENT;

  // A day has no zone: it is shown as written, never shifted.
  const day = (text: string | null | undefined) =>
    text
      ? new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: "UTC" }).format(
          new Date(`${text.slice(0, 10)}T00:00:00Z`),
        )
      : ABSENT;

  return {
    language,
    number,
    count: (value: number | null | undefined) => number(value, 0),
    compact: (value: number) =>
      new Intl.NumberFormat(language, {
        notation: "compact",
        maximumFractionDigits: 1,
        useGrouping: "always",
      }).format(value),
    percent: (share: number | null | undefined, digits = 1) =>
      share === null || share === undefined || !Number.isFinite(share)
        ? ABSENT
        : new Intl.NumberFormat(language, {
            style: "percent",
            maximumFractionDigits: digits,
          }).format(share),
    signedPercent: (share: number, digits = 1) =>
      new Intl.NumberFormat(language, {
        style: "percent",
        maximumFractionDigits: digits,
        signDisplay: "exceptZero",
      }).format(share),
    /** To the last minor unit. */
    money: (money: Money | null | undefined) => currency(money, {}),
    /** For headlines and axes: ¥4,200万, $42M. */
    moneyShort: (money: Money | null | undefined) =>
      currency(money, {
        notation: "compact",
        minimumFractionDigits: 0,
        maximumFractionDigits: 1,
      }),
    /** Whole units, for lists. */
    moneyWhole: (money: Money | null | undefined) =>
      currency(money, { minimumFractionDigits: 0, maximumFractionDigits: 0 }),
    day,
    month: (text: string | null | undefined) =>
      text
        ? new Intl.DateTimeFormat(language, {
            year: "numeric",
            month: "short",
            timeZone: "UTC",
          }).format(new Date(`${text.slice(0, 7)}-01T00:00:00Z`))
        : ABSENT,
    time: (text: string | null | undefined) =>
      text
        ? new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(
            new Date(text),
          )
        : ABSENT,
    list: (items: string[]) =>
      new Intl.ListFormat(language, { type: "conjunction", style: "narrow" }).format(items),
    /** A parameter of a model; one that ran off to a bound may have any size. */
    parameter: (value: number) => {
      const size = Math.abs(value);
      return size !== 0 && (size >= 1e6 || size < 1e-4)
        ? new Intl.NumberFormat(language, {
            notation: "scientific",
            maximumFractionDigits: 2,
          }).format(value)
        : number(value, 4);
    },
    /** "1 month", "3 months", "3个月": the language knows its own plurals. */
    span: (number: number, unit: "day" | "month") =>
      new Intl.NumberFormat(language, {
        style: "unit",
        unit,
        unitDisplay: "long",
        maximumFractionDigits: 0,
        useGrouping: "always",
      }).format(number),
    bytes: (bytes: number) => {
      const size = SIZES.findLast(({ bytes: least }) => bytes >= least) ?? SIZES[0];
      const digits = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
      return `${digits.format(bytes / size.bytes)} ${size.unit}`;
    },
    seconds: (seconds: number | null | undefined) =>
      seconds === null || seconds === undefined
        ? ABSENT
        : new Intl.NumberFormat(language, {
            style: "unit",
            unit: "second",
            unitDisplay: "short",
            maximumFractionDigits: 1,
          }).format(seconds),
  };
}
