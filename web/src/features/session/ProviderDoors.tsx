// The firm's identity providers at the door: a button each, and why the last one let nobody in.
import { useMutation } from "@tanstack/react-query";
import { Alert, Button } from "antd";
import { useTranslation } from "react-i18next";
import { goToProvider, type useDoors } from "../../api/signOn";
import { ProblemAlert } from "../../components/Answer";
import { useNameOf } from "../../components/useNameOf";

type Doors = NonNullable<ReturnType<typeof useDoors>["data"]>;

export function ProviderDoors(props: { doors: Doors; next: string }) {
  const { t } = useTranslation();
  const nameOf = useNameOf();
  const go = useMutation({
    mutationFn: (id: string) => goToProvider(id, props.next),
    onSuccess: ({ address }) => window.location.assign(address),
  });
  return (
    <div className="stack">
      {props.doors.items.map((door) => (
        <Button
          key={door.id}
          block
          // The page is about to be another one.
          loading={(go.isPending || go.isSuccess) && go.variables === door.id}
          onClick={() => go.mutate(door.id)}
        >
          {t("app.sign_in.with", { name: nameOf(door) })}
        </Button>
      ))}
      <ProblemAlert error={go.error} />
    </div>
  );
}

/** What the way back from a provider came to, in words. */
export function Refused(props: { code: string | null }) {
  const { t } = useTranslation();
  if (!props.code) return null;
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      style={{ marginBottom: 16 }}
      title={t(`problem.code.${props.code}`, { defaultValue: t("problem.unexpected") })}
    />
  );
}
