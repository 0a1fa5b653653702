// How far a customer is from a level, condition by condition.
import { CheckCircleFilled, MinusCircleOutlined } from "@ant-design/icons";
import { Progress as Bar } from "antd";
import { useTranslation } from "react-i18next";
import type { LevelShown, Progress } from "../../api/tiers";
import { useFormat } from "../../i18n/format";
import { ALLOWED } from "../palette";
import { conditionText, measuredText } from "./conditionWords";

export function ProgressTo(props: {
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
