// From which level to which, in heads, in money brought, or in money expected.
import { Segmented } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { LevelShown, MatrixCell, Simulation, Version } from "../../api/tiers";
import { ChartCard } from "../../components/ChartCard";
import { heatStyle } from "../../components/heat";
import { levelName } from "../../components/tiers/conditionWords";
import { LevelMark } from "../../components/tiers/LevelMark";
import { majorUnits, useFormat } from "../../i18n/format";

const SIDES = ["customers", "revenue_minor", "clv_minor"] as const;
type Side = (typeof SIDES)[number];

/** The levels of two versions, each once; the names of the later where it has one. */
export function levelsOf(version: Version, against: Version | null): LevelShown[] {
  const known = version.document.levels;
  const gone = (against?.document.levels ?? []).filter(
    (level) => !known.some((one) => one.code === level.code),
  );
  return [...known, ...gone];
}

export function MatrixCard(props: { made: Simulation; version: Version; against: Version | null }) {
  const { made, version, against } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const [side, setSide] = useState<Side>("customers");
  const { currency, matrix, lose, gain } = made;
  const levels = levelsOf(version, against);
  const rows = codesIn(matrix, "from", against?.document.levels ?? levels);
  const columns = codesIn(matrix, "to", version.document.levels);
  const name = (code: string | null) => levelName(code, { t, format, levels });
  const text = (cell: MatrixCell) =>
    side === "customers"
      ? format.count(cell.customers)
      : format.moneyShort({ minor: cell[side], currency });
  const finding =
    lose.customers === 0 && gain.customers === 0
      ? t("tiers.matrix.nobody")
      : t(lose.customers === 0 ? "tiers.matrix.nobody_loses" : "tiers.matrix.finding", {
          lose: format.count(lose.customers),
          gain: format.count(gain.customers),
          clv: format.moneyShort({ minor: lose.clv_minor, currency }),
        });
  const money = (column: string) => ({
    title: `${t(column)} (${currency})`,
    numeric: true,
    text: (n: unknown) => format.number(Number(n), 0),
  });
  return (
    <ChartCard
      finding={finding}
      how={t(`tiers.matrix.how.${side}`)}
      name={`tier-migration-${made.on}`}
      drawing={
        <>
          <Segmented<Side>
            size="small"
            aria-label={t("tiers.matrix.side")}
            value={side}
            onChange={setSide}
            className="tier-side"
            options={SIDES.map((one) => ({ value: one, label: t(`tiers.matrix.${one}`) }))}
          />
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region */}
          <section className="heat move" tabIndex={0} aria-label={t(`tiers.matrix.how.${side}`)}>
            <table>
              <thead>
                <tr>
                  <th scope="col" style={{ textAlign: "left" }}>
                    {t("tiers.matrix.corner")}
                  </th>
                  {columns.map((to) => (
                    <th key={to ?? ""} scope="col">
                      <LevelMark code={to} levels={levels} />
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {rows.map((from) => (
                  <tr key={from ?? ""}>
                    <th scope="row">
                      <LevelMark code={from} levels={levels} />
                    </th>
                    {columns.map((to) => {
                      const cell = matrix.find((one) => one.from === from && one.to === to);
                      const all = matrix
                        .filter((one) => one.from === from)
                        .reduce((sum, one) => sum + Math.abs(one[side]), 0);
                      return (
                        <td
                          key={to ?? ""}
                          style={
                            cell && all > 0 ? heatStyle(Math.abs(cell[side]) / all) : undefined
                          }
                        >
                          {cell ? text(cell) : "·"}
                        </td>
                      );
                    })}
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </>
      }
      table={{
        columns: [
          { title: t("tiers.matrix.from") },
          { title: t("tiers.matrix.to") },
          {
            title: t("tiers.matrix.customers"),
            numeric: true,
            text: (n) => format.count(Number(n)),
          },
          money("tiers.matrix.revenue_minor"),
          money("tiers.matrix.clv_minor"),
        ],
        rows: matrix.map((cell) => [
          name(cell.from),
          name(cell.to),
          cell.customers,
          majorUnits({ minor: cell.revenue_minor, currency }),
          majorUnits({ minor: cell.clv_minor, currency }),
        ]),
      }}
    />
  );
}

/** The levels that stand on one side of the matrix: none first, then from the lowest. */
function codesIn(
  matrix: MatrixCell[],
  side: "from" | "to",
  levels: readonly { code: string }[],
): (string | null)[] {
  const there = new Set(matrix.map((cell) => cell[side]));
  const known = levels.map((level) => level.code);
  const others = [...there].filter((code) => code !== null && !known.includes(code));
  return [null, ...known, ...others].filter((code) => there.has(code));
}
