// Where a person is a contact, and how much their word counts there.
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Tie } from "../api/exposure";

export function Ties(props: { of: readonly Tie[] /** Whose page this is. */; here?: string }) {
  const { t } = useTranslation();
  return (
    <ul className="plain">
      {props.of.map((tie) => (
        <li key={tie.contact_id}>
          {tie.organisation_id === props.here ? (
            tie.organisation
          ) : (
            <Link to={`/customers/${tie.organisation_id}?tab=contacts`}>{tie.organisation}</Link>
          )}
          <div className="figure-note">
            {t(`customers.role.${tie.role}`)}
            {" · "}
            {t("customers.influence", { influence: tie.influence })}
          </div>
        </li>
      ))}
    </ul>
  );
}
