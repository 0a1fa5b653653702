// One's own second factor: set up with an authenticator app, looked after, switched off.
import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { accessKeys, removeSecondFactor, useSecondFactor } from "../../../api/access";
import { useSession } from "../../../api/queries";
import { Answer } from "../../../components/Answer";
import { EditDialog } from "../../../components/EditDialog";
import { Mark } from "../../../components/Marks";
import { ALLOWED } from "../../../components/palette";
import { SecretDialog } from "../../../components/SecretDialog";
import { Section } from "../../../components/Section";
import { useFormat } from "../../../i18n/format";
import { OwnPassword } from "./OwnPassword";
import { SecondFactorDialog } from "./SecondFactorDialog";

const OFF = "#8c8c8c";
/** With so few recovery codes left it is time for new ones. */
const FEW = 3;

export function SecondFactorSection() {
  const { t } = useTranslation();
  const format = useFormat();
  const client = useQueryClient();
  const factor = useSecondFactor();
  const login = useSession().data?.user.login ?? "";
  const [act, setAct] = useState<"set_up" | "remove" | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const changed = () => void client.invalidateQueries({ queryKey: accessKeys.secondFactor });
  return (
    <Section
      title={t("access.factor.title")}
      action={
        factor.data ? (
          factor.data.active ? (
            <Button onClick={() => setAct("remove")}>{t("access.factor.remove")}</Button>
          ) : (
            <Button type="primary" onClick={() => setAct("set_up")}>
              {t("access.factor.set_up")}
            </Button>
          )
        ) : null
      }
    >
      <Answer query={factor} rows={1}>
        {({ active, recovery_codes_left: left }) => (
          <div className="stack">
            <div>
              <Mark
                colour={active ? ALLOWED : OFF}
                text={t(active ? "access.factor.on" : "access.factor.off")}
              />
              <p className="definition" style={{ marginTop: 4 }}>
                {active
                  ? t("access.factor.codes_left", { number: format.count(left) })
                  : t("access.factor.hint")}
              </p>
            </div>
            {active && left < FEW ? (
              <Alert type="warning" showIcon title={t("access.factor.few_left")} />
            ) : null}
          </div>
        )}
      </Answer>
      {act === "set_up" ? (
        <SecondFactorDialog
          onConfirmed={(given) => {
            setCodes(given);
            changed();
          }}
          onClose={() => setAct(null)}
        />
      ) : null}
      {act === "remove" ? (
        <EditDialog<{ current_password: string }>
          title={t("access.factor.remove_title")}
          save={t("access.factor.remove")}
          known={{ values: { current_password: "" }, version: 0 }}
          labels={{ current_password: t("app.set_password.current") }}
          onSave={({ current_password }) => removeSecondFactor(current_password)}
          onSaved={changed}
          onClose={() => setAct(null)}
        >
          <Alert
            type="warning"
            showIcon
            style={{ marginBottom: 16 }}
            title={t("access.factor.remove_hint")}
          />
          <OwnPassword />
        </EditDialog>
      ) : null}
      {codes ? (
        <SecretDialog
          title={t("access.factor.codes_title")}
          once={t("access.factor.codes_once")}
          of={t("access.factor.codes_of", { login })}
          secret={codes}
          onClose={() => setCodes(null)}
        />
      ) : null}
    </Section>
  );
}
