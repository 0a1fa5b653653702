// How likely two customers are one, and on demand what that is made of.
import { Button, Popover, Tag } from "antd";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { Pair, PairReason } from "../../api/merging";
import { Mark } from "../../components/Marks";
import { ALLOWED, REFUSED } from "../../components/palette";
import { useFormat } from "../../i18n/format";

const reasonText = (of: PairReason, t: TFunction) =>
  t(`merging.reason.${of.compared}_${of.outcome}`, { defaultValue: of.outcome });

export function Reasons(props: { of: Pick<Pair, "reasons"> }) {
  const { t } = useTranslation();
  const speaking = (reason: PairReason) => reason.weight >= 0;
  return (
    <ul className="pair-reasons">
      {props.of.reasons.map((reason) => (
        <li key={reason.compared}>
          <Mark
            colour={speaking(reason) ? ALLOWED : REFUSED}
            text={
              speaking(reason)
                ? reasonText(reason, t)
                : t("merging.against", { reason: reasonText(reason, t) })
            }
          />
        </li>
      ))}
    </ul>
  );
}

export function Likelihood(props: { of: Pair }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { of } = props;
  const score = format.number(of.score, 1);
  return (
    <>
      <Tag>{t(of.certain ? "merging.certain" : "merging.likely")}</Tag>
      <Popover
        trigger="click"
        title={t("merging.score.title")}
        content={
          <div className="explained">
            <p className="definition">{t("merging.score.definition")}</p>
            <ul className="reasons">
              {of.reasons.map((reason) => (
                <li key={reason.compared}>
                  {t("merging.score.part", {
                    reason: reasonText(reason, t),
                    points: format.number(reason.weight, 1),
                  })}
                </li>
              ))}
            </ul>
            {of.certain ? <p className="definition">{t("merging.score.certain")}</p> : null}
          </div>
        }
      >
        <Button
          type="text"
          className="explained-number"
          aria-label={t("app.explain.open", { name: t("merging.score.title"), value: score })}
        >
          {t("merging.score.points", { points: score })}
        </Button>
      </Popover>
    </>
  );
}
