// The addresses of the console. Each room arrives with its own code, when first entered.
import { createBrowserRouter } from "react-router";
import { withWords } from "../i18n";
import { Home, Shell } from "./Shell";
import { SignedIn } from "./SignedIn";
import { Broken, Opening } from "./screens";

export const router = createBrowserRouter([
  {
    ErrorBoundary: Broken,
    HydrateFallback: Opening,
    children: [
      {
        path: "/sign-in",
        lazy: async () => ({ Component: (await import("../features/session/SignIn")).SignIn }),
      },
      {
        Component: SignedIn,
        children: [
          {
            path: "/set-password",
            lazy: async () => ({
              Component: (await import("../features/session/SetPassword")).SetPassword,
            }),
          },
          {
            Component: Shell,
            children: [
              {
                ErrorBoundary: Broken,
                children: [
                  { index: true, Component: Home },
                  {
                    path: "start",
                    lazy: async () => ({
                      Component: (await import("../features/start/Start")).Start,
                    }),
                  },
                  {
                    path: "customers",
                    lazy: async () => ({
                      Component: (await import("../features/customers/CustomerList")).CustomerList,
                    }),
                  },
                  {
                    path: "customers/duplicates",
                    lazy: async () => ({
                      Component: (await import("../features/duplicates/Duplicates")).Duplicates,
                    }),
                  },
                  {
                    path: "customers/merge",
                    lazy: async () => ({
                      Component: (await import("../features/duplicates/MergePage")).MergePage,
                    }),
                  },
                  {
                    path: "customers/:id",
                    lazy: async () => ({
                      Component: (await import("../features/customers/CustomerPage")).CustomerPage,
                    }),
                  },
                  {
                    path: "value/:tab?",
                    lazy: async () => ({
                      Component: (await import("../features/value/ValueRoom")).ValueRoom,
                    }),
                  },
                  {
                    path: "tiers/:tab?",
                    lazy: async () => ({
                      Component: (await withWords("tiers", import("../features/tiers/TiersRoom")))
                        .TiersRoom,
                    }),
                  },
                  {
                    path: "tiers/programmes/:id/:tab?",
                    lazy: async () => ({
                      Component: (
                        await withWords("tiers", import("../features/tiers/ProgrammePage"))
                      ).ProgrammePage,
                    }),
                  },
                  {
                    path: "imports",
                    lazy: async () => ({
                      Component: (await import("../features/imports/ImportList")).ImportList,
                    }),
                  },
                  {
                    path: "imports/new",
                    lazy: async () => ({
                      Component: (await import("../features/imports/NewImport")).NewImport,
                    }),
                  },
                  {
                    path: "imports/:id",
                    lazy: async () => ({
                      Component: (await import("../features/imports/ImportPage")).ImportPage,
                    }),
                  },
                  {
                    path: "exports",
                    lazy: async () => ({
                      Component: (await import("../features/exports/ExportList")).ExportList,
                    }),
                  },
                  {
                    path: "account",
                    lazy: async () => ({
                      Component: (await import("../features/session/account/Account")).Account,
                    }),
                  },
                  {
                    path: "activity",
                    lazy: async () => ({
                      Component: (await import("../features/activity/Activity")).Activity,
                    }),
                  },
                  {
                    path: "settings/:tab?",
                    lazy: async () => ({
                      Component: (await import("../features/settings/SettingsRoom")).SettingsRoom,
                    }),
                  },
                  {
                    path: "*",
                    lazy: async () => ({ Component: (await import("./NotFound")).NotFound }),
                  },
                ],
              },
            ],
          },
        ],
      },
    ],
  },
]);
