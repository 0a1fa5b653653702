// What a list was filtered by when it was written into a file, in words.
import type { TFunction } from "i18next";
import type { Format } from "../i18n/format";
import { FIGURES, isDayFigure, isMoneyFigure, LIST_FILTERS } from "./figures";
import { listIn } from "./urlState";

/** Where the words for a filter's values stand; a brand or a region is its own word. */
const WORDS: Partial<Record<string, string>> = {
  class: "class",
  loyalty: "loyalty",
  bucket: "bucket",
  kind: "kind",
};

export function filterWords(
  filter: Readonly<Record<string, string>>,
  words: { t: TFunction; format: Format; currency: string },
): string[] {
  const { t, format, currency } = words;
  const bound = (figure: string, text: string) => {
    if (isDayFigure(figure)) return format.day(text);
    const number = Number(text);
    if (isMoneyFigure(figure)) return format.moneyWhole({ minor: number, currency });
    return figure === "p_alive" ? format.percent(number) : format.number(number, 2);
  };
  const said = filter.q ? [t("exports.search", { text: filter.q })] : [];
  const search = new URLSearchParams(filter);
  for (const name of LIST_FILTERS) {
    const values = listIn(search, name).map((value) => {
      const under = WORDS[name];
      return under ? t(`terms.${under}.${value}`, { defaultValue: value }) : value;
    });
    if (values.length > 0) {
      said.push(
        t("exports.filter", { what: t(`customers.column.${name}`), values: format.list(values) }),
      );
    }
  }
  for (const figure of FIGURES) {
    const [min, max] = [filter[`min_${figure}`], filter[`max_${figure}`]];
    if (min === undefined && max === undefined) continue;
    said.push(
      [
        t(`terms.figure.${figure}`),
        min === undefined ? "" : `≥ ${bound(figure, min)}`,
        max === undefined ? "" : `≤ ${bound(figure, max)}`,
      ]
        .filter(Boolean)
        .join(" "),
    );
  }
  return said;
}
