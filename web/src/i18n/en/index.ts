import app from "./app.json";
import customers from "./customers.json";
import imports from "./imports.json";
import problem from "./problem.json";
import start from "./start.json";
import terms from "./terms.json";
import value from "./value.json";

export default { app, customers, imports, problem, start, terms, value };
