// Lets in whoever is signed in, and nobody further than their own new password while they
// still hold a one-time one.
import { useTranslation } from "react-i18next";
import { Navigate, Outlet, useLocation } from "react-router";
import { problemCode, useSession } from "../api/queries";
import { ProblemAlert } from "../components/Answer";
import { ServerGoneBanner } from "./ServerGoneBanner";
import { Opening } from "./screens";

export function SignedIn() {
  const { t } = useTranslation();
  const location = useLocation();
  const session = useSession();
  const here = `${location.pathname}${location.search}`;

  if (session.error && problemCode(session.error) === "not_signed_in") {
    const next =
      here === "/" || here === "/set-password" ? "" : `?next=${encodeURIComponent(here)}`;
    // The fragment may carry a prefilled login.
    return <Navigate to={`/sign-in${next}${location.hash}`} replace />;
  }
  if (!session.data) {
    return (
      <>
        <ServerGoneBanner />
        {session.error ? (
          <main className="lone" aria-label={t("app.name")}>
            <ProblemAlert error={session.error} retry={() => void session.refetch()} />
          </main>
        ) : (
          <Opening />
        )}
      </>
    );
  }
  if (session.data.must_change_password && location.pathname !== "/set-password") {
    return <Navigate to={`/set-password?next=${encodeURIComponent(here)}`} replace />;
  }
  return <Outlet />;
}
