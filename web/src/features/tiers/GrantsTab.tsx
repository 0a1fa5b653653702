// What is asked for and what was given by hand, over all customers: the list that is reviewed.
import { PlusOutlined } from "@ant-design/icons";
import { Button, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../api/queries";
import { GRANT_STATES, useProgrammes } from "../../api/tiers";
import { Section } from "../../components/Section";
import { GrantDialog } from "../../components/tiers/GrantDialog";
import { GrantTable } from "../../components/tiers/GrantTable";
import { useUrlState } from "../../components/urlState";
import { useNameOf } from "../../components/useNameOf";

const ALL = "all";

export function GrantsTab() {
  const { t } = useTranslation();
  const [search, change] = useUrlState();
  const [asking, setAsking] = useState(false);
  const mayAsk = useMay("tiers.grant");
  const nameOf = useNameOf();
  const programmes = useProgrammes().data ?? [];
  const asked = search.get("state");
  const state = GRANT_STATES.find((one) => one === asked) ?? (asked === ALL ? null : "requested");
  const programme = programmes.find((one) => one.id === search.get("programme"))?.id ?? null;
  return (
    <Section
      title={t("tiers.grant.title")}
      action={
        <span className="row">
          <Select
            aria-label={t("tiers.grant.state_label")}
            value={state ?? ALL}
            popupMatchSelectWidth={false}
            onChange={(next) => change({ state: next === "requested" ? null : next })}
            options={[...GRANT_STATES, ALL].map((one) => ({
              value: one,
              label: t(`tiers.grant.state.${one}`),
            }))}
          />
          {programmes.length > 1 ? (
            <Select
              aria-label={t("tiers.grant.programme")}
              value={programme ?? ""}
              popupMatchSelectWidth={false}
              onChange={(next) => change({ programme: next })}
              options={[
                { value: "", label: t("tiers.grant.every_programme") },
                ...programmes.map((one) => ({ value: one.id, label: nameOf(one) })),
              ]}
            />
          ) : null}
          {mayAsk ? (
            <Button
              type="primary"
              icon={<PlusOutlined aria-hidden />}
              onClick={() => setAsking(true)}
            >
              {t("tiers.grant.ask")}
            </Button>
          ) : null}
        </span>
      }
    >
      <GrantTable
        filter={{ state, programme }}
        none={{
          title: t(state === "requested" ? "tiers.grant.none_asked" : "tiers.grant.none"),
          hint: t("tiers.grant.none_hint"),
        }}
      />
      {asking ? (
        <GrantDialog customer={null} programme={programme} onClose={() => setAsking(false)} />
      ) : null}
    </Section>
  );
}
