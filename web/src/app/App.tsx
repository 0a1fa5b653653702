// Everything the screens stand on: the cache of server answers, preferences, routes.
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "react-router";
import { ServerGone } from "../api/client";
import { isFinal, keys, problemCode } from "../api/queries";
import { Preferences } from "../components/preferences";
import { router } from "./router";

const LONGEST_PAUSE_MS = 10_000;

function sessionEnded(error: unknown): boolean {
  const code = problemCode(error);
  return code === "not_signed_in" || code === "password_change_required";
}

const client: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      if (sessionEnded(error) && query.queryKey[0] !== keys.session[0]) {
        void client.invalidateQueries({ queryKey: keys.session });
      }
    },
  }),
  mutationCache: new MutationCache({
    onError: (error) => {
      if (sessionEnded(error)) void client.invalidateQueries({ queryKey: keys.session });
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      refetchOnWindowFocus: false,
      // A server that is gone is asked again until it is back; the banner says so meanwhile.
      retry: (failures, error) => !isFinal(error) && (error instanceof ServerGone || failures < 2),
      retryDelay: (failures) => Math.min(LONGEST_PAUSE_MS, 1_000 * 2 ** failures),
      networkMode: "always",
    },
    mutations: { retry: false, networkMode: "always" },
  },
});

export function App() {
  return (
    <QueryClientProvider client={client}>
      <Preferences>
        <RouterProvider router={router} />
      </Preferences>
    </QueryClientProvider>
  );
}
