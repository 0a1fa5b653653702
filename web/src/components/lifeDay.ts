// A day of someone's life in words: by the sun as everybody writes it, by the moon as Chinese people do.
import type { TFunction } from "i18next";
import type { LifeEventFacts } from "../api/record";
import type { Format } from "../i18n/format";

const LEAP_YEAR = 2000;
const TENS = ["初", "十", "廿", "三"];
const ONES = ["十", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
const MONTHS = ["正", "二", "三", "四", "五", "六", "七", "八", "九", "十", "冬", "腊"];

/** 初一 … 三十. */
export function lunarDay(day: number): string {
  if (day === 10) return "初十";
  if (day === 20) return "二十";
  if (day === 30) return "三十";
  return `${TENS[Math.floor(day / 10)]}${ONES[day % 10]}`;
}

/** 正月 … 腊月, 闰六月. */
export const lunarMonth = (month: number, leap: boolean) =>
  `${leap ? "闰" : ""}${MONTHS[month - 1] ?? month}月`;

export function lifeDayText(
  facts: Pick<LifeEventFacts, "calendar" | "year" | "month" | "day" | "leap_month">,
  format: Format,
  t: TFunction,
): string {
  const { year, month, day } = facts;
  if (facts.calendar === "lunar") {
    const leap = facts.leap_month ?? false;
    const text =
      format.language === "zh-CN"
        ? `${lunarMonth(month, leap)}${lunarDay(day)}`
        : t(leap ? "record.life.lunar_leap_date" : "record.life.lunar_date", { month, day });
    return year
      ? t("record.life.lunar_of_year", { year, date: text })
      : t("record.life.lunar", { date: text });
  }
  const at = new Date(Date.UTC(year ?? LEAP_YEAR, month - 1, day));
  if (year && year < 1000) at.setUTCFullYear(year);
  return new Intl.DateTimeFormat(format.language, {
    ...(year ? { year: "numeric" as const } : {}),
    month: "long",
    day: "numeric",
    timeZone: "UTC",
  }).format(at);
}
