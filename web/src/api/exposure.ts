// What would leave with a person: the organisations they stand for, everything below them, and their own custom.
import { useQuery } from "@tanstack/react-query";
import { type Query, request } from "./client";
import { at, type Signal } from "./endpoints";
import { keys, problemCode } from "./queries";
import type { Page, RunOfFigures, Schemas, Whole, With } from "./types";

export type Tie = Schemas["TieBody"];
export type ExposedPerson = Whole<Schemas["ExposedPersonBody"]>;
export type Dependent = With<
  Schemas["DependentBody"],
  { customer: Whole<Schemas["CustomerOfRow"]> }
>;
export type ExposedDetail = ExposedPerson & { subscriptions: number; largest: Dependent[] };
export type Exposure = { run: RunOfFigures; people: ExposedDetail[]; complete: boolean };
export type ExposurePage = Page<ExposedPerson> & { run: RunOfFigures };

/** Whose word counts, from there on. */
export const KEY_INFLUENCE = 4;

export const listExposure = (query: Query, signal?: Signal) =>
  request<ExposurePage>("GET", "/api/v1/value/exposure", { query, signal });

export const useExposure = (id: string) =>
  useQuery({
    queryKey: [...keys.value, "exposure", id],
    queryFn: async ({ signal }) => {
      try {
        const path = at("/api/v1/customers/{id}/exposure", { id });
        return await request<Exposure>("GET", path, { signal });
      } catch (error) {
        // Before the first run there are no figures; that is an answer.
        if (problemCode(error) === "no_run") return null;
        throw error;
      }
    },
  });
