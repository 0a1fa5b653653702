// How far a customer is from a level, condition by condition.
import { CheckCircleFilled, MinusCircleOutlined } from "@ant-design/icons";
import { Progress as Bar } from "antd";
import { useTranslation } from "react-i18next";
import { useSetup } from "../../api/queries";
import type { LevelShown, Progress } from "../../api/tiers";
import { useFormat } from "../../i18n/format";
import { ALLOWED } from "../palette";
import { conditionText, levelName, measuredText } from "./conditionWords";

function ProgressTo(props: {
  title: string;
  of: Progress;
  levels: readonly LevelShown[];
  currency: string;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const { of, levels, currency } = props;
  const words = { t, format, levels, currency };
  return (
    <section className="tier-progress">
      <h3 className="tier-progress-title">
        {props.title}
        {of.conditions.length > 1 ? (
          <span className="figure-note">
            {" "}
            {t(of.takes_all ? "tiers.takes.all" : "tiers.takes.any")}
          </span>
        ) : null}
      </h3>
      <ul className="plain">
        {of.conditions.map((measured, index) => {
          const text = conditionText(measured, words);
          const { have, missing, share } = measuredText(measured, words);
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: conditions stand in the rule's order
            <li key={index} className="tier-condition">
              <span className="row">
                {measured.met ? (
                  <CheckCircleFilled aria-label={t("tiers.met")} style={{ color: ALLOWED }} />
                ) : (
                  <MinusCircleOutlined aria-label={t("tiers.not_met")} />
                )}
                <span>{text}</span>
              </span>
              <Bar
                aria-label={text}
                percent={Math.floor(share * 100)}
                showInfo={false}
                size="small"
                status={measured.met ? "success" : "normal"}
              />
              <span className="figure-note numeric">
                {t("tiers.has", { have })}
                {missing ? ` · ${missing}` : null}
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** How far it is up, and how far to staying. */
export function Ways(props: {
  of: { to_next: Progress | null; to_keep: Progress | null };
  levels: readonly LevelShown[];
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const { of, levels } = props;
  const currency = useSetup().data?.currency ?? "CNY";
  const name = (way: Progress) => levelName(way.level, { t, format, levels });
  const common = { levels, currency };
  return (
    <div className="tier-ways">
      {of.to_next ? (
        <ProgressTo
          title={t("tiers.to_next", { level: name(of.to_next) })}
          of={of.to_next}
          {...common}
        />
      ) : null}
      {of.to_keep ? (
        <ProgressTo
          title={t("tiers.to_keep", { level: name(of.to_keep) })}
          of={of.to_keep}
          {...common}
        />
      ) : null}
    </div>
  );
}
