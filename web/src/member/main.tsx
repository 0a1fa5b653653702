// A customer's own page. It is no part of the console: no shell, no user, none of its code.
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Member } from "./Member";
import "./member.css";

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Member />
    </StrictMode>,
  );
}
