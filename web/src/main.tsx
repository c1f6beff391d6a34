/** Puts the page into its document. */
import { createRoot } from "react-dom/client";
import { noteSignIn } from "./api/client";
import { App } from "./app/App";
import { applyTheme, readTheme } from "./app/theme";
import { reloadWhenUpgraded } from "./app/chunks";
import "./styles/base.css";
import "./styles/home.css";

noteSignIn();
reloadWhenUpgraded();
applyTheme(readTheme());
const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
