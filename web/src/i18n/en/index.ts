import access from "./access.json";
import app from "./app.json";
import customers from "./customers.json";
import events from "./events.json";
import exports from "./exports.json";
import imports from "./imports.json";
import merging from "./merging.json";
import problem from "./problem.json";
import record from "./record.json";
import settings from "./settings.json";
import start from "./start.json";
import terms from "./terms.json";
import value from "./value.json";

export default {
  access,
  app,
  customers,
  events,
  exports,
  imports,
  merging,
  problem,
  record,
  settings,
  start,
  terms,
  value,
};
