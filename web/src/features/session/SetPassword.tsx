// A person's own password; the first time in place of the one-time one.
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useSearchParams } from "react-router";
import { useSession } from "../../api/queries";
import { LanguageMenu, ThemeMenu } from "../../components/menus";
import { Door } from "./Door";
import { insideOnly } from "./next";
import { PasswordForm } from "./PasswordForm";

export function SetPassword() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const forced = useSession().data?.must_change_password ?? false;
  return (
    <Door
      title={t("app.set_password.title")}
      lead={forced ? t("app.set_password.forced") : undefined}
      tools={
        <>
          <LanguageMenu />
          <ThemeMenu />
        </>
      }
    >
      <PasswordForm
        block
        save={t("app.set_password.save")}
        onChanged={() => navigate(insideOnly(search.get("next")), { replace: true })}
      >
        {forced ? null : (
          <div className="door-back">
            <Link to="/">{t("app.set_password.back")}</Link>
          </div>
        )}
      </PasswordForm>
    </Door>
  );
}
